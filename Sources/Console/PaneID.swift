/// The panes, in the order in which Tab visits them.
package enum PaneID: Int, CaseIterable, Sendable {
  case agents, errorRate, traffic, satisfaction, security, commands

  package var title: String {
    switch self {
    case .agents: "Agents"
    case .errorRate: "Error rate"
    case .traffic: "Traffic"
    case .satisfaction: "Satisfaction"
    case .security: "Security alerts"
    case .commands: "Commands"
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
    }
  }

  func stepped(by step: Int) -> PaneID {
    let count = PaneID.allCases.count
    return PaneID.allCases[(rawValue + step + count) % count]
  }
}
