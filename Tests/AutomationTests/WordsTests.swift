import FleetModel
import Testing

@testable import Automation

/// What rules say to people of why they act and of what they do.
@Suite struct WordsTests {
  private struct Table: Facts {
    let values: [String: FactValue]
    func value(_ name: FactName) -> FactValue? { values[name.description] }
  }

  private let facts = Table(values: [
    "data.error_rate": .number(0.3149), "data.response_time": .number(4210.4), "data.alert_type": .text("brute_force"),
    "agent.id": .text("agent_7"), "data.main_complaints": .list([.text("slow"), .text("wrong")]),
  ])

  @Test(
    arguments: [
      ("{agent.id}: {data.alert_type}", "agent_7: brute force"),
      ("error rate {data.error_rate}, {data.response_time} ms", "error rate 31.5%, 4210 ms"),
      ("{data.error_rate * 100} of 100", "31 of 100"), ("they say: {data.main_complaints}", "they say: slow, wrong"),
      // What is not known is not said: the condition tells instead.
      ("{data.queue_size} wait", "error rate 31.5% (at least 10% asked)"),
    ] as [(String, String)])
  func ruleSaysWhyInItsOwnWords(say: String, words: String) throws {
    var rule = Rule(id: "r", on: ["agent.x"])
    rule.when = try Condition("data.error_rate >= 0.1")
    rule.say = try RuleText(say)
    #expect(rule.judge(facts) == Condition.Evaluation(holds: true, reason: words))
    rule.when = try Condition("data.error_rate >= 0.5")
    #expect(rule.judge(facts).reason == "error rate 31.5% (at least 50% asked)")
  }

  @Test(
    arguments: [
      (.pause, ["for": "15m"], "pause a for 15m"), (.scale, ["by": "+1"], "scale a by +1"),
      (.scale, ["replicas": "4", "cpu": "2"], "scale a to 4 replicas and 2 cores"),
      (.rateLimit, ["per_minute": "60", "for": "15m"], "limit a to 60 messages a minute for 15m"),
      (.rateLimit, ["per_minute": "0"], "lift the rate limit of a"),
      (.rebalance, ["share": "0.3", "to": "b,c"], "move 30% of the traffic of a to b, c"),
      (.activateBackup, ["backup": "b"], "activate b for a"), (.activateBackup, [:], "activate the backup for a"),
      (.escalate, ["to": "support"], "call support for a"), (.blockIP, ["ip": "10.0.0.1"], "block 10.0.0.1"),
      (.schedule, ["job": "audit", "at": "1m"], "schedule audit for a in 1m"), (.notify, ["to": "ops"], "tell ops"),
      (.transfer, ["conversation_id": "c-1", "to": "b"], "hand conversation c-1 of a to b"),
      (.tune, ["parameter": "p", "value": "1"], "set p of a to 1"),
      (.rollback, ["version": "1.4.1"], "roll a back to version 1.4.1"), (.undo, [:], "undo for a"),
    ] as [(Action, [String: String], String)])
  func actionIsSaidInWords(action: Action, arguments: [String: String], words: String) {
    #expect(PlannedAction(kind: .action(action), target: "a", arguments: arguments).words == words)
  }

  @Test func effectIsWhatTheActionsDoTogether() {
    let ruleActions = [
      PlannedAction(kind: .action(.activateBackup), target: "a"), PlannedAction(kind: .action(.pause), target: "a"),
      PlannedAction(kind: .advice("call the vendor"), target: "a"),
    ]
    #expect(ruleActions.effect == "activates the backup for a, pauses a and advises: call the vendor")
    #expect([PlannedAction]().effect == "nothing")
  }
}
