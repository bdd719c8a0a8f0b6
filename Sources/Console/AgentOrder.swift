import FleetModel

/// What the rows of the agents pane are ordered by.
package struct AgentOrder: Equatable, Sendable {
  /// Nil: by trouble, the worst first.
  var column: AgentColumn?
  var isInverted = false

  package init() {}

  /// The next of the columns that are on the screen; after the last one trouble again.
  mutating func step(through shown: [AgentColumn]) {
    let columns = shown.filter { $0.metric != nil || $0 == .age } + [.label]
    let next = (column.flatMap { columns.firstIndex(of: $0) } ?? -1) + 1
    self = AgentOrder()
    column = columns.indices.contains(next) ? columns[next] : nil
  }

  /// Whether great values stand first, if the column has any.
  var isDescending: Bool { (column?.isWorstWhenLow ?? false) == isInverted }

  /// How a heading or title names it; empty for the usual one.
  var words: String {
    guard let column else { return isInverted ? "best first" : "" }
    return "by \(column.heading), \(isDescending ? "greatest" : "least") first"
  }
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
