import Automation
import FleetModel
import Wire

/// What a rule proposes is what would be done: both are made of the run's own record.
extension RunRecord {
  package func proposal(_ id: ProposalID, madeAt: Instant, expiresAt: Instant) -> Proposal {
    ProposalCoding.sealed(
      Proposal(
        id: id, rule: rule, agent: agent, steps: ruleActions.map(\.proposed),
        followUp: Proposal.FollowUp(otherwise: otherwise.map(\.proposed), undo: undo.map(\.proposed)), reason: reason,
        digest: "", madeAt: madeAt, expiresAt: expiresAt))
  }

  /// Whether it is still what a person has approved. An approval that an older handler took has no seal, and what it
  /// proposed says nothing of `else` and `undo`.
  package func isSealed(by seal: Job.Seal?, _ id: ProposalID) -> Bool {
    guard let seal else { return true }
    var proposal = proposal(id, madeAt: seal.madeAt, expiresAt: seal.expiresAt)
    if proposal.digest == seal.digest { return true }
    proposal.followUp = nil
    return ProposalCoding.digest(of: proposal) == seal.digest
  }
}

extension PlannedAction {
  /// As a proposal names it.
  fileprivate var proposed: Proposal.Step {
    if case .advice(let words) = kind {
      return Proposal.Step(action: "advice", target: target, arguments: ["text": words])
    }
    return Proposal.Step(action: name, target: target, arguments: arguments)
  }
}
