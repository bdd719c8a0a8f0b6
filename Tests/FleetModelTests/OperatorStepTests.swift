import TestSupport
import Testing

@testable import FleetModel

/// What a line of the audit says that an operator did.
@Suite struct OperatorStepTests {
  private func step(
    _ action: String, before: AgentRecord? = AgentRecord(), after: AgentRecord? = AgentRecord(), detail: String = ""
  ) -> OperatorStep? {
    OperatorStep(
      AuditLine(
        origin: .command(CommandID("c")), phase: .succeeded, action: action, target: "a", detail: detail,
        before: before, after: after, at: .at(100)))
  }

  private func record(_ change: (inout AgentRecord) -> Void) -> AgentRecord {
    var record = AgentRecord()
    change(&record)
    return record
  }

  @Test func pauseIsReadWithItsSpan() {
    #expect(step("pause", after: record { $0.pausedUntil = .at(1000) }) == .pause(for: .minutes(15)))
    #expect(step("pause", after: nil) == .pause(for: nil))
    for end in [.at(100), .at(0), .at(100 + 86_401), Instant(milliseconds: .max), Instant(milliseconds: .min)] {
      #expect(step("pause", after: record { $0.pausedUntil = end }) == .pause(for: nil), "\(end)")
    }
    let updated = record { ($0.pausedUntil, $0.updatedAt) = (.at(160), .at(100)) }
    #expect(step("pause", after: updated)?.words == "paused for 1m")
  }

  @Test func scalingIsReadByItsDifference() {
    let three = record { $0.replicas = 3 }
    #expect(step("scale", after: three) == .scale(by: 2))
    #expect(step("scale", before: record { $0.replicas = 4 }, after: three) == .scale(by: -1))
    #expect(step("scale", before: three, after: three) == .other(.scale))
    #expect(step("scale", before: nil, after: three) == .other(.scale))
    #expect(
      step("scale", before: record { $0.replicas = .min }, after: record { $0.replicas = .max }) == .other(.scale))
    #expect(step("scale", after: record { $0.replicas = 1_000_000 }) == .other(.scale))
  }

  @Test func limitThatIsLiftedIsNoStep() {
    #expect(step("rate_limit", after: record { $0.rateLimit = 60 }) == .limit(perMinute: 60))
    #expect(step("rate_limit", after: record { $0.rateLimit = 0 }) == nil)
    #expect(step("rate_limit") == nil)
  }

  @Test func onlyAPlainNameIsWhomARuleCanCall() {
    #expect(step("escalate", detail: "called on-call") == .escalate(to: "on-call"))
    for words in ["", "called ", "called a\" }]\nmode = \"auto", "called é", "called {x}", "by hand"] {
      #expect(step("escalate", detail: words) == .other(.escalate), "\(words)")
    }
    #expect(step("escalate", detail: "called " + String(repeating: "a", count: 65)) == .other(.escalate))
  }

  @Test(arguments: Action.allCases)
  func everyActionIsAStepOrNone(action: Action) {
    let found = step(action.rawValue, after: record { $0.rateLimit = 5 })
    #expect(found == nil || found?.action == action)
    #expect(found.map { !$0.words.isEmpty } ?? true)
  }

  @Test func whatNoActionIsCalledIsNoStep() {
    #expect(step("") == nil && step("alert") == nil && step("Pause") == nil)
  }
}
