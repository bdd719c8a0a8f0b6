import FleetModel
import TestSupport
import Testing

@Suite struct RuleLogTests {
  private var fleet = Fleet()

  private mutating func hear(
    _ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "", run: String = "r1",
    rule: String? = "degraded", at second: Int64 = 1
  ) {
    fleet.apply(
      AuditLine(
        origin: .run(run), rule: rule, phase: phase, action: "pause", target: target, reason: "errors 38%",
        detail: detail, at: .at(second)))
  }

  @Test mutating func stepsOfAnAgentStandNewestFirst() {
    hear(.started, "a", at: 1)
    hear(.started, "b", run: "r2", at: 2)
    hear(.succeeded, "a", "paused", at: 3)
    hear(.succeeded, at: 3)
    #expect(fleet.rules.entries(about: "a").map(\.phase) == [.succeeded, .succeeded, .started])
    #expect(fleet.rules.entries(about: "a")[1].detail == "paused")
    #expect(fleet.rules.entries(about: "b").count == 1)
  }

  @Test mutating func stepOnAnotherAgentIsToldOfBoth() {
    hear(.started, "a", at: 1)
    hear(.succeeded, "b", "backup on", at: 2)
    #expect(fleet.rules.entries(about: "a").map(\.detail) == ["backup on", ""])
    #expect(fleet.rules.entries(about: "b").map(\.detail) == ["backup on"])
  }

  @Test mutating func linesWithoutARuleAreNone() {
    hear(.succeeded, "a", rule: nil)
    hear(.succeeded, "a", rule: "")
    #expect(fleet.rules.entries.isEmpty)
  }

  @Test mutating func logIsBoundedInLinesAndText() {
    for number in 0..<3000 { hear(.skipped, "a", String(repeating: "é", count: 5000), run: "\(number)") }
    #expect((RuleLog.limit...2 * RuleLog.limit).contains(fleet.rules.entries.count))
    #expect(fleet.rules.entries.allSatisfy { $0.detail.unicodeScalars.count <= 400 })
    #expect(fleet.rules.entries.last?.origin == "run:2999")
  }

  @Test(
    arguments: [
      (.run("rule/degraded/1795334137846-0/a"), "1795334137846-0"), (.run("rule/r/1-2/"), "1-2"),
      (.run("rule/r/1-2/a/b/deeds/0"), "1-2"), (.run("rule/r/1-2"), nil), (.run("rule/r/12/a"), nil),
      (.run("rule/r/1-2-3/a"), nil), (.run("rule/r/-/a"), nil), (.run("rule/r/1-\u{1B}/a"), nil),
      (.run("notify/r/1-2/a"), nil), (.run(""), nil), (.command(CommandID("rule/r/1-2/a")), nil),
    ] as [(AuditLine.Origin, String?)])
  func runNamesItsEvent(origin: AuditLine.Origin, event: String?) {
    #expect(origin.event == event)
  }

  @Test mutating func stepsOnAnEventStandNewestFirst() {
    hear(.started, "a", "first", run: "rule/x/5-0/a", at: 1)
    hear(.skipped, "a", "second", run: "rule/y/5-0/a", at: 2)
    hear(.skipped, "a", "another", run: "rule/x/5-1/a", at: 3)
    #expect(fleet.rules.entries(onEvent: "5-0").map(\.detail) == ["second", "first"])
    #expect(fleet.rules.entries(ofOrigin: "run:rule/x/5-1/a").map(\.detail) == ["another"])
  }

  @Test(
    arguments: [
      ("dry_run: pause", .dryRun), ("throttled: once in 15m", .throttled), ("guarded", .guarded), ("stale: 3m", .stale),
      ("because", nil), ("", nil),
    ] as [(String, RuleLog.Suppression?)])
  func firstWordSaysWhatHeldItBack(detail: String, suppression: RuleLog.Suppression?) {
    #expect(RuleLog.Suppression(detail: detail) == suppression)
  }

  /// A storm of them would drive out what people did.
  @Test mutating func whatIsThrottledOrStaleHasNoRowAmongTheCommands() {
    hear(.skipped, "a", "throttled: once in 15m", run: "r1")
    hear(.skipped, "a", "stale: 3m old", run: "r2")
    hear(.skipped, "a", "dry_run: pause for 15m", run: "r3")
    hear(.skipped, "a", "guarded: last healthy agent of its role", run: "r4")
    #expect(fleet.commands.entries.map(\.origin) == [.run("r3"), .run("r4")])
    #expect(fleet.rules.entries.count == 4)
    hear(.skipped, "a", "throttled: x", run: "r5", rule: nil)
    #expect(fleet.commands.entries.count == 3)
  }

  /// Each action of a run would otherwise get a row beside the run's own.
  @Test mutating func confirmationsOfARunsActionsHaveNoRow() {
    hear(.started, "a", run: "rule/degraded/1-0/a")
    let origins: [(AuditLine.Origin, Int)] = [
      (.run("rule/degraded/1-0/a/deeds/0"), 1), (.command(CommandID("rule/degraded/1-0/a/deeds/1")), 1),
      (.command(CommandID("c1")), 2), (.run("another/deeds/0"), 3),
    ]
    for (origin, count) in origins {
      fleet.apply(AuditLine(origin: origin, phase: .obeyed, action: "pause", target: "a", at: .at(2)))
      #expect(fleet.commands.entries.count == count)
    }
  }
}
