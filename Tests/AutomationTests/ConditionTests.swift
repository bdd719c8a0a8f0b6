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
  private static let loud = Table([
    "data.risk_level": .text("HIGH"), "agent.state": .text("running"),
    "data.severity": .list([.text("Low"), .text("HIGH")]),
    "data.state": .text("Paused"), "data.alert_type": .text("Brute_Force"),
  ])

  @Test(arguments: [
    ("data.risk_level == 'high'", true), ("data.risk_level != 'high'", false),
    ("data.risk_level in ['high', 'critical']", true), ("data.risk_level matches 'hi*'", true),
    ("data.risk_level contains 'ig'", true), ("'High' == data.risk_level", true), ("agent.state == 'RUNNING'", true),
    ("data.state in ['PAUSED']", true), ("data.severity contains 'high'", true), ("data.severity matches 'LO*'", true),
    ("data.risk_level == 'low'", false), ("data.risk_level == 3", false),
    ("data.alert_type == 'brute_force'", false), ("data.alert_type matches 'brute*'", false),
  ])
  func wordsOfTheWireMeanTheSameInAnyCase(_ text: String, _ holds: Bool) throws {
    #expect(try Condition(text).judge(Self.loud).holds == holds)
    #expect(try Condition(text).holds(Self.loud) == holds)
  }

  private static let facts = Table([
    "data.error_rate": .number(0.31), "data.risk_level": .text("high"), "agent.state": .text("running"),
    "agent.has_backup": .flag(true), "data.issues_detected": .list([.text("errors"), .text("timeouts")]),
    "metric.queue_size": .number(40), "before.queue_size": .number(20), "data.skill": .text("refunds"),
    "data.language": .text("de"),
  ])

  @Test(
    arguments: [
      ("data.error_rate >= 0.25", true, "error rate 31% (at least 25% asked)"),
      ("data.error_rate < 0.25", false, "error rate 31% (below 25% asked)"),
      ("data.missing >= 1", false, "missing unknown"),
      ("data.missing != 1", false, "missing unknown"),
      (
        "agent.state == 'running' and data.error_rate > 0.3", true,
        "state running and error rate 31% (above 30% asked)"
      ),
      (
        "agent.state == \"paused\" or data.risk_level in ['high', 'critical']", true,
        "risk high (high or critical asked)"
      ),
      (
        "agent.state == 'paused' or data.error_rate > 1", false,
        "state running (paused asked); error rate 31% (above 100% asked)"
      ),
      ("not agent.has_backup", false, "it has a backup"),
      ("agent.has_backup", true, "it has a backup"),
      ("not data.other", true, "other unknown"),
      ("data.issues_detected contains 'timeouts'", true, "issues errors, timeouts (with timeouts asked)"),
      ("data.issues_detected matches '*out*'", true, "issues errors, timeouts (like *out* asked)"),
      ("data.issues_detected matches 'out*'", false, "issues errors, timeouts (like out* asked)"),
      ("agent.state matches 'run*'", true, "state running (like run* asked)"),
      ("data.error_rate matches '*'", false, "error rate 0.31 cannot be compared by matches with *"),
      ("metric.queue_size > before.queue_size", true, "queue 40 (above 20 asked: queue before)"),
      ("data.error_rate > 'x'", false, "error rate 0.31 cannot be compared by > with x"),
      (
        "(agent.has_backup or data.error_rate > 9) and not (data.error_rate > 9)", true,
        "it has a backup and error rate 31% (at most 9 asked)"
      ),
      ("not data.error_rate < 0.25", true, "error rate 31% (at least 25% asked)"),
      ("not (agent.state == 'running')", false, "state running (anything but running asked)"),
      ("data.error_rate < 0.3100004", true, "error rate 0.31 (below 0.3100004 asked)"),
      ("fleet.specialist", false, "no specialist for refunds (de)"), ("not run.failed", true, "no action has failed"),
      ("data.error_rate > -1.5e2", true, "error rate 31% (above -150 asked)"),
    ] as [(String, Bool, String)])
  func conditionSaysWhy(text: String, holds: Bool, reason: String) throws {
    let verdict = try Condition(text).judge(Self.facts)
    #expect(try Condition(text).holds(Self.facts) == verdict.holds)
    #expect(verdict == Condition.Evaluation(holds: holds, reason: reason))
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

  @Test func nestingIsBounded() throws {
    func nested(_ open: String, _ inner: String, _ close: String, _ depth: Int) -> String {
      String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
    }
    for (open, inner, close) in [
      ("(", "agent.has_backup", ")"), ("not ", "agent.has_backup", ""), ("not (", "agent.has_backup", ")"),
      ("agent.has_backup and (", "agent.has_backup", ")"), ("(agent.has_backup or ", "agent.has_backup", ")"),
    ] {
      #expect(try Condition(nested(open, inner, close, 15)).judge(Self.facts).reason != "")
      for (depth, close) in [(33, close), (200_000, close), (200_000, "")] {
        #expect { try Condition(nested(open, inner, close, depth)) } throws: {
          ($0 as? Condition.Malformed)?.problem == "nested too deep"
        }
      }
    }
    #expect(try Condition("data.x in " + nested("[", "1", "]", 31)).names.count == 1)
    for depth in [33, 200_000] {
      #expect { try Condition("data.x in " + nested("[", "1", "]", depth)) } throws: {
        ($0 as? Condition.Malformed)?.problem == "nested too deep"
      }
    }
  }

  @Test func longChainsAreFlat() throws {
    for word in [" and ", " or "] {
      let chain = Array(repeating: "agent.has_backup", count: 20_000).joined(separator: word)
      #expect(try Condition(chain).judge(Self.facts).holds)
      #expect(try !Condition("not (\(chain))").judge(Self.facts).holds)
      #expect(try Condition(chain).names.count == 1)
    }
  }

  @Test func patternThatIsTooLongIsRefusedOrNotCompared() throws {
    let long = String(repeating: "*a", count: 257)
    #expect(throws: Condition.Malformed(problem: "a pattern has 512 bytes at the most", column: 537)) {
      try Condition("agent.state matches '\(long)'")
    }
    let facts = Table(["data.text": .text("b"), "data.pattern": .text(long)])
    let verdict = try Condition("data.text matches data.pattern").judge(facts)
    #expect(!verdict.holds && verdict.reason.hasPrefix("text b cannot be compared by matches with pattern *a*a"))
  }
}
