import FleetModel
import Wire

/// Who waits for a person, and who has taken whom.
extension HandoffLedger {
  mutating func checkWaiting(_ step: HandoffStep) throws(Violation) {
    var done: [Handoff.ID: [(action: Action, by: String)]] = [:]
    for message in step.controls {
      guard case .action(let action) = message.verb, let by = message.arguments["person"],
        let id = message.arguments["conversation_id"].flatMap(Handoff.ID.init)
      else { continue }
      done[id, default: []].append((action, by))
    }
    for id in Set(step.waiting.keys).union(before.waiting.keys).union(done.keys) {
      try checkWaiting(id, before.waiting[id], step.waiting[id], done[id] ?? [])
    }
  }

  private mutating func checkWaiting(
    _ id: Handoff.ID, _ old: WaitingConversation?, _ new: WaitingConversation?, _ done: [(action: Action, by: String)]
  ) throws(Violation) {
    for (action, by) in done {
      switch action {
      case .take where new?.hand?.by != by || old?.hand != nil:
        throw Violation("\(by) takes \(id.text), and \(new?.hand?.by ?? old?.hand?.by ?? "nobody") has it")
      case .handBack where new != nil, .closeConversation where new != nil:
        throw Violation("\(by) has done with \(id.text), and it stands in the list")
      case .closeConversation where old?.hand.map({ $0.by != by }) ?? false:
        throw Violation("\(by) closes \(id.text), which \(old?.hand?.by ?? "") has")
      default: break
      }
    }
    switch (old, new) {
    case (nil, .some):
      guard saidToWait.contains(id) else { throw Violation("\(id.text) stands in the list, and nobody says it waits") }
      awaited.remove(id)
    case (.some, .some):
      awaited.remove(id)
      guard old?.hand == new?.hand || done.contains(where: { $0.action == .take }) else {
        let names = [old, new].map { $0?.hand?.by ?? "nobody" }
        throw Violation("\(id.text) goes from \(names[0]) to \(names[1]) by no command")
      }
    case (.some, nil):
      if done.contains(where: { $0.action == .handBack || $0.action == .closeConversation }) { return }
      guard let words = freed[id], words > 0 else { throw Violation("\(id.text) waits no more, and nobody says why") }
      freed[id] = words - 1
    case (nil, nil): break
    }
  }

  /// What has been done is told to runtimes in the same step.
  func checkControls(_ step: HandoffStep) throws(Violation) {
    let actions: [Action] = [.take, .handBack, .closeConversation, .transfer]
    for line in step.lines where line.phase == .succeeded && line.target != .none {
      guard case .command(let id) = line.origin, actions.contains(where: { $0.rawValue == line.action }) else {
        continue
      }
      guard step.controls.contains(where: { $0.commandID == id && $0.agent == line.target }) else {
        throw Violation("\(id) has succeeded for \(line.target), which does not hear of it")
      }
    }
  }
}
