import Automation
import FleetModel
import Testing

@testable import Configuration

/// What operators did, as a rule that the runbook's own reader takes.
@Suite struct SuggestedRuleTests {
  private func lines(_ suggestion: OperatorSuggestion) -> String {
    SuggestedRule.lines(suggestion).joined(separator: "\n") + "\n"
  }

  private func read(_ text: String) throws -> Runbook { try RunbookFile.read(Array(text.utf8), file: "learnt.toml") }

  @Test func ruleStandsUnderItsHistory() {
    let suggestion = OperatorSuggestion(
      kind: .performanceDegraded, step: .pause(for: .minutes(15)), times: 9, cases: 11, recovered: 8,
      recoversAfter: .minutes(6))
    #expect(
      lines(suggestion) == """
        # Alert agent.performance_degraded: paused for 15m 9 of 11 times; healthy again after 6m in 8.
        [[rules]]
        id = "learnt-performance-degraded-pause"
        on = "agent.performance_degraded"
        say = "operators paused for 15m 9 of 11 times"
        throttle = [{ once_within = "15m", per = "agent" }]
        mode = "approve"
        do = [{ action = "pause", for = "15m", when = "agent.state == 'running'" }]

        """)
  }

  private static let steps: [OperatorStep] = [
    .pause(for: .minutes(15)), .pause(for: .seconds(90)), .pause(for: nil), .restart, .scale(by: 2), .scale(by: -1),
    .limit(perMinute: 60), .activateBackup, .escalate(to: "on-call"),
  ]

  @Test(arguments: AlertKind.allCases.filter(\.isOfAgent))
  func everyStepOnEveryKindIsARuleThatOnlyProposes(kind: AlertKind) throws {
    for severity in [nil] + Severity.allCases.map(Optional.some) {
      for step in Self.steps {
        let text = lines(OperatorSuggestion(kind: kind, severity: severity, step: step, times: 6, cases: 7))
        let rules = try read(text).rules
        // No event tells of an alert of open metrics.
        guard kind != .metric else {
          #expect(rules.isEmpty, "\(text)")
          continue
        }
        #expect(rules.count == 1 && rules[0].mode == .approve && rules[0].on == [kind.type], "\(text)")
        #expect(rules[0].ruleActions.map(\.kind) == [.action(step.action)], "\(text)")
        #expect(rules[0].throttle.map(\.onceWithin) == [.minutes(15)])
      }
    }
  }

  @Test func severityIsAskedForWhereAnEventNamesItsRisk() throws {
    let attack = lines(
      OperatorSuggestion(kind: .securityAlert, severity: .critical, step: .restart, times: 6, cases: 6))
    #expect(attack.contains("\nwhen = \"data.risk_level == 'critical'\"\n"))
    let slow = lines(OperatorSuggestion(kind: .highTraffic, severity: .high, step: .restart, times: 6, cases: 6))
    #expect(slow.contains("\n# So it was where the alert opened as high: ") && !slow.contains("\nwhen = "))
  }

  @Test func whatNoRuleCanDoIsAComment() {
    let text = lines(OperatorSuggestion(kind: .runaway, step: .other(.blockIP), times: 6, cases: 6))
    #expect(text == "# Alert agent.runaway: block_ip 6 of 6 times.\n")
  }

  @Test func allSuggestionsTogetherAreOneRunbook() throws {
    let kinds: [AlertKind] = [.performanceDegraded, .highTraffic, .silent, .runaway]
    let text = kinds.map { lines(OperatorSuggestion(kind: $0, step: .restart, times: 6, cases: 6)) }
      .joined(separator: "\n")
    #expect(try read(text).rules.map(\.id) == kinds.map { id(of: $0) })
  }

  private func id(of kind: AlertKind) -> String {
    "learnt-\(kind.type.dropFirst("agent.".count).map { $0 == "_" ? "-" : String($0) }.joined())-restart"
  }
}
