import FleetModel

/// A person's word on what a rule proposes.
extension Change {
  /// - Parameter isApproved: whether it is to be done.
  static func settle(
    _ id: ProposalID, _ digest: String, isApproved: Bool, _ scene: Scene
  ) throws(Refusal) -> Change {
    if let fault = scene.proposalFault { throw Refusal("the proposal \(fault)") }
    guard var proposal = scene.proposal, proposal.state == .open else { throw Refusal("no open proposal \(id)") }
    guard proposal.digest == digest.lowercased() else {
      throw Refusal("the proposal is not the one that was seen: its digest is \(proposal.digest)")
    }
    guard scene.now < proposal.expiresAt else { throw Refusal("the proposal has expired") }
    // What is approved then would be skipped, and the proposal used up.
    let mode = scene.setting.flatMap(AutomationMode.init(rawValue:)) ?? .dry
    guard !isApproved || mode == .on else {
      throw Refusal("automation is \(mode.rawValue), and nothing approved would be done: switch it on first")
    }
    proposal.state = isApproved ? .approved : .declined
    var change = Change(proposal: proposal)
    change.appointments = [Appointment(job: Job(.proposalEnd(id), proposal.agent), due: nil)]
    if isApproved {
      change.appointments.append(
        Appointment(job: Job(.approved(id, Job.Seal(of: proposal)), proposal.agent), due: scene.now))
    }
    change.detail = "\(proposal.state.rawValue): \(proposal.rule) for \(proposal.agent)"
    return change
  }
}
