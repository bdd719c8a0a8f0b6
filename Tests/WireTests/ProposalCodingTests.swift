import FleetModel
import Testing
import Wire

/// A proposal's digest is that of what it proposes, or nobody is shown it.
@Suite struct ProposalCodingTests {
  private static let proposal = ProposalCoding.sealed(
    Proposal(
      id: ProposalID("coupon/1"), rule: "coupon", agent: "a/ö",
      steps: [
        .init(action: "offer_coupon", target: "a/ö", arguments: ["conversation_ids": "c-1", "campaign": "x"]),
        .init(action: "advice", target: .none, arguments: ["text": "look \u{1B}"]),
      ], reason: "avg_rating is 1.9", digest: "", madeAt: Instant(milliseconds: 600_000),
      expiresAt: Instant(milliseconds: 1500_000)))

  /// With what follows its actions.
  private static let whole: Proposal = {
    var whole = proposal
    whole.followUp = Proposal.FollowUp(
      otherwise: [.init(action: "escalate", target: "a/ö", arguments: ["to": "on-call"])],
      undo: [.init(action: "deactivate_backup", target: "a/ö")])
    return ProposalCoding.sealed(whole)
  }()

  private static let id = Array("coupon/1".utf8)

  @Test func proposalComesBackInEachState() throws {
    for state in Proposal.State.allCases {
      var proposal = Self.proposal
      proposal.state = state
      #expect(try ProposalCoding.decode(ProposalCoding.encode(proposal), field: Self.id) == proposal)
    }
    #expect(try ProposalCoding.decode(ProposalCoding.encode(Self.whole), field: Self.id) == Self.whole)
  }

  @Test(
    arguments: [
      { $0.followUp?.otherwise[0].arguments["to"] = "nobody" }, { $0.followUp?.otherwise = [] },
      { $0.followUp?.undo[0].target = "b" }, { $0.followUp?.undo = [] }, { $0.followUp = nil },
      { $0.followUp = .init(otherwise: [], undo: []) },
    ] as [@Sendable (inout Proposal) -> Void])
  func changeOfWhatFollowsTheActionsIsSeen(_ change: @Sendable (inout Proposal) -> Void) {
    var altered = Self.whole
    change(&altered)
    #expect(throws: ProposalCoding.Fault.altered) {
      try ProposalCoding.decode(ProposalCoding.encode(altered), field: Self.id)
    }
  }

  @Test func digestStaysWhatEarlierHandlersWrote() {
    #expect(Self.proposal.digest == SHA256.hex(Array(Self.unsealed.utf8)))
  }

  /// Whoever knows only a part of what would be done neither shows it nor does it.
  @Test func proposalOfANewerVersionCannotBeAnswered() {
    let newer = Self.unsealed.dropLast() + #","then":[{"action":"restart","target":"b","args":{}}]}"#
    let digest = SHA256.hex(Array(newer.utf8))
    let sealed = newer.split(separator: #""digest":"""#).joined(separator: #""digest":"\#(digest)""#)
    #expect(throws: ProposalCoding.Fault.altered) {
      try ProposalCoding.decode(Array(sealed.utf8), field: Self.id)
    }
    let own = Self.unsealed.split(separator: #""digest":"""#).joined(separator: #""digest":"\#(Self.proposal.digest)""#)
    #expect(throws: Never.self) { try ProposalCoding.decode(Array(own.utf8), field: Self.id) }
  }

  private static let unsealed =
    #"{"id":"coupon/1","rule":"coupon","agent":"a/ö","actions":[{"action":"offer_coupon","target":"a/ö","args":"#
    + #"{"campaign":"x","conversation_ids":"c-1"}},{"action":"advice","target":"","args":{"text":"look \u001b"}}],"#
    + #""reason":"avg_rating is 1.9","digest":"","made":"1970-01-01T00:10:00.000Z","expires":"1970-01-01T00:25:00.000Z","#
    + #""state":"open"}"#

  private static let changes: [@Sendable (inout Proposal) -> Void] = [
    { $0.id = ProposalID("coupon/2") }, { $0.rule = "other" }, { $0.agent = "b" },
    { $0.steps[0].arguments["campaign"] = "y" }, { $0.steps[0].target = "b" }, { $0.steps[0].action = "restart" },
    { $0.steps.removeLast() }, { $0.steps.swapAt(0, 1) }, { $0.reason = "" },
    { $0.madeAt = Instant(milliseconds: 601_000) },
    { $0.expiresAt = Instant(milliseconds: 99_999_000) }, { $0.digest = "" }, { $0.digest = $0.digest.uppercased() },
  ]

  @Test(arguments: changes.indices) func anyChangeIsSeen(_ index: Int) {
    var altered = Self.proposal
    Self.changes[index](&altered)
    #expect(throws: ProposalCoding.Fault.altered) {
      try ProposalCoding.decode(ProposalCoding.encode(altered), field: Array(altered.id.text.utf8))
    }
  }

  @Test func proposalUnderAnotherIDIsNone() {
    #expect(throws: ProposalCoding.Fault.misplaced) {
      try ProposalCoding.decode(ProposalCoding.encode(Self.proposal), field: Array("coupon/2".utf8))
    }
  }

  @Test func alteredProposalInTheAuditIsNotShownAndThatIsSaid() throws {
    var altered = Self.proposal
    altered.steps.removeLast()
    let line = AuditLine(
      origin: .run("r"), phase: .proposed, action: "rule", detail: "offer", proposal: altered,
      at: Instant(milliseconds: 600_000))
    let read = try #require(AuditCoding.decode(AuditCoding.encode(line)))
    #expect(read.proposal == nil)
    #expect(read.detail == "offer; its proposal was altered: its sha256 is not that of what it proposes")
  }
}
