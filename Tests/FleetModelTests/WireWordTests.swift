import FleetModel
import TestSupport
import Testing

/// Other services write the wire's words in any case of letters.
@Suite struct WireWordTests {
  @Test func wordIsKnownInAnyCase() {
    #expect(
      Severity(word: "HIGH") == .high && AgentState(word: "Paused") == .paused && AutomationMode(word: "Dry") == .dry)
    #expect(Severity(word: "higher") == nil && AgentState(word: "") == nil)
  }

  @Test func stateThatARuntimeShoutsIsItsState() throws {
    var fleet = Fleet()
    try fleet.apply("status", "a", #"{"state":"PAUSED"}"#, at: .at(1))
    #expect(fleet["a"]?.profile.reported?.state == .paused)
    try fleet.apply("security_alert", "a", #"{"risk_level":"HIGH"}"#, at: .at(1))
    #expect(fleet.incidents.security.last?.severity == .high)
  }

  @Test func argumentIsTakenInAnyCase() {
    #expect(ActionParameter("severity", .severity).fault(of: "HIGH") == nil)
    #expect(ActionParameter("mode", .mode).fault(of: "Off") == nil)
  }
}
