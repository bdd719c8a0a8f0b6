/// The panes, in the order in which Tab visits them.
package enum PaneID: Int, CaseIterable, Sendable {
  case agents, errorRate, traffic, satisfaction, security, commands
  case queues, waiting

  /// Whether it takes the place of all others on a screen of any size.
  var isWhole: Bool {
    switch self {
    case .agents, .errorRate, .traffic, .satisfaction, .security, .commands: false
    case .queues, .waiting: true
    }
  }

  package var title: String {
    switch self {
    case .agents: "Agents"
    case .errorRate: "Error rate"
    case .traffic: "Traffic"
    case .satisfaction: "Satisfaction"
    case .security: "Security alerts"
    case .commands: "Commands"
    case .queues: "Queues"
    case .waiting: "Waiting for a person"
    }
  }

  /// The title if a row of all of them must fit.
  package var shortTitle: String {
    switch self {
    case .agents: "Agents"
    case .errorRate: "Errors"
    case .traffic: "Traffic"
    case .satisfaction: "Satisfaction"
    case .security: "Security"
    case .commands: "Commands"
    case .queues: "Queues"
    case .waiting: "People"
    }
  }

  func stepped(by step: Int, among panes: [PaneID]) -> PaneID {
    let place = panes.firstIndex(of: self) ?? 0
    return panes[(place + step + panes.count) % panes.count]
  }
}
