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
  }

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
    #expect(!verdict.holds && verdict.reason.hasPrefix("data.text is b cannot be compared by matches with *a*a"))
  }
}
