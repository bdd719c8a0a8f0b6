import Testing

@testable import Automation

/// Facts by name.
struct Table: Facts {
  var values: [String: FactValue]

  init(_ values: [String: FactValue] = [:]) {
    self.values = values
  }

  func value(_ name: FactName) -> FactValue? { values[name.description] }
}

@Suite struct ConditionTests {
  private static let facts = Table([
    "data.error_rate": .number(0.31), "data.risk_level": .text("high"), "agent.state": .text("running"),
    "agent.has_backup": .flag(true), "data.issues_detected": .list([.text("errors"), .text("timeouts")]),
    "metric.queue_size": .number(40), "before.queue_size": .number(20),
  ])

  @Test(
    arguments: [
      ("data.error_rate >= 0.25", true, "data.error_rate is 0.31, >= 0.25"),
      ("data.error_rate < 0.25", false, "data.error_rate is 0.31, not < 0.25"),
      ("data.missing >= 1", false, "data.missing is missing"),
      ("data.missing != 1", false, "data.missing is missing"),
      (
        "agent.state == 'running' and data.error_rate > 0.3", true,
        "agent.state is running, == running and data.error_rate is 0.31, > 0.3"
      ),
      (
        "agent.state == \"paused\" or data.risk_level in ['high', 'critical']", true,
        "data.risk_level is high, in high,critical"
      ),
      (
        "agent.state == 'paused' or data.error_rate > 1", false,
        "agent.state is running, not == paused; data.error_rate is 0.31, not > 1"
      ),
      ("not agent.has_backup", false, "agent.has_backup is true"),
      ("agent.has_backup", true, "agent.has_backup is true"),
      ("not data.other", true, "data.other is missing"),
      ("data.issues_detected contains 'timeouts'", true, "data.issues_detected is errors,timeouts, contains timeouts"),
      ("data.issues_detected matches '*out*'", true, "data.issues_detected is errors,timeouts, matches *out*"),
      ("data.issues_detected matches 'out*'", false, "data.issues_detected is errors,timeouts, not matches out*"),
      ("agent.state matches 'run*'", true, "agent.state is running, matches run*"),
      ("data.error_rate matches '*'", false, "data.error_rate is 0.31 cannot be compared by matches with *"),
      ("metric.queue_size > before.queue_size", true, "metric.queue_size is 40, > before.queue_size is 20"),
      ("data.error_rate > 'x'", false, "data.error_rate is 0.31 cannot be compared by > with x"),
      (
        "(agent.has_backup or data.error_rate > 9) and not (data.error_rate > 9)", true,
        "agent.has_backup is true and data.error_rate is 0.31, not > 9"
      ),
      ("data.error_rate > -1.5e2", true, "data.error_rate is 0.31, > -150"),
    ] as [(String, Bool, String)])
  func conditionSaysWhy(text: String, holds: Bool, reason: String) throws {
    let verdict = try Condition(text).judge(Self.facts)
    #expect(verdict == Condition.Verdict(holds: holds, reason: reason))
  }

  @Test(
    arguments: [
      ("", 1, "something is missing at the end"),
      ("data.x >=", 10, "something is missing at the end"),
      ("data.x >= 1 and", 16, "something is missing at the end"),
      ("data.x ~ 1", 8, "\"~ 1\" is not understood"),
      (
        "foo.x > 1", 1,
        "\"foo.x\" is unknown; names begin with data, event, metric, before, agent, role, fleet, handler, run or item"
      ),
      ("role.best", 1, "\"role.best\" is unknown; role has role.size, role.healthy, role.healthy_agents"),
      ("(data.x > 1", 12, "\")\" is missing"),
      ("data.x == 'open", 11, "the text that begins here has no end"),
      ("3", 2, "a relation is missing, as == or >="),
      ("data.x in [data.y]", 18, "a list holds values, no names"),
      ("data.x > 1.2.3", 10, "\"1.2.3\" is no number"),
    ] as [(String, Int, String)])
  func malformedConditionNamesTheCharacter(text: String, column: Int, problem: String) {
    #expect(throws: Condition.Malformed(problem: problem, column: column)) { try Condition(text) }
  }

  @Test func deepNestingIsRefused() {
    let text = String(repeating: "(", count: 100) + "data.x" + String(repeating: ")", count: 100)
    #expect(throws: Condition.Malformed.self) { try Condition(text) }
    #expect(throws: Condition.Malformed.self) { try Condition(String(repeating: "not ", count: 100_000) + "data.x") }
  }
}
