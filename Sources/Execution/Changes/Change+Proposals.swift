import FleetModel

/// A person's word on what a rule proposes.
extension Change {
  /// - Parameter isApproved: whether it is to be done.
  package static func settle(
    _ id: ProposalID, _ digest: String, isApproved: Bool, _ context: PlanningContext
  ) throws(Refusal) -> Change {
    if let fault = context.proposalFault { throw Refusal("the proposal \(fault)") }
    guard var proposal = context.proposal, proposal.state == .open else { throw Refusal("no open proposal \(id)") }
    guard proposal.digest == digest.lowercased() else {
      throw Refusal("the proposal is not the one that was seen: its digest is \(proposal.digest)")
    }
    guard context.now < proposal.expiresAt else { throw Refusal("the proposal has expired") }
    // What is approved then would be skipped, and the proposal used up.
    let mode = context.setting.flatMap(AutomationMode.init(rawValue:)) ?? .dry
    guard !isApproved || mode == .on else {
      throw Refusal("automation is \(mode.rawValue), and nothing approved would be done: switch it on first")
    }
    proposal.state = isApproved ? .approved : .declined
    var change = Change(proposal: proposal)
    change.scheduledJobs = [ScheduledJob(job: Job(.proposalEnd(id), proposal.agent), due: nil)]
    if isApproved {
      change.scheduledJobs.append(
        ScheduledJob(job: Job(.approved(id, Job.Seal(of: proposal)), proposal.agent), due: context.now))
    }
    change.detail = "\(proposal.state.rawValue): \(proposal.rule) for \(proposal.agent)"
    return change
  }
}
