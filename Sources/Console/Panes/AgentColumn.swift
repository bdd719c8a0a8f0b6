/// The columns of the agents pane: one table, from which heading and rows are drawn.
enum AgentColumn: CaseIterable {
  case state, label, id, why, alerts, errorRate, errorLine, responseTime, traffic, trafficLine, queue, rating, health
  case age

  var heading: String {
    switch self {
    case .state: "State"
    case .label: "Agent"
    case .id: "Id"
    case .why: "Why"
    case .alerts: "Alrt"
    case .errorRate: "Errs"
    case .errorLine, .trafficLine: ""
    case .responseTime: "Resp"
    case .traffic: "Msg/m"
    case .queue: "Queue"
    case .rating: "Rate"
    case .health: "Hlth"
    case .age: "Age"
    }
  }

  /// Numbers stand at the right, and so do their headings.
  var isNumber: Bool {
    switch self {
    case .state, .label, .id, .why, .alerts, .errorLine, .trafficLine: false
    case .errorRate, .responseTime, .traffic, .queue, .rating, .health, .age: true
    }
  }

  /// The columns that a width has room for, with theirs.
  static func widths(for total: Int) -> [(column: AgentColumn, width: Int)] {
    let line = total >= 150 ? 16 : total >= 120 ? 12 : total >= 96 ? 8 : 5
    var widths: [AgentColumn: Int] = [
      // If there is no room for its word, the state's sign alone stays.
      .state: total >= 96 ? 13 : total >= 60 ? 9 : 1, .alerts: 4, .errorRate: 4, .errorLine: line, .responseTime: 5,
      .traffic: 5,
      .trafficLine: line, .queue: 5, .rating: 4, .health: 4, .age: 3,
    ]
    for column in firstToGo where sum(widths) + leastLabel > total { widths[column] = nil }
    var room = total - sum(widths)
    if room >= 44 {
      let why = min(40, room / 2)
      widths[.why] = why
      room -= why + 1
    }
    if room >= 36 {
      let id = min(36, room / 2)
      widths[.id] = id
      room -= id + 1
    }
    widths[.label] = max(0, room)
    return allCases.compactMap { column in widths[column].map { (column, $0) } }.filter { $0.1 > 0 }
  }

  private static let leastLabel = 10

  /// What a narrow screen does without, the least missed first.
  private static let firstToGo: [AgentColumn] = [
    .trafficLine, .health, .errorLine, .rating, .responseTime, .queue, .traffic, .age, .errorRate, .alerts,
  ]

  /// The marker's two columns, and a blank before each column but the first.
  private static func sum(_ widths: [AgentColumn: Int]) -> Int { widths.values.reduce(2) { $0 + $1 + 1 } }
}
