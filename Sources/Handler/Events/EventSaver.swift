import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Saves what events have come to: alerts, and how far events have been read.
///
/// The cursor is saved once all that events up to it have changed is written. What is much goes in bites, so that no
/// transaction holds up the server, and the cursor with the last of them. An alert that is written before the cursor
/// says up to which entry it has counted: a handler that takes over in between reads those events again, and does not
/// count them twice.
/// ```
/// alerts, alerts, … alerts + cursor + what rules decided + what was unreadable, ends, ends …
/// ```
/// Alerts that are over leave after the cursor: they and the news of their end are one transaction, and their events
/// are not read again.
///
/// An alert of silence is opened by no event. So it brings one, `agent.silent`, in the transaction that writes it first:
/// rules act on that as on any other, once an opening, whichever handler reads it.
///
/// If the handler is told to, the same transactions tell the audit how alerts begin and end: see ``AuditedAlerts``.
final class EventSaver {
  /// How far events have been read, and the oldest report that is not settled, as both are saved.
  var saved: StreamID?
  var savedReport: StreamID?
  /// The oldest entry whose report is not settled.
  var oldestReport: () -> StreamID? = { nil }

  private let session: LeaseSession
  private unowned let judge: EventProcessor
  private let rules: RuleEngine
  private let memory: FleetCheckpoint
  private let escalations: EscalationCloser
  private var isSaving = false
  /// Whether there is more to be saved once that is done.
  private var savesAgain = false
  /// Not before then: Redis has refused it a moment ago.
  private var savesFrom = MonotonicTime(nanoseconds: 0)
  /// What a transaction that the server refused was to write.
  private var owed: (changes: Set<AlertID>, ends: [AlertID: AlertEnd], letters: [DeadLetter]) = ([], [:], [])
  private var round: Round?
  /// Alerts of silence that stand in Redis: with each of them its event was published.
  private var published: Set<AlertID> = []
  /// Alerts whose beginning stands in the audit.
  private var audited = AuditedAlerts()

  /// A transaction has no more alerts than this, nor begins another beyond so many bytes.
  private static let most = (alerts: 256, bytes: 256 << 10)
  private static let pauseMilliseconds: Int64 = 500

  /// All that events up to one entry have come to, as far as it is not written.
  private struct Round {
    var open: ArraySlice<AlertID>
    var over: ArraySlice<AlertID>
    let ends: [AlertID: AlertEnd]
    let letters: [DeadLetter]
    let tally: DecisionTally
    let profiles: Set<AgentID>
    /// The entry, and how many were ever added up to it.
    let reached: (entry: StreamID?, count: Int?)
    let report: StreamID?
    var isCursorWritten = false
    /// Alerts whose end the last transaction has told.
    var told: [AlertID] = []
    /// Alerts that the last transaction has written, if somebody follows them.
    var written: [AlertRecord] = []
    /// Alerts whose event the last transaction has published.
    var published: [AlertID] = []
    /// Alerts of which the last transaction has told the audit that they began, or ended.
    var begun: [AlertRecord] = []
    var ended: [AlertID] = []
    var hasAlerts: Bool

    var isDone: Bool { isCursorWritten && over.isEmpty }
  }

  init(
    session: LeaseSession, judge: EventProcessor, rules: RuleEngine, memory: FleetCheckpoint,
    escalations: EscalationCloser
  ) {
    (self.session, self.judge, self.rules) = (session, judge, rules)
    (self.memory, self.escalations) = (memory, escalations)
    session.onAlertsWritten = { [weak self] in self?.goOn() }
  }

  /// Where in the cursor's hash stands how many entries were ever added up to it: by that a loss is counted exactly,
  /// also while no handler lived.
  static func countField(_ keys: Keys) -> [UInt8] { keys.events + "#added".utf8 }

  /// Where stands the oldest entry before the cursor whose report was not settled.
  static func reportField(_ keys: Keys) -> [UInt8] { keys.events + "#reports".utf8 }

  /// Writes what has changed of alerts, with the cursor; the cursor alone only now and then.
  func save(unlessOnlyRead: Bool) {
    // A transaction of a command that changes an alert goes first: what it writes is not known here yet.
    guard MonotonicTime.now >= savesFrom else { return }
    guard !isSaving, session.alertTransactions == 0 else {
      savesAgain = savesAgain || !unlessOnlyRead
      return
    }
    savesAgain = false
    if round == nil { round = next(unlessOnlyRead: unlessOnlyRead) }
    if round != nil { writeBite() }
  }

  /// Takes all that has changed; nil if nothing has that is worth a transaction.
  private func next(unlessOnlyRead: Bool) -> Round? {
    let ends = owed.ends.merging(judge.fleet.takeAlertEnds()) { $1 }
    let changes = judge.fleet.takeAlertChanges().union(owed.changes)
    // What could not be written is not added to: the rest is counted meanwhile.
    let letters = owed.letters.isEmpty ? judge.takeLetters() : owed.letters
    owed = ([], [:], [])
    let reached = judge.position
    let report = [oldestReport(), rules.oldest].compactMap(\.self).min()
    let isOld =
      !unlessOnlyRead && (reached != saved || report != savedReport || rules.hasTally || judge.hasChangedProfiles)
    guard !changes.isEmpty || !letters.isEmpty || isOld else { return nil }
    var (open, over): ([AlertID], [AlertID]) = ([], [])
    for id in changes { if judge.isOpen(id) { open.append(id) } else { over.append(id) } }
    return Round(
      open: open[...], over: over[...], ends: ends, letters: letters, tally: rules.takeTally(),
      profiles: judge.takeChangedProfiles(), reached: (reached, judge.place?.count), report: report,
      hasAlerts: !changes.isEmpty)
  }

  /// Writes as much of the round as one transaction may hold, and goes on from there.
  private func writeBite() {
    guard let before = round else { return }
    var (after, transaction) = (before, Transaction())
    fill(&transaction, &after)
    round = after
    isSaving = true
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      isSaving = false
      switch outcome {
      case .done, .conflict: wrote()
      case .fenced: break
      case .failed(let error): giveBack(before, error)
      }
    }
  }

  private func wrote() {
    guard let round else { return }
    if round.isCursorWritten { (saved, savedReport) = (round.reached.entry, round.report) }
    for id in round.told where !judge.isOpen(id) { escalations.forget(id) }
    published.formUnion(round.published)
    published.subtract(round.told)
    audited.note(begun: round.begun, ended: round.ended)
    if round.hasAlerts { session.tell(.notices) }
    if session.followsAlerts {
      session.tell(.alertsSaved(open: round.written, over: round.told.filter { !judge.isOpen($0) }))
    }
    if round.isDone { self.round = nil }
    goOn()
  }

  /// Goes on with what is begun or was asked for. A command's transaction that came meanwhile goes first, and its end goes
  /// on from there.
  private func goOn() {
    if round != nil || savesAgain { save(unlessOnlyRead: false) }
  }

  /// - Parameter round: as it was before the transaction that failed.
  private func giveBack(_ round: Round, _ error: ServerError) {
    // Not before the next look.
    savesAgain = false
    session.log(.error, "cannot save alerts and how far events were read", ["error": error.text])
    savesFrom = .now.adding(milliseconds: Self.pauseMilliseconds)
    self.round = nil
    owed.changes.formUnion(round.open + round.over)
    owed.ends.merge(round.ends) { $1 }
    guard !round.isCursorWritten else { return }
    owed.letters = round.letters + owed.letters
    rules.giveBack(round.tally)
    judge.giveBack(round.profiles)
  }

  // MARK: What is written

  private func fill(_ transaction: inout Transaction, _ round: inout Round) {
    var count = 0
    defer { if count > 0 { transaction.noteAlerts(session.keys) } }
    var alerts = EncodedArguments()
    func isRoom() -> Bool { count < Self.most.alerts && transaction.byteCount + alerts.bytes.count < Self.most.bytes }
    (round.told, round.written, round.published) = ([], [], [])
    (round.begun, round.ended) = ([], [])
    let position = judge.position
    // What goes with the cursor of that very entry need not say how far it has counted.
    let goesWithCursor = round.open.count <= Self.most.alerts && position == round.reached.entry
    while let id = round.open.first, goesWithCursor || isRoom() {
      round.open.removeFirst()
      // One that is over by now is among the next changes.
      guard var alert = judge.open(id) else { continue }
      alert.countedTo = goesWithCursor ? nil : position.map { "\($0)" }
      id.bytes.append(to: &alerts)
      AlertCoding.encode(alert).append(to: &alerts)
      count += 1
      if session.followsAlerts { round.written.append(alert) }
      if session.options.insight.learns, let line = audited.beginning(of: alert, session) {
        transaction.add(line, session.keys)
        round.begun.append(alert)
      }
      guard id.kind == .silent, !published.contains(id) else { continue }
      transaction.add(to: session.keys.events, judge.silenceEvent(of: id.agent))
      round.published.append(id)
    }
    // One change for all of them: each costs the server several times as much as a field.
    if count > 0 { transaction.change("HSET", session.keys.alerts, encoded: alerts) }
    guard round.open.isEmpty else { return }
    if !round.isCursorWritten { writeCursor(of: round, to: &transaction) }
    round.isCursorWritten = true
    while let id = round.over.first, isRoom() {
      round.over.removeFirst()
      writeEnd(of: id, &round, to: &transaction)
      round.told.append(id)
      count += 1
    }
  }

  /// Takes note of an alert that an earlier handler has written.
  private func noteStored(_ alert: AlertRecord) {
    if alert.id.kind == .silent { published.insert(alert.id) }
    if session.options.insight.learns { audited.note(begun: [alert], ended: []) }
  }

  private func writeCursor(of round: Round, to transaction: inout Transaction) {
    for letter in round.letters { letter.add(to: &transaction, keys: session.keys) }
    round.tally.write(to: &transaction, keys: session.keys)
    memory.write(round.profiles, to: &transaction)
    if let entry = round.reached.entry {
      let count = round.reached.count.map { "\($0)" } ?? ""
      transaction.change("HSET", session.keys.cursor, session.keys.events, entry, Self.countField(session.keys), count)
    }
    if let report = round.report {
      transaction.change("HSET", session.keys.cursor, Self.reportField(session.keys), report)
    } else if savedReport != nil {
      transaction.change("HDEL", session.keys.cursor, Self.reportField(session.keys))
    }
  }

  private func writeEnd(of id: AlertID, _ round: inout Round, to transaction: inout Transaction) {
    // It was opened anew: that is among the next changes.
    guard !judge.isOpen(id) else { return }
    transaction.change("HDEL", session.keys.alerts, id.bytes)
    let end = round.ends[id] ?? .unrecovered
    if let line = audited.end(of: id, end, session) {
      transaction.add(line, session.keys)
      round.ended.append(id)
    }
    let over = RuleNotice.over(id, end, at: session.now)
    let notices = id.kind == .escalation ? escalations.departed(id) : [over].compactMap(\.self)
    for notice in notices { session.notify(notice, in: &transaction) }
  }

  /// Takes up the alerts that the handler before saved.
  ///
  /// - Parameter cursor: how far it had read.
  func restore(_ alerts: [(name: [UInt8], value: [UInt8])], reached cursor: StreamID?) {
    judge.fleet.advance(to: session.now)
    var restored: [AlertRecord] = []
    for (id, value) in alerts {
      guard let record = AlertCoding.decode(id: id, payload: value)?.noLater(than: session.now) else {
        session.log(
          .error, "an alert in Redis is not understood", ["alert": String(decoding: id.prefix(600), as: UTF8.self)])
        continue
      }
      judge.fleet.setAlert(record)
      if session.followsAlerts { restored.append(record) }
      noteStored(record)
      let counted = record.countedTo.flatMap { StreamID(Array($0.utf8)) }
      // What claims to have counted events of the future was written by somebody else.
      guard let counted, counted > cursor ?? .zero, counted.instant <= session.now else { continue }
      judge.noteCounted(record.id, to: counted)
    }
    // One more sample past the limit is not written: what was open when the cursor was saved was so for a reason.
    let reached = cursor?.instant.noLater(than: session.now) ?? .epoch
    judge.fleet.keepAlerts(from: session.options.leapsPassTime ? reached : session.now)
    _ = judge.fleet.takeAlertChanges()
    if session.followsAlerts { session.tell(.alertsSaved(open: restored, over: [])) }
  }
}
