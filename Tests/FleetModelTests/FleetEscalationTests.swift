import FleetModel
import TestSupport
import Testing

@Suite struct FleetEscalationTests {
  private var fleet = Fleet()

  /// Called for at 0; seconds.
  private func escalation(_ agent: AgentID = "a", last: Int64 = 0, acknowledgedAt: Int64? = nil) -> AlertRecord {
    AlertRecord(
      id: AlertID(.escalation, agent), severity: .high, since: .at(0), last: .at(last),
      acknowledgedBy: acknowledgedAt.map { _ in "alice" }, acknowledgedAt: acknowledgedAt.map { .at($0) })
  }

  /// When the escalation is over, in seconds; nil where it is not within a day.
  private mutating func end() -> Int64? {
    (0...86_400).first { second in
      fleet.advance(to: .at(second))
      return !fleet.endedEscalations(at: .at(second)).isEmpty
    }
  }

  @Test mutating func escalationThatNobodyHasAcknowledgedStays() {
    fleet.setAlert(escalation())
    #expect(end() == nil)
  }

  @Test mutating func acknowledgedOneIsOverFiveMinutesLater() {
    fleet.setAlert(escalation(acknowledgedAt: 40))
    #expect(end() == 340)
  }

  @Test mutating func newCallCountsFromItsOwnAcknowledgement() {
    fleet.setAlert(escalation(acknowledgedAt: 40))
    fleet.setAlert(escalation(last: 100))
    #expect(fleet.endedEscalations(at: .at(1000)).isEmpty)
    fleet.setAlert(escalation(last: 100, acknowledgedAt: 120))
    #expect(end() == 420)
  }

  @Test mutating func acknowledgementThatIsTakenBackKeepsItOpen() {
    fleet.setAlert(escalation(acknowledgedAt: 40))
    fleet.setAlert(escalation())
    #expect(end() == nil)
  }

  @Test mutating func otherAlertOfTheAgentKeepsItOpenUntilThatCloses() throws {
    fleet.setAlert(escalation(acknowledgedAt: 40))
    try fleet.apply("metrics", "a", #"{"queue_size":200}"#, at: .at(200))
    fleet.advance(to: .at(700))
    #expect(fleet.endedEscalations(at: .at(700)).isEmpty)
    for second in [700, 1000] as [Int64] { try fleet.apply("metrics", "a", #"{"queue_size":1}"#, at: .at(second)) }
    #expect(fleet.endedEscalations(at: .at(1000)).count == 1)
  }

  @Test mutating func agentThatIsDeletedStaysWithItsEscalationUntilSomebodyComes() throws {
    try fleet.apply("security_alert", "a", at: .at(1))
    fleet.setAlert(escalation())
    try fleet.apply("deleted", "a", at: .at(10))
    fleet.advance(to: .at(10_000))
    #expect(fleet.count == 1 && fleet["a"]?.state == .stopped)
    #expect(fleet.alerts.open.map(\.id.kind) == [.escalation], "what it spoke of is over")
    fleet.setAlert(escalation(acknowledgedAt: 10_001))
    fleet.advance(to: .at(10_002))
    #expect(fleet.count == 0 && fleet.alerts.count == 0)
  }

  @Test mutating func alertOfAnotherAgentDoesNot() throws {
    fleet.setAlert(escalation(acknowledgedAt: 40))
    try fleet.apply("security_alert", "b", at: .at(200))
    #expect(end() == 340)
  }

  @Test mutating func otherAlertsAreNoEscalations() throws {
    var alert = escalation(acknowledgedAt: 0)
    alert.id.kind = .securityAlert
    #expect(!fleet.isOver(alert, at: .at(10_000)))
  }

  /// Only the handler knows whether it is still stored.
  @Test mutating func timeAloneClosesNoneAndTheAuditDoes() {
    fleet.setAlert(escalation(acknowledgedAt: 0))
    fleet.advance(to: .at(100_000))
    #expect(fleet.alerts.count == 1)
    var closed = escalation(acknowledgedAt: 0)
    closed.isClosed = true
    fleet.apply(
      AuditLine(
        origin: .run("escalation/a/0"), phase: .succeeded, action: "escalate", target: "a", alert: closed,
        at: .at(100_001)))
    #expect(fleet.alerts.count == 0)
  }
}
