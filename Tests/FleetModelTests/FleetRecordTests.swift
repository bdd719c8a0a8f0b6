import FleetModel
import TestSupport
import Testing

@Suite struct FleetRecordTests {
  private var fleet = Fleet()

  private func record(_ state: AgentState, version: Int) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.version) = (state, version)
    return record
  }

  private func alert(_ severity: Severity = .high, isClosed: Bool = false, by who: String? = nil) -> AlertRecord {
    AlertRecord(
      id: AlertID(.securityAlert, "a"), severity: severity, count: 4, since: .at(0), last: .at(5), isClosed: isClosed,
      acknowledgedBy: who, acknowledgedAt: who.map { _ in .at(6) })
  }

  @Test mutating func olderVersionIsPassedOver() {
    fleet.setRecord(record(.paused, version: 3), of: "a")
    fleet.setRecord(record(.running, version: 2), of: "a")
    #expect(fleet["a"]?.record == record(.paused, version: 3))
    fleet.setRecord(record(.running, version: 3), of: "a")
    #expect(fleet["a"]?.state == .running)
  }

  @Test mutating func recordMakesAnAgentKnown() {
    var paused = record(.paused, version: 1)
    paused.updatedAt = .at(7)
    fleet.setRecord(paused, of: "silent")
    #expect(fleet["silent"]?.state == .paused)
    #expect(fleet["silent"]?.lastEventAt == .at(7))
    #expect(fleet["silent"]?.eventCount == 0)
  }

  @Test mutating func auditLineLeavesTheStateItTells() {
    fleet.apply(
      AuditLine(
        origin: .command(CommandID("c")), phase: .succeeded, action: "pause", target: "a",
        after: record(.paused, version: 1), at: .at(1)))
    #expect(fleet["a"]?.state == .paused)
    #expect(fleet.now == .at(1))
  }

  @Test mutating func handlersAlertIsTakenAsItStands() {
    fleet.setAlert(alert())
    #expect(fleet.alert(.securityAlert, ofAgentAt: 0)?.record == alert())
  }

  @Test mutating func acknowledgedAlertIsNoLongerLoud() throws {
    try fleet.apply("security_alert", "a", at: .at(0))
    #expect(fleet.alerts.open.allSatisfy { $0.isLoud(at: .at(7)) })
    fleet.setAlert(alert(by: "alice"))
    let open = try #require(fleet.alert(.securityAlert, ofAgentAt: 0))
    #expect(!open.isLoud(at: .at(7)))
    #expect(open.record.severity == .high)
    #expect(open.record.count == 4)
    #expect(fleet.alerts.count == 1)
  }

  @Test mutating func acknowledgementOutlivesMoreOfTheSame() throws {
    fleet.setAlert(alert(by: "alice"))
    try fleet.apply("security_alert", "a", at: .at(10))
    #expect(fleet.alert(.securityAlert, ofAgentAt: 0)?.record.acknowledgedBy == "alice")
    #expect(fleet.alert(.securityAlert, ofAgentAt: 0)?.record.count == 5)
  }

  @Test mutating func silenceEndsByItself() throws {
    var silenced = alert()
    silenced.silencedUntil = .at(60)
    fleet.setAlert(silenced)
    let open = try #require(fleet.alert(.securityAlert, ofAgentAt: 0))
    #expect(!open.isLoud(at: .at(59)))
    #expect(open.isLoud(at: .at(60)))
  }

  @Test mutating func handlersOldCountDoesNotTakeBackWhatWasSeen() throws {
    for second in 0..<9 as Range<Int64> { try fleet.apply("security_alert", "a", at: .at(second)) }
    fleet.setAlert(alert(.critical))
    let record = try #require(fleet.alert(.securityAlert, ofAgentAt: 0)?.record)
    #expect(record.severity == .critical)
    #expect(record.count == 9)
    #expect(record.last == .at(8))
  }

  @Test mutating func closedAlertIsGone() throws {
    try fleet.apply("security_alert", "a", at: .at(0))
    fleet.setAlert(alert(isClosed: true))
    #expect(fleet.alerts.count == 0)
    fleet.setAlert(alert(isClosed: true))
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func endOfAnUnknownAlertMakesNoAgent() {
    fleet.setAlert(alert(isClosed: true))
    #expect(fleet.count == 0)
  }

  @Test mutating func escalationStaysUntilSomebodyClosesIt() {
    fleet.setAlert(AlertRecord(id: AlertID(.escalation, "a"), severity: .high, since: .at(0), last: .at(0)))
    fleet.advance(to: .at(100_000))
    #expect(fleet.alerts.count == 1)
  }
}
