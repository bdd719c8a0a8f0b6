import Execution
import FleetModel

/// Keeps what a person has set: between what the handler decides of its own accord and what is done about it, a person may
/// have set the same parameter, or somebody may have taken the agent in hand.
struct HandCheck {
  let target: AgentID
  let snapshot: TargetSnapshot
  let now: Instant

  /// Refuses to set a parameter that is no longer the handler's to set. What has begun is brought to its end.
  ///
  /// - Parameter asksState: whether the agent must run, too. A way back does not ask for that.
  func allow(_ instruction: Instruction, asksState: Bool) throws(Refusal) {
    guard case .tune(let parameter, _) = instruction, snapshot.mark?.intent == nil else { return }
    if let tuning = snapshot.record.tuning(of: parameter), tuning.isOfHand(at: now) {
      throw Refusal("\(tuning.by) has set \(tuning.parameter) of \(target) a while ago")
    }
    guard !asksState || snapshot.record.state == .running else {
      throw Refusal("\(target) is \(snapshot.record.state.rawValue)")
    }
  }
}
