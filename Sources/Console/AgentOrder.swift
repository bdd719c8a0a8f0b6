import FleetModel

/// What the rows of the agents pane are ordered by.
package struct AgentOrder: Equatable, Sendable {
  /// A column that the configuration asks for.
  struct OpenColumn: Equatable, Sendable {
    /// The metric's name: its place may become another one.
    var name: String
    var heading: String
    var isWorstWhenLow: Bool

    init(_ metric: OpenMetric) {
      (name, heading) = (metric.name, metric.heading)
      isWorstWhenLow = metric.bad == .low
    }
  }

  enum Key: Equatable, Sendable {
    /// By trouble, the worst first.
    case trouble
    case column(AgentColumn)
    case open(OpenColumn)
  }

  private(set) var key = Key.trouble
  var isInverted = false

  package init() {}

  /// The next of the columns that are on the screen; after the last one trouble again.
  mutating func step(through shown: [AgentColumn], _ open: [OpenMetric] = []) {
    let keys =
      shown.filter { $0.metric != nil || $0 == .age }.map { Key.column($0) } + open.map { .open(OpenColumn($0)) }
      + [.column(.label)]
    let next = (keys.firstIndex(of: key) ?? -1) + 1
    self = AgentOrder()
    key = keys.indices.contains(next) ? keys[next] : .trouble
  }

  /// The column of vigia's own; nil for any other order.
  var column: AgentColumn? {
    if case .column(let column) = key { column } else { nil }
  }

  /// The name of the open metric; nil for any other order.
  var openMetric: String? {
    if case .open(let column) = key { column.name } else { nil }
  }

  /// Whether great values stand first, if the column has any.
  var isDescending: Bool {
    switch key {
    case .trouble: isInverted == false
    case .column(let column): column.isWorstWhenLow == isInverted
    case .open(let column): column.isWorstWhenLow == isInverted
    }
  }

  /// How a heading or title names it; empty for the usual one.
  var words: String {
    switch key {
    case .trouble: isInverted ? "best first" : ""
    case .column(let column): words(column.heading)
    case .open(let column): words(column.heading)
    }
  }

  private func words(_ heading: String) -> String { "by \(heading), \(isDescending ? "greatest" : "least") first" }
}

extension AgentColumn {
  /// The metric that it shows.
  var metric: Metric? {
    switch self {
    case .errorRate: .errorRate
    case .responseTime: .responseTime
    case .traffic: .messagesPerMinute
    case .queue: .queueSize
    case .rating: .averageRating
    case .health: .healthScore
    case .state, .label, .id, .why, .alerts, .errorLine, .trafficLine, .age: nil
    }
  }

  /// Whether its least values are the ones to look at first; those of names are.
  var isWorstWhenLow: Bool { self == .rating || self == .health || self == .label }
}
