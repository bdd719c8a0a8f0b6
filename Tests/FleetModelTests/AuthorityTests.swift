import FleetModel
import TestSupport
import Testing

/// What the handler has written is the truth; what a console judges itself is marked.
@Suite struct AuthorityTests {
  private var fleet = Fleet()
  private let id = AlertID(.securityAlert, "a")

  init() { fleet.watch() }

  private func record(count: Int = 1, last: Int64 = 0, _ change: (inout AlertRecord) -> Void = { _ in }) -> AlertRecord
  {
    var record = AlertRecord(id: id, severity: .medium, count: count, since: .at(0), last: .at(last))
    change(&record)
    return record
  }

  private mutating func tell(_ all: [AlertRecord], judgedUpTo: Int64, at instant: Int64) {
    fleet.setAlerts(all, judgedUpTo: .at(judgedUpTo), at: .at(instant))
  }

  private mutating func attack(_ seconds: some Sequence<Int64>) throws {
    for second in seconds { try fleet.apply("security_alert", "a", at: .at(second)) }
  }

  private var alert: Alert? { fleet.alerts.open.first { $0.id == id } }

  @Test(arguments: [true, false]) mutating func historyCountsNothingThatTheHandlerHasCounted(isAlive: Bool) throws {
    fleet.setHandler(isAlive: isAlive)
    tell([record(count: 23, last: 22)], judgedUpTo: 22, at: 100)
    try attack(0..<23)
    #expect(alert?.record.count == 23 && alert?.isLocal == false)
    try attack([23])
    #expect(alert?.record.count == (isAlive ? 23 : 24) && alert?.isLocal == !isAlive)
  }

  /// Between a handler's death and the end of its lease events come that nobody writes.
  @Test(arguments: [true, false]) mutating func whatTheDeadHandlerDidNotWriteCountsAsThisConsolesWord(isWritten: Bool)
    throws
  {
    fleet.setHandler(isAlive: true)
    tell([record { $0.quietSince = .at(300) }], judgedUpTo: 0, at: 301)
    try attack([310, 311])
    #expect(alert?.record.count == 1 && alert?.isQuiet == true, "the handler's word stands")
    if isWritten { tell([record(count: 3, last: 311)], judgedUpTo: 311, at: 312) }
    fleet.setHandler(isAlive: false)
    #expect(alert?.record.count == 3 && alert?.record.last == .at(311) && alert?.isQuiet == false)
    #expect(alert?.isLocal == !isWritten)
  }

  @Test mutating func alertIsLocalUntilTheHandlerHasWrittenIt() throws {
    fleet.setHandler(isAlive: true)
    tell([], judgedUpTo: 0, at: 0)
    try attack([5])
    #expect(alert?.isLocal == true && fleet.alerts.counts(at: .at(5)).local == 1)
    tell([record(last: 5)], judgedUpTo: 5, at: 6)
    #expect(alert?.isLocal == false && fleet.alerts.counts(at: .at(6)).local == 0)
  }

  @Test mutating func localAlertGoesOnceTheHandlerHasReadAsFarWithoutIt() throws {
    fleet.setHandler(isAlive: true)
    try attack([5])
    fleet.noteJudged(upTo: .at(3))
    fleet.advance(to: .at(20))
    #expect(alert != nil, "the handler has not read as far")
    fleet.noteJudged(upTo: .at(20))
    #expect(alert == nil)
  }

  @Test mutating func whoHearsMoreThanTheHandlerKeepsWhatItHears() throws {
    fleet.setHandler(isAlive: true)
    try attack([5])
    fleet.setAlerts([], judgedUpTo: nil, at: .at(30))
    fleet.advance(to: .at(40))
    #expect(alert?.isLocal == true)
  }

  @Test mutating func handlersAlertEndsAndTurnsQuietByItsWordAlone() throws {
    fleet.setHandler(isAlive: true)
    let errors = AlertRecord(
      id: AlertID(.performanceDegraded, "b"), severity: .high, since: .at(0), last: .at(0), metric: .errorRate)
    tell([record(), errors], judgedUpTo: 0, at: 1)
    for second in stride(from: Int64(10), through: 400, by: 10) {
      try fleet.apply("metrics", "b", #"{"error_rate":0.01}"#, at: .at(second))
    }
    fleet.advance(to: .at(1000))
    #expect(fleet.alerts.count == 2 && alert?.isQuiet == false)
    tell([record { $0.quietSince = .at(300) }], judgedUpTo: 1000, at: 1000)
    #expect(fleet.alerts.count == 1 && alert?.record.quietSince == .at(300))
    fleet.advance(to: .at(300_000))
    #expect(fleet.alerts.count == 1)
  }

  @Test mutating func redisThatComesBackEmptyTakesAlertsAlong() {
    fleet.setHandler(isAlive: true)
    tell([record()], judgedUpTo: 0, at: 1)
    fleet.setAlerts([], judgedUpTo: nil, at: .at(5))
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func auditOfBeforeChangesNothingOfAlertsThatWereToldSince() {
    fleet.setHandler(isAlive: true)
    tell([record(count: 3, last: 90)], judgedUpTo: 100, at: 100)
    func line(_ alert: AlertRecord, _ second: Int64) -> AuditLine {
      AuditLine(
        origin: .command(CommandID("c\(second)")), phase: .succeeded, action: "close", target: "a", alert: alert,
        at: .at(second))
    }
    fleet.apply(line(record { $0.isClosed = true }, 50))
    #expect(alert?.record.count == 3)
    fleet.apply(line(record(count: 3, last: 90) { $0.acknowledgedBy = "bob" }, 101))
    #expect(alert?.record.acknowledgedBy == "bob")
  }

  /// The history is read after all alerts have been told: what was closed meanwhile is opened by it once more.
  @Test mutating func alertThatWasClosedByHandIsClosedAlsoWhereItsEventsAreReadLater() throws {
    fleet.setHandler(isAlive: true)
    tell([], judgedUpTo: 11, at: 12)
    try attack([9, 10])
    #expect(alert?.isLocal == true)
    let closed = record(count: 2, last: 10) { $0.isClosed = true }
    func line(_ second: Int64) -> AuditLine {
      AuditLine(
        origin: .command(CommandID("c1")), phase: .succeeded, action: "close", target: "a", alert: closed,
        at: .at(second))
    }
    fleet.apply(line(9))
    #expect(alert != nil, "an event of after that has opened it anew")
    fleet.apply(line(11))
    #expect(alert == nil)
  }

  @Test mutating func withoutAHandlerWhatIsJudgedHereIsMarked() throws {
    fleet.setHandler(isAlive: true)
    tell([record()], judgedUpTo: 0, at: 1)
    fleet.setHandler(isAlive: false)
    #expect(alert?.isLocal == false)
    fleet.advance(to: .at(300))
    #expect(alert?.isQuiet == true && alert?.isLocal == true)
    // What stands in Redis is older.
    tell([record()], judgedUpTo: 0, at: 301)
    #expect(alert?.isQuiet == true)
    fleet.setHandler(isAlive: true)
    tell([record(count: 2, last: 310)], judgedUpTo: 310, at: 311)
    #expect(alert?.record == record(count: 2, last: 310) && alert?.isLocal == false)
  }

  @Test mutating func alertsThatCannotBeReadAreJudgedHere() throws {
    fleet.setHandler(isAlive: true)
    fleet.setAlertsServed(false)
    try attack([0])
    fleet.advance(to: .at(300))
    #expect(alert?.isQuiet == true && alert?.isLocal == true)
  }

  // MARK: Records

  private func paused(version: Int) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.version, record.rateLimit) = (.paused, version, 60)
    return record
  }

  private mutating func tell(records: [AgentID: AgentRecord]) {
    fleet.beginRecords()
    for (id, record) in records { fleet.setStoredRecord(record, of: id) }
    fleet.endRecords()
  }

  @Test mutating func recordThatIsStoredNoLongerIsForgotten() {
    tell(records: ["a": paused(version: 17), "b": paused(version: 1)])
    #expect(fleet["a"]?.state == .paused)
    tell(records: ["b": paused(version: 1)])
    #expect(fleet["a"]?.record == AgentRecord() && fleet["b"]?.state == .paused)
  }

  @Test mutating func serverThatWentBackIsBelieved() {
    tell(records: ["a": paused(version: 17)])
    var older = AgentRecord()
    older.version = 3
    tell(records: ["a": older])
    #expect(fleet["a"]?.record == older)
    fleet.setRecord(paused(version: 4), of: "a")
    #expect(fleet["a"]?.state == .paused)
  }

  @Test mutating func whatTheAuditTellsMeanwhileIsNewer() {
    fleet.beginRecords()
    fleet.setRecord(paused(version: 5), of: "a")
    fleet.setRecord(paused(version: 1), of: "b")
    fleet.setStoredRecord(AgentRecord(), of: "a")
    fleet.endRecords()
    #expect(fleet["a"]?.record.version == 5 && fleet["b"]?.record.version == 1)
  }
}
