import FleetModel
import TestSupport
import Testing

@Suite struct ProposalBookTests {
  private var fleet = Fleet()

  private func proposal(
    _ id: String, made: Int64 = 0, until end: Int64 = 900, _ state: Proposal.State = .open
  ) -> Proposal {
    Proposal(
      id: ProposalID(id), rule: "coupon", agent: "a", steps: [.init(action: "restart", target: "a")], reason: "why",
      digest: "d", madeAt: .at(made), expiresAt: .at(end), state: state)
  }

  private func line(_ proposal: Proposal, _ phase: AuditLine.Phase, at second: Int64) -> AuditLine {
    AuditLine(
      origin: .run("r-\(proposal.id)"), rule: proposal.rule, phase: phase, action: "restart", target: proposal.agent,
      proposal: proposal, at: .at(second))
  }

  private func open(at second: Int64) -> [String] { fleet.proposals.open(at: .at(second)).map(\.id.text) }

  @Test mutating func auditOpensAndSettles() {
    fleet.apply(line(proposal("p1"), .proposed, at: 1))
    fleet.apply(line(proposal("p2", until: 300), .proposed, at: 1))
    #expect(open(at: 2) == ["p2", "p1"])
    #expect(fleet.commands[key: "run:r-p1"]?.proposal == ProposalID("p1"))
    fleet.apply(line(proposal("p1", .approved), .started, at: 3))
    #expect(open(at: 3) == ["p2"])
  }

  @Test(arguments: [Proposal.State.approved, .declined, .expired])
  mutating func olderPictureOpensNothingAgain(state: Proposal.State) {
    fleet.apply(line(proposal("p1"), .proposed, at: 1))
    fleet.apply(line(proposal("p1", state), .succeeded, at: 3))
    fleet.setProposals([proposal("p1")], at: .at(3))
    #expect(open(at: 4) == [])
    // The same rule may ask again.
    fleet.apply(line(proposal("p1", made: 10), .proposed, at: 10))
    #expect(open(at: 11) == ["p1"])
  }

  @Test mutating func timeClosesIt() {
    fleet.setProposals([proposal("p1", until: 60)], at: .at(0))
    #expect(open(at: 59) == ["p1"])
    #expect(open(at: 60) == [])
    #expect(fleet.proposals.open(ProposalID("p1"), at: .at(60)) == nil)
    fleet.advance(to: .at(61))
    #expect(open(at: 59) == [])
  }

  @Test mutating func pictureOfAllDropsWhatIsGoneAndKeepsWhatIsNewer() {
    fleet.setProposals([proposal("p1"), proposal("p2")], at: .at(0))
    fleet.apply(line(proposal("p3", made: 99), .proposed, at: 99))
    fleet.setProposals([proposal("p2")], at: .at(100))
    #expect(open(at: 100) == ["p2", "p3"])
  }

  @Test mutating func bookIsBounded() {
    for number in 0..<500 { fleet.apply(line(proposal("p\(number)", made: Int64(number)), .proposed, at: 1)) }
    #expect(open(at: 2).count == ProposalBook.limit)
    #expect(fleet.proposals.open(ProposalID("p0"), at: .at(2)) == nil)
    #expect(fleet.proposals.open(ProposalID("p499"), at: .at(2)) != nil)
  }

  @Test(
    arguments: [(.approved, .started), (.declined, .rejected), (.expired, .expired)]
      as [(Proposal.State, AuditLine.Phase)])
  mutating func rowOfTheRunTellsHowItWasAnswered(state: Proposal.State, phase: AuditLine.Phase) {
    fleet.apply(line(proposal("p1"), .proposed, at: 1))
    #expect(fleet.commands[key: "run:r-p1"]?.progress == .phase(.proposed))
    fleet.apply(
      AuditLine(
        origin: .command(CommandID("answer")), phase: .succeeded, action: "reject", proposal: proposal("p1", state),
        at: .at(2)))
    #expect(fleet.commands[key: "run:r-p1"]?.progress == .phase(phase))
    #expect(fleet.commands[CommandID("answer")]?.progress == .phase(.succeeded))
  }
}
