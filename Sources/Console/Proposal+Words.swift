import FleetModel
import Screen

extension Proposal.Step {
  /// What would be done, exactly, as it can be shown: `limit the rate of Vendas (sales-br-01) per_minute=60 for=15m`.
  ///
  /// - Parameter name: what an agent is called.
  package func words(naming name: (AgentID) -> String) -> String {
    let known = Action(rawValue: action)
    let verb = known?.title ?? Scrubber.display(action.isEmpty ? "do nothing" : action)
    let order = known?.parameters.map(\.name) ?? []
    let sorted = arguments.sorted { left, right in
      let (first, second) = (order.firstIndex(of: left.key) ?? .max, order.firstIndex(of: right.key) ?? .max)
      return (first, left.key) < (second, right.key)
    }
    let pairs = sorted.map { Scrubber.display("\($0.key)=\(ActionDraft.quoted($0.value))") }
    return ([verb] + (target == .none ? [] : [name(target)]) + pairs).joined(separator: " ")
  }
}

extension Proposal {
  /// What may be done after the actions, a line each: `if that does not help: escalate agent-7`.
  package func followUpWords(naming name: (AgentID) -> String) -> [String] {
    guard let followUp else { return [] }
    return followUp.otherwise.map { "if that does not help: \($0.words(naming: name))" }
      + followUp.undo.map { "to take it back later: \($0.words(naming: name))" }
  }

  /// The first of what would be done without its arguments, and how much more.
  func summary(naming name: (AgentID) -> String) -> String {
    guard var step = steps.first else { return "nothing" }
    step.arguments = [:]
    let first = step.words(naming: name)
    return steps.count > 1 ? "\(first), and \(steps.count - 1) more" : first
  }
}
