import FleetModel
import TestSupport
import Testing

/// An alert closes by values that are well, and by nothing else that comes or does not come.
@Suite struct AlertLifecycleTests {
  private var fleet = Fleet(tracksAlertChanges: true, tracksAgentChanges: true)

  private mutating func report(_ data: String, at seconds: some Sequence<Int64>, _ type: String = "metrics") throws {
    for second in seconds { try fleet.apply(type, "a", data, at: .at(second)) }
  }

  private var alert: Alert? { fleet.alerts.open.first { $0.id.kind != .escalation } }

  /// What its end was, if it has ended.
  private mutating func end() -> AlertEnd? { fleet.takeAlertEnds().values.first }

  @Test mutating func silenceClosesNothing() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    for second in stride(from: Int64(1), through: 86_399, by: 7) {
      fleet.advance(to: .at(second))
      try #require(fleet.alerts.count == 1)
    }
  }

  @Test mutating func fiveMinutesOfValuesBelowItsLevelCloseIt() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    try report(#"{"error_rate":0.01}"#, at: stride(from: 10, through: 309, by: 10))
    #expect(alert?.isQuiet == false && end() == nil)
    try report(#"{"error_rate":0.01}"#, at: [310])
    #expect(alert == nil && end() == .recovered)
  }

  @Test mutating func fewValuesBelowItsLevelAndThenNothingAreNoRecovery() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    try report(#"{"error_rate":0.01}"#, at: [100, 110])
    fleet.advance(to: .at(409))
    #expect(alert?.isQuiet == false)
    fleet.advance(to: .at(410))
    #expect(alert?.record.quietSince == .at(410))
  }

  @Test(arguments: ["0.041", "0.06"])
  mutating func valueNearOrPastItsLevelBeginsTheFiveMinutesAnew(rate: String) throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    try report(#"{"error_rate":0.01}"#, at: stride(from: 10, through: 290, by: 10))
    try report(#"{"error_rate":\#(rate)}"#, at: [300])
    try report(#"{"error_rate":0.01}"#, at: stride(from: 310, through: 600, by: 10))
    #expect(alert != nil)
    try report(#"{"error_rate":0.01}"#, at: [610])
    #expect(alert == nil)
  }

  @Test mutating func allMetricsThatWereInTroubleMustRecover() throws {
    try report(#"{"error_rate":0.45,"response_time":9000}"#, at: [0])
    try report(#"{"error_rate":0.01}"#, at: stride(from: 10, through: 200, by: 10))
    #expect(alert?.isQuiet == false)
    // Nothing is heard of the response time.
    try report(#"{"error_rate":0.01}"#, at: stride(from: 210, through: 900, by: 10))
    #expect(alert?.record.quietSince == .at(300))
    try report(#"{"error_rate":0.01,"response_time":100}"#, at: stride(from: 910, through: 1210, by: 100))
    #expect(alert == nil && end() == .recovered)
  }

  @Test mutating func otherMetricsSayNothingOfItsTrouble() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    try report(#"{"response_time":100,"queue_size":1}"#, at: stride(from: 10, through: 900, by: 10))
    #expect(alert?.record.quietSince == .at(300))
  }

  @Test mutating func alertWithoutAValueTurnsQuietAndIsGivenUpAfterADay() throws {
    try report(#"{"alert_type":"brute_force"}"#, at: [0, 60], "security_alert")
    fleet.advance(to: .at(359))
    #expect(alert?.isQuiet == false)
    _ = fleet.takeAlertChanges()
    fleet.advance(to: .at(360))
    #expect(alert?.record.quietSince == .at(360) && alert?.record.severity == .medium)
    #expect(fleet.takeAlertChanges() == [AlertID(.securityAlert, "a")] && end() == nil)
    fleet.advance(to: .at(360 + 86_399))
    #expect(alert != nil)
    fleet.advance(to: .at(360 + 86_400))
    #expect(alert == nil && end() == .unrecovered)
  }

  @Test mutating func howLongItStaysQuietCanBeSet() throws {
    try report("{}", at: [0], "security_alert")
    fleet.advance(to: .at(1000))
    fleet.quietAlertsStay = .minutes(20)
    fleet.advance(to: .at(1499))
    #expect(alert != nil)
    fleet.advance(to: .at(1500))
    #expect(end() == .unrecovered)
  }

  @Test mutating func newSignOfTroubleEndsTheQuiet() throws {
    try report("{}", at: [0], "security_alert")
    fleet.advance(to: .at(400))
    try report("{}", at: [500], "security_alert")
    #expect(alert?.isQuiet == false && alert?.record.count == 2)
    fleet.advance(to: .at(799))
    #expect(alert?.isQuiet == false)
    fleet.advance(to: .at(800))
    #expect(alert?.record.quietSince == .at(800))
  }

  @Test mutating func valueBelowItsLevelEndsTheQuietAndBeginsTheFiveMinutes() throws {
    try report(#"{"error_rate":0.45}"#, at: stride(from: 0, through: 60, by: 10))
    try report(#"{"error_rate":0.01}"#, at: [70])
    fleet.advance(to: .at(3000))
    #expect(alert?.isQuiet == true)
    // What was well before the silence is of another stretch.
    try report(#"{"error_rate":0.01}"#, at: stride(from: 3600, through: 3899, by: 10))
    #expect(alert?.isQuiet == false)
    try report(#"{"error_rate":0.01}"#, at: [3900])
    #expect(end() == .recovered)
  }

  @Test mutating func eventOfTroubleIsNoRecoveryWhateverItsValues() throws {
    try report(#"{"error_rate":0.01}"#, at: stride(from: 0, through: 900, by: 10), "performance_degraded")
    #expect(alert?.record.count == 91 && alert?.isQuiet == false)
  }

  @Test mutating func valuesCloseAnAlertThatAnEventOpenedWithoutOne() throws {
    try report(#"{"messages_per_minute":900}"#, at: [0], "high_traffic")
    try report(#"{"queue_size":1}"#, at: stride(from: 10, through: 310, by: 10))
    #expect(alert == nil && end() == .recovered)
  }

  @Test mutating func valuesOfAPausedAgentAreNoRecovery() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    var record = AgentRecord()
    (record.state, record.version) = (.paused, 1)
    fleet.setRecord(record, of: "a")
    try report(#"{"error_rate":0}"#, at: stride(from: 10, through: 900, by: 10))
    #expect(alert?.isQuiet == false)
    (record.state, record.version) = (.running, 2)
    fleet.setRecord(record, of: "a")
    try report(#"{"error_rate":0}"#, at: stride(from: 910, through: 1200, by: 10))
    #expect(alert != nil)
    try report(#"{"error_rate":0}"#, at: [1210])
    #expect(alert == nil)
  }

  @Test mutating func agentThatIsDeletedTakesItsAlertsAlongUnrecovered() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    try report("{}", at: [10], "deleted")
    fleet.advance(to: .at(71))
    #expect(alert == nil && end() == .agentLeft)
  }

  @Test mutating func quietAlertSaysNothingOfHowTheAgentIsNow() throws {
    try report(#"{"error_rate":0.45}"#, at: [0])
    #expect(fleet.worstTrouble(ofAgentAt: 0) == .critical)
    _ = fleet.takeAgentChanges()
    fleet.advance(to: .at(300))
    #expect(fleet.worstTrouble(ofAgentAt: 0) == nil)
    #expect(fleet.takeAgentChanges().map(\.position) == [0])
  }

  @Test mutating func quietAlertIsRestoredAsItWasStored() throws {
    fleet.advance(to: .at(1000))
    fleet.setAlert(
      AlertRecord(
        id: AlertID(.performanceDegraded, "a"), severity: .high, since: .at(0), last: .at(10), quietSince: .at(310),
        metric: .errorRate))
    fleet.advance(to: .at(1001))
    #expect(alert?.record.quietSince == .at(310))
    // Values of another metric do not speak of it.
    try report(#"{"response_time":100}"#, at: stride(from: 1010, through: 1400, by: 10))
    #expect(alert?.isQuiet == true)
    try report(#"{"error_rate":0.01}"#, at: stride(from: 1410, through: 1710, by: 10))
    #expect(end() == .recovered)
  }
}
