import Testing

@testable import FleetModel

/// Two spellings of a letter are two ids, whatever Swift thinks of them.
@Suite struct ExactTextTests {
  private let composed = "\u{E9}"
  private let decomposed = "e\u{301}"

  @Test func twoSpellingsAreTwoKeys() {
    #expect(composed == decomposed)
    #expect(ExactText(composed) != ExactText(decomposed))
    #expect(Set([ExactText(composed), ExactText(decomposed), ExactText("\u{E9}")]).count == 2)
    #expect([ExactText("b"), ExactText(composed), ExactText(decomposed)].sorted().map(\.text).first == "b")
  }

  @Test func twoSpellingsAreTwoCommandsTwoProposalsAndTwoRuns() {
    #expect(Set([CommandID(composed), CommandID(decomposed)]).count == 2)
    #expect(Set([ProposalID(composed), ProposalID(decomposed)]).count == 2)
    #expect(AuditLine.Origin.run(composed) != .run(decomposed))
    #expect(AuditLine.Origin.run(composed) == .run("\u{E9}"))
  }

  @Test func twoSpellingsHaveTwoRowsAmongTheCommands() {
    var log = CommandLog()
    for id in [composed, decomposed] {
      log.apply(AuditLine(origin: .run("rule/r/1-0/\(id)"), phase: .started, action: "pause", target: "a", at: .epoch))
    }
    #expect(log.entries.count == 2)
    #expect(log[key: "run:rule/r/1-0/\(decomposed)"]?.origin == .run("rule/r/1-0/\(decomposed)"))
  }
}
