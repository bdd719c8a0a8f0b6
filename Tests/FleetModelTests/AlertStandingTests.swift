import FleetModel
import TestSupport
import Testing

@Suite struct AlertStandingTests {
  private func standing(_ fleet: Fleet, _ kind: AlertKind) throws -> AlertStanding {
    let position = try #require(fleet.position(of: "a"))
    return fleet.grade(of: try #require(fleet.alert(kind, ofAgentAt: position))).standing
  }

  @Test func valuePastItsLimitIsPresentAndABetterOnePast() throws {
    var fleet = Fleet()
    try fleet.apply("metrics", "a", #"{"error_rate":0.3,"response_time":900}"#, at: .at(0))
    #expect(try standing(fleet, .performanceDegraded) == .present)
    try fleet.apply("metrics", "a", #"{"error_rate":0.01,"response_time":900}"#, at: .at(10))
    #expect(try standing(fleet, .performanceDegraded) == .past)
    try fleet.apply("metrics", "a", #"{"error_rate":0.01,"response_time":9000}"#, at: .at(20))
    #expect(try standing(fleet, .performanceDegraded) == .present)
  }

  @Test func eventIsPresentForAFewMinutes() throws {
    var fleet = Fleet()
    try fleet.apply("security_alert", "a", "{}", at: .at(0))
    #expect(try standing(fleet, .securityAlert) == .present)
  }

  @Test func callForAPersonSaysNothingOfTheAgent() throws {
    var fleet = Fleet()
    fleet.setAlert(AlertRecord(id: AlertID(.escalation, "a"), severity: .critical, since: .at(0), last: .at(0)))
    #expect(try standing(fleet, .escalation) == .escalated)
  }

  @Test func presentAlertsOfAnAgentComeFirst() throws {
    var fleet = Fleet()
    try fleet.apply("metrics", "a", #"{"error_rate":0.3}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"error_rate":0.045,"queue_size":150}"#, at: .at(1))
    let position = try #require(fleet.position(of: "a"))
    #expect(fleet.alerts(ofAgentAt: position).map(\.id.kind) == [.highTraffic, .performanceDegraded])
  }
}
