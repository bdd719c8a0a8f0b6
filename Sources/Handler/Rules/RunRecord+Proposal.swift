import Automation
import FleetModel
import Wire

/// What a rule proposes is what would be done: both are made of the run's own record.
extension RunRecord {
  func proposal(_ id: ProposalID, madeAt: Instant, expiresAt: Instant) -> Proposal {
    let steps = deeds.map { deed in
      if case .advice(let words) = deed.kind {
        return Proposal.Step(action: "advice", target: deed.target, arguments: ["text": words])
      }
      return Proposal.Step(action: deed.name, target: deed.target, arguments: deed.arguments)
    }
    return ProposalCoding.sealed(
      Proposal(
        id: id, rule: rule, agent: agent, steps: steps, reason: reason, digest: "", madeAt: madeAt,
        expiresAt: expiresAt))
  }

  /// Whether it is still what a person has approved. An approval that an older handler took has no seal.
  func isSealed(by seal: Job.Seal?, _ id: ProposalID) -> Bool {
    guard let seal else { return true }
    return proposal(id, madeAt: seal.madeAt, expiresAt: seal.expiresAt).digest == seal.digest
  }
}
