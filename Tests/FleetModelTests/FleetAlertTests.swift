import FleetModel
import TestSupport
import Testing

@Suite struct FleetAlertTests {
  private var fleet = Fleet(tracksAlertChanges: true)

  private func alert(_ kind: AlertKind, _ agent: AgentID = "a") -> AlertRecord? {
    fleet.position(of: agent).flatMap { fleet.alert(kind, ofAgentAt: $0) }?.record
  }

  @Test mutating func eventOpensItsAlert() throws {
    try fleet.apply("security_alert", "a", #"{"alert_type":"brute_force","risk_level":"high"}"#, at: .at(0))
    #expect(
      alert(.securityAlert)
        == AlertRecord(
          id: AlertID(.securityAlert, "a"), severity: .high, since: .at(0), last: .at(0), summary: "brute force"))
    #expect(fleet.alerts.count == 1)
  }

  @Test(arguments: [
    ("performance_degraded", AlertKind.performanceDegraded, Severity.high), ("high_traffic", .highTraffic, .medium),
    ("satisfaction_low", .satisfactionLow, .medium), ("security_alert", .securityAlert, .medium),
    ("health_critical", .healthCritical, .high), ("predictive_alert", .predictiveAlert, .low),
    ("anomaly", .anomaly, .medium), ("runaway", .runaway, .high), ("budget", .budget, .medium),
  ])
  mutating func eventWithoutNumbersHasItsLeastSeverity(type: String, kind: AlertKind, severity: Severity) throws {
    try fleet.apply(type, "a", at: .at(0))
    #expect(alert(kind)?.severity == severity)
  }

  @Test(arguments: ["anomaly", "runaway"])
  mutating func findingSaysWhatIsUnusualAndTurnsQuiet(type: String) throws {
    try fleet.apply(type, "a", #"{"metric":"error_rate","detail":"errors 4%, its peers 1%","value":0.04}"#, at: .at(0))
    let kind = try #require(AlertKind.allCases.first { $0.type == "agent.\(type)" })
    #expect(alert(kind)?.summary == "errors 4%, its peers 1%")
    fleet.advance(to: .at(301))
    #expect(alert(kind)?.quietSince == .at(300))
  }

  /// That the handler says something of an agent is no sign of life from it.
  @Test mutating func agentIsNotHeardByWhatTheHandlerSays() throws {
    try fleet.apply("metrics", "a", at: .at(0))
    try fleet.apply("anomaly", "a", #"{"detail":"slow"}"#, source: "vigia", at: .at(100))
    #expect(fleet["a"]?.lastEventAt == .at(0) && fleet["a"]?.eventCount == 1 && fleet.lastEventAt == .at(0))
    #expect(alert(.anomaly)?.since == .at(100) && fleet.counts.total == 2)
    try fleet.apply("anomaly", "a", #"{"detail":"slow"}"#, source: "elsewhere", at: .at(200))
    #expect(fleet["a"]?.lastEventAt == .at(200))
  }

  @Test mutating func thresholdOpensAnAlertWithoutCountingSamples() throws {
    for second in 0..<5 as Range<Int64> { try fleet.apply("metrics", "a", #"{"error_rate":0.06}"#, at: .at(second)) }
    #expect(alert(.performanceDegraded)?.severity == .medium)
    #expect(alert(.performanceDegraded)?.count == 1)
    #expect(alert(.performanceDegraded)?.since == .at(0))
    #expect(alert(.performanceDegraded)?.last == .at(4))
  }

  @Test mutating func valueBelowTheLimitOpensNone() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.049,"avg_rating":3.1}"#, at: .at(0))
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func repeatsAreCounted() throws {
    for second in 0..<3 as Range<Int64> { try fleet.apply("security_alert", "a", at: .at(second)) }
    #expect(alert(.securityAlert)?.count == 3)
    #expect(alert(.securityAlert)?.since == .at(0))
    #expect(alert(.securityAlert)?.last == .at(2))
    #expect(fleet.alerts.count == 1)
  }

  @Test mutating func eventWhoseOwnValueOpensItsAlertIsNoRepeat() throws {
    try fleet.apply("health_critical", "a", #"{"health_score":0.5}"#, at: .at(0))
    #expect(alert(.healthCritical)?.count == 1)
    try fleet.apply("health_critical", "a", #"{"health_score":0.5}"#, at: .at(1))
    #expect(alert(.healthCritical)?.count == 2)
    try fleet.apply("metrics", "b", #"{"error_rate":0.3}"#, at: .at(2))
    try fleet.apply("performance_degraded", "b", #"{"error_rate":0.3}"#, at: .at(3))
    #expect(fleet.alert(.performanceDegraded, ofAgentAt: try #require(fleet.position(of: "b")))?.record.count == 2)
  }

  @Test mutating func alertWorsensAndDoesNotSoften() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.06}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"error_rate":0.3}"#, at: .at(1))
    #expect(alert(.performanceDegraded)?.severity == .critical)
    try fleet.apply("metrics", "a", #"{"error_rate":0.06}"#, at: .at(2))
    #expect(alert(.performanceDegraded)?.severity == .critical)
  }

  @Test mutating func eventIsAsBadAsTheWorstOfItsNumbers() throws {
    try fleet.apply("performance_degraded", "a", #"{"error_rate":0.06,"response_time":9000}"#, at: .at(0))
    let open = try #require(fleet.alert(.performanceDegraded, ofAgentAt: 0))
    #expect(open.record.severity == .critical)
    #expect(open.metric == .responseTime)
    #expect(open.value == 9000)
  }

  @Test mutating func valueNearTheLimitOpensNone() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.045}"#, at: .at(0))
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func troubleAfterTheEndOpensAnother() throws {
    try fleet.apply("security_alert", "a", at: .at(0))
    try fleet.apply("security_alert", "a", at: .at(1))
    fleet.advance(to: .at(301 + 86_400))
    try fleet.apply("security_alert", "a", at: .at(100_000))
    #expect(alert(.securityAlert)?.count == 1)
    #expect(alert(.securityAlert)?.since == .at(100_000))
  }

  @Test mutating func worstAlertOfAnAgentComesFirst() throws {
    try fleet.apply("predictive_alert", "a", at: .at(0))
    try fleet.apply("metrics", "a", #"{"error_rate":0.3,"queue_size":120}"#, at: .at(0))
    #expect(fleet.alerts(ofAgentAt: 0).map(\.id.kind) == [.performanceDegraded, .highTraffic, .predictiveAlert])
  }

  @Test mutating func onlyWhatIsNewIsTold() throws {
    let id = AlertID(.performanceDegraded, "a")
    try fleet.apply("metrics", "a", #"{"error_rate":0.06}"#, at: .at(0))
    #expect(fleet.takeAlertChanges() == [id])
    #expect(fleet.takeAlertChanges() == [])
    try fleet.apply("metrics", "a", #"{"error_rate":0.07}"#, at: .at(1))
    #expect(fleet.takeAlertChanges() == [])
    try fleet.apply("metrics", "a", #"{"error_rate":0.2}"#, at: .at(2))
    #expect(fleet.takeAlertChanges() == [id])
    try fleet.apply("metrics", "a", #"{"error_rate":0.01}"#, at: .at(3))
    try fleet.apply("metrics", "a", #"{"error_rate":0.01}"#, at: .at(303))
    #expect(fleet.takeAlertEnds() == [id: .recovered])
    #expect(fleet.takeAlertChanges() == [id])
  }

  @Test mutating func wordsOfTheHandlerAndNumbersOfEventsStandTogether() throws {
    try fleet.apply("security_alert", "a", #"{"alert_type":"brute_force"}"#, at: .at(0))
    var record = try #require(alert(.securityAlert))
    (record.acknowledgedBy, record.note, record.count, record.severity) = ("bob", "seen", 7, .low)
    fleet.setAlert(record)
    try fleet.apply("security_alert", "a", #"{"alert_type":"brute_force","risk_level":"high"}"#, at: .at(9))
    record.count = 8
    record.severity = .high
    record.last = .at(9)
    #expect(alert(.securityAlert) == record)
    #expect(Array(fleet.alerts.open).map(\.record) == [record])
    try fleet.apply("security_alert", "a", #"{"alert_type":"sql_injection"}"#, at: .at(10))
    #expect(alert(.securityAlert)?.summary == "sql injection" && alert(.securityAlert)?.note == "seen")
  }

  @Test mutating func countOfAnAlertNeverOverflows() throws {
    fleet.setAlert(
      AlertRecord(id: AlertID(.highTraffic, "a"), severity: .low, count: .max, since: .at(0), last: .at(0)))
    try fleet.apply("high_traffic", "a", at: .at(1))
    #expect(alert(.highTraffic)?.count == .max && alert(.highTraffic)?.last == .at(1))
  }

  @Test mutating func placeOfAnAlertThatEndedIsTakenByAnother() throws {
    fleet.quietAlertsStay = .seconds(100)
    for round in 0..<3 as Range<Int64> {
      try fleet.apply("high_traffic", "a", at: .at(1000 * round))
      try fleet.apply("security_alert", "b", at: .at(1000 * round + 200))
      #expect(fleet.takeAlertChanges() == [AlertID(.highTraffic, "a"), AlertID(.securityAlert, "b")])
      fleet.advance(to: .at(1000 * round + 300))
      fleet.advance(to: .at(1000 * round + 400))
      #expect(fleet.takeAlertChanges() == [AlertID(.highTraffic, "a")])
      #expect(fleet.alerts.count == 1 && fleet.alerts.count(of: .highTraffic) == 0)
      try fleet.apply("health_critical", "c", at: .at(1000 * round + 401))
      #expect(fleet.takeAlertChanges() == [AlertID(.healthCritical, "c")])
      for second in [501, 601, 702, 802] as [Int64] { fleet.advance(to: .at(1000 * round + second)) }
      #expect(fleet.takeAlertChanges() == [AlertID(.securityAlert, "b"), AlertID(.healthCritical, "c")])
    }
  }

  @Test(arguments: [
    (#""high""#, Severity.high), (#""CRITICAL""#, .critical), (#""\u0048igh""#, .high), (#""Low ""#, .medium),
    ("3", .medium),
    ("null", .medium), (#"["high"]"#, .medium), (#""higher""#, .medium),
  ])
  mutating func riskIsReadWhateverItsLetters(risk: String, severity: Severity) throws {
    try fleet.apply("security_alert", "a", #"{"risk_level":\#(risk)}"#, at: .at(0))
    #expect(alert(.securityAlert)?.severity == severity)
  }

  @Test(arguments: ["agent.security_alert/a/b", "escalation/", "agent.high_traffic/é"])
  func alertIDReadsBackFromItsWireForm(text: String) throws {
    let id = try #require(AlertID(bytes: Array(text.utf8)))
    #expect(id.bytes == Array(text.utf8))
  }

  @Test(arguments: ["", "escalation", "agent.unknown/a", "/a"])
  func otherTextIsNoAlertID(text: String) {
    #expect(AlertID(bytes: Array(text.utf8)) == nil)
  }

  @Test mutating func repeatsThatWereCountedBeforeCountNoSecondTime() throws {
    let id = AlertID(.highTraffic, "a")
    try fleet.apply("high_traffic", "a", at: .at(0))
    fleet.setCounted(id, true)
    try fleet.apply("high_traffic", "a", at: .at(1))
    #expect(fleet.isOpen(id) && !fleet.isOpen(AlertID(.highTraffic, "b")))
    #expect(fleet.alert(.highTraffic, ofAgentAt: 0)?.record.count == 1)
    fleet.setCounted(id, false)
    try fleet.apply("high_traffic", "a", at: .at(2))
    #expect(fleet.alert(.highTraffic, ofAgentAt: 0)?.record.count == 2)
  }
}
