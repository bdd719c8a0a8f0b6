import FleetModel
import Testing

@testable import Automation

@Suite struct PlannerTests {
  private let now = Instant(milliseconds: 1_800_000_000_000)
  private let met = Condition.Evaluation(holds: true, reason: "it is so")

  private func decide(
    _ rule: Rule, _ memory: RuleHistory = RuleHistory(), on: AutomationMode = .on, age: TimeSpan = .zero,
    guarded: String? = nil, verdict: Condition.Evaluation? = nil
  ) -> Decision {
    let circumstances = DecisionContext(mode: on, now: now, age: age, actWithin: .seconds(60), guarded: guarded)
    return Planner(rule, memory, circumstances).decide(verdict ?? met)
  }

  private var rule: Rule { Rule(id: "r", on: ["agent.x"]) }

  @Test func actionWhoseTargetIsNoIDIsLeftOutAndSaidSo() throws {
    var ruleAction = RuleAction(.action(.pause))
    ruleAction.target = try RuleText("{data.peer}")
    func planned(_ peer: String) -> [PlannedAction] {
      [ruleAction].planned(for: "a", Table(["data.peer": .text(peer)]))
    }
    let longest = String(repeating: "x", count: AgentID.mostBytes)
    #expect(planned(longest) == [PlannedAction(kind: .action(.pause), target: AgentID(longest))])
    for text in [longest + "x", "b\u{FFFD}"] {
      let words = "pause is left out: its target \"\(text.clipped(toBytes: 100))\" is no agent's id"
      #expect(planned(text) == [PlannedAction(kind: .advice(words), target: "a")])
    }
    #expect([ruleAction].planned(for: "a", Table()) == [PlannedAction(kind: .action(.pause), target: "a")])
  }

  @Test func modesDecideWhatBecomesOfAMatch() {
    var rule = rule
    #expect(decide(rule) == Decision(.act, "it is so"))
    rule.mode = .approve
    #expect(decide(rule).course == .propose)
    rule.mode = .dryRun
    #expect(decide(rule).words == "dry_run: it is so")
    rule.mode = .off
    #expect(decide(rule).course == .suppression(.off))
  }

  @Test func switchGoesBeforeModes() {
    #expect(decide(rule, on: .dry).course == .dryRun)
    #expect(decide(rule, on: .off).words == "off: automation is off")
  }

  @Test func conditionThatDoesNotHoldIsTheFirstReason() {
    let verdict = Condition.Evaluation(holds: false, reason: "it is not so")
    #expect(decide(rule, age: .hours(1), verdict: verdict).words == "not_met: it is not so")
  }

  @Test func eventPastItsTimeIsStale() {
    #expect(decide(rule, age: .seconds(60)).course == .act)
    #expect(decide(rule, age: .seconds(61)).words == "stale: the event is 61s old, rules act within 1m")
  }

  @Test func throttleHoldsForItsSpanAndNoLonger() {
    var rule = rule
    rule.throttle = [Rule.Throttle(onceWithin: .minutes(15))]
    #expect(decide(rule, RuleHistory(throttles: [nil])).course == .act)
    #expect(
      decide(rule, RuleHistory(throttles: [now - .minutes(3)])).words == "throttled: acted 3m ago, once in 15m")
    #expect(decide(rule, RuleHistory(throttles: [now - .minutes(15)])).course == .act)
  }

  @Test func onceAfterWaitsForRest() {
    var rule = rule
    rule.throttle = [Rule.Throttle(onceAfter: .minutes(5), per: .rule)]
    #expect(
      decide(rule, RuleHistory(throttles: [now - .minutes(1)])).words
        == "throttled: asked for 1m ago, waits for 5m of rest for the rule")
    #expect(decide(rule, RuleHistory(throttles: [now - .minutes(6)])).course == .act)
  }

  @Test func countWithinASpanIsWaitedFor() {
    var rule = rule
    rule.for = Rule.Count(count: 3, within: .minutes(5))
    var memory = RuleHistory()
    #expect(decide(rule, memory).words == "counting: 1 of 3 times within 5m")
    memory.occurrences = [now, now]
    #expect(decide(rule, memory).course == .act)
  }

  @Test func limitsAndGuardsCallAPerson() {
    var rule = rule
    rule.limits = Rule.Limits(
      perAgent: Rule.Count(count: 1, within: .hours(1)), rate: Rule.Count(count: 2, within: .minutes(1)))
    var memory = RuleHistory()
    memory.actedOnAgent = [now]
    #expect(
      decide(rule, memory)
        == Decision(.suppression(.limited), "acted 1 times within 1h on this agent", opensEscalation: true))
    memory = RuleHistory()
    memory.acted = [now, now]
    #expect(decide(rule, memory).words == "limited: acted 2 times within 1m")
    #expect(
      decide(rule, guarded: "too many")
        == Decision(.suppression(.guarded), "too many", opensEscalation: true, isOfAll: true))
  }

  @Test func dryRunCallsNobody() {
    var rule = rule
    rule.limits = Rule.Limits(
      perAgent: Rule.Count(count: 1, within: .hours(1)), rate: Rule.Count(count: 2, within: .minutes(1)))
    var memory = RuleHistory()
    memory.actedOnAgent = [now]
    var all = RuleHistory()
    all.acted = [now, now]
    func calls(_ rule: Rule, _ mode: AutomationMode) -> [Bool] {
      [decide(rule, memory, on: mode), decide(rule, all, on: mode), decide(rule, on: mode, guarded: "too many")]
        .map(\.opensEscalation)
    }
    #expect(calls(rule, .on) == [true, true, true])
    #expect(calls(rule, .dry) == [false, false, false])
    rule.mode = .approve
    #expect(calls(rule, .on) == [true, true, true])
    rule.mode = .dryRun
    #expect(calls(rule, .on) == [false, false, false])
  }

  @Test func whatHasNotClearedIsLeft() {
    var memory = RuleHistory()
    memory.isUncleared = true
    #expect(decide(rule, memory).course == .suppression(.notCleared))
  }

  @Test(arguments: [
    ("agent.*", "agent.created", true), ("*", "x", true), ("agent.created", "agent.created2", false),
    ("*.high_*", "agent.high_traffic", true), ("agent", "agent.created", false),
  ])
  func patternsMatchWholeTypes(pattern: String, type: String, matches: Bool) {
    #expect(Rule(id: "r", on: [pattern]).concerns(type) == matches)
  }

  @Test func longTypesAndManyStarsAreAnsweredAtOnce() {
    let rule = Rule(id: "r", on: ["agent." + String(repeating: "*a", count: 40) + "*x"])
    #expect(!rule.concerns("agent." + String(repeating: "a", count: 250)))
    #expect(rule.concerns("agent." + String(repeating: "a", count: 249) + "x"))
    let all = Rule(id: "r", on: ["*"])
    #expect(all.concerns(String(repeating: "a", count: 256)))
    #expect(!all.concerns(String(repeating: "a", count: 257)))
    #expect(!all.concerns(String(repeating: "a", count: 100_000)))
  }

  @Test func listMakesAnActionForEachElementAndMissingFactsLeaveArgumentsOut() throws {
    var ruleAction = RuleAction(.action(.blockIP))
    ruleAction.each = FactName("data.ips")
    ruleAction.arguments = ["ip": try RuleText("{item}"), "for": try RuleText("{data.missing}")]
    let facts = Table(["data.ips": .list([.text("192.0.2.1"), .text("192.0.2.2")])])
    #expect(
      [ruleAction].planned(for: "agent-1", facts).map(\.description) == [
        "block_ip ip=192.0.2.1", "block_ip ip=192.0.2.2",
      ])
  }

  @Test func listThatIsTooLongSaysWhatIsLeftOut() throws {
    var ruleAction = RuleAction(.action(.blockIP))
    ruleAction.each = FactName("data.ips")
    ruleAction.arguments = ["ip": try RuleText("{item}")]
    let items = (1...40).map { FactValue.text("192.0.2.\($0)") }
    let planned = [ruleAction].planned(for: "agent-1", Table(["data.ips": .list(items)]))
    #expect(planned.count == 33)
    #expect(
      planned.last?.description
        == "advice: 8 more of data.ips are left out, no list makes more than 32 actions")
    let advised = [RuleAction(.recommended)].planned(for: "agent-1", Table(["data.recommended_actions": .list(items)]))
    #expect(
      advised.count == 33
        && advised.last?.description
          == "advice: 8 more of what is recommended are left out, no list makes more than 32 actions"
    )
  }

  @Test func longWordsOfOthersAreToldInPart() throws {
    let long = String(repeating: "ä", count: 1_000_000)
    #expect(Decision(.act, long).reason.utf8.count <= 1024)
    #expect(Decision(.act, long).reason.hasSuffix("ä…"))
    let verdict = try Condition("data.x").judge(Table(["data.x": .text(long)]))
    #expect(verdict.holds && verdict.reason.utf8.count <= 1024)
    let ruleAction = PlannedAction(kind: .action(.notify), target: .none, arguments: ["text": long])
    #expect(ruleAction.description.utf8.count <= 1024 && ruleAction.arguments["text"] == long)
    #expect(String(repeating: "a", count: 1024).clipped.count == 1024)
  }

  @Test func recommendationsMapToCommandsAndTheRestIsAdvice() {
    #expect(Recommendation.planned("Scale up", "a").description == "scale a by=+1")
    #expect(Recommendation.planned("restart", "a").description == "restart a")
    #expect(Recommendation.planned("call the vendor", "a").description == "advice: call the vendor")
  }

  @Test func factorRoundsANumber() throws {
    let text = try RuleText("{data.rate * 0.8}/min {{x}}")
    #expect(text.filled(Table(["data.rate": .number(333)])) == "266/min {x}")
    #expect(throws: RuleText.Malformed.self) { try RuleText("{nothing.x}") }
    #expect(throws: RuleText.Malformed.self) { try RuleText("a } b") }
  }
}
