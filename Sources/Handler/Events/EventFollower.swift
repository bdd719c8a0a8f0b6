import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Follows the stream of events from the saved cursor, and has what they come to saved.
///
/// What is long is read by ranges on two connections, as a console reads its history; then entries as they come.
final class EventFollower {
  private let session: LeaseSession
  private let endpoint: Endpoint
  let judge: EventProcessor
  let rules: RuleEngine
  private let escalations: EscalationCloser
  private let saver: EventSaver
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [weak self] in self?.changed($0) }
  private lazy var assembler = EntryAssembler(.read, streams: [session.keys.events]) { [judge] in judge.take($0) }
  private var backlog: Backlog?
  private var bite = BatchSize()
  /// Whether what waits to be judged is of a stretch that was read to its end.
  private var savesOnceDrained = false
  private let memory: FleetCheckpoint
  let watch: FleetWatch
  /// From where entries before the cursor are still to be read once more.
  private var rereadFrom: StreamID?
  /// The oldest entry whose report is not settled.
  private let oldestReport: () -> StreamID?
  /// What the fleet counted while it was restored.
  private(set) var sumsBefore = EventSums()
  /// Nil once events have been read to their end.
  private var takeover: SilenceTakeover?
  private var inspectedAt = MonotonicTime.now
  private lazy var watchdog = Watchdog(loop: session.loop, limit: Self.silenceMilliseconds)

  private static let blockMilliseconds = 1000
  private static let silenceMilliseconds = 3 * Int64(blockMilliseconds)
  /// Reading anew right after a reply costs both sides a turn for every few entries.
  private static let restMilliseconds: Int64 = 5
  private static let saveMilliseconds: Int64 = 500
  /// Between two looks at what may have been trimmed or lost.
  private static let inspectMilliseconds = 10_000.0

  init(
    session: LeaseSession, endpoint: Endpoint, oldestReport: @escaping () -> StreamID? = { nil },
    warn: @escaping (String?) -> Void = { _ in }, notify: @escaping (EventProcessor.Report) -> Void
  ) {
    self.oldestReport = oldestReport
    self.session = session
    self.endpoint = endpoint
    judge = EventProcessor(session: session, notify: notify)
    let judge = judge
    rules = RuleEngine(session: session, knowledge: judge, repeats: judge.repeats)
    escalations = EscalationCloser(session: session) { [unowned judge] in judge.fleet }
    judge.rules = rules
    memory = FleetCheckpoint(session: session, judge: judge)
    watch = FleetWatch(session: session, fleet: judge, warn: warn)
    if session.options.insight.isOn {
      judge.minutes = watch.collector
      judge.marked = { [weak watch] in watch?.note($1, of: $0) }
      judge.foreseen = { [weak watch] in watch?.health(at: $0) }
    }
    saver = EventSaver(session: session, judge: judge, rules: rules, memory: memory, escalations: escalations)
    saver.oldestReport = { [unowned self] in [self.oldestReport(), rereadFrom].compactMap(\.self).min() }
    rules.onDrained = { [weak self] in self?.drained() }
  }

  func start() {
    judge.answer()
    // The fleet as the handler before knew it; then where it was.
    memory.restore { [weak self] in
      guard let self else { return }
      FormerPauses(session: session, roles: judge.roles).takeUp { [weak self] in self?.takeUp() }
    }
  }

  private func takeUp() {
    let fields = Request("HMGET", session.keys.cursor, session.keys.events, countField, reportField)
    session.read([fields]) { [weak self] replies in
      guard let self else { return }
      let cursor = replies[0].elements?.map(\.bytes) ?? []
      guard let reached = cursor.first?.flatMap({ StreamID($0) }) else { return goOn(from: cursor) }
      let again = cursor.last?.flatMap { StreamID($0) }
      memory.recall(upTo: reached) { [weak self] in
        guard let self else { return }
        EventIDMemory(session: session, judge: judge).recall(upTo: reached, again: again) { [weak self] in
          guard let self else { return }
          MinuteMemory(session: session, judge: judge).recall(upTo: reached) { [weak self] in self?.goOn(from: cursor) }
        }
      }
    }
  }

  /// Alerts are read last of all: a command may change one meanwhile, and what was read before would undo it.
  private func goOn(from cursor: [[UInt8]?]) {
    session.read([Request("HGETALL", session.keys.alerts)]) { [weak self] replies in
      guard let self else { return }
      saver.restore(replies[0].pairs, reached: cursor.first?.flatMap { StreamID($0) })
      judge.isRestored = true
      sumsBefore = EventSums(judge.fleet.counts)
      begin(cursor)
      reportAgain(from: cursor.last?.flatMap { StreamID($0) }, through: saver.saved)
      rules.start()
      watch.start()
      memory.sweep()
      link.start()
      tick()
    }
  }

  /// Where in the cursor's hash stands how many entries were ever added up to it: by that a loss is counted exactly, also
  /// while no handler lived.
  private var countField: [UInt8] { EventSaver.countField(session.keys) }

  /// Where stands the oldest entry before the cursor whose report was not settled.
  private var reportField: [UInt8] { EventSaver.reportField(session.keys) }

  /// Takes what runtimes reported before the cursor and the handler before could not settle: its lanes were busy.
  ///
  /// - Parameter end: the cursor with which the handler began: what stands behind it is read for the first time.
  private func reportAgain(from start: StreamID?, through end: StreamID?) {
    guard let start, let end, start <= end else {
      rereadFrom = nil
      judge.endAgain()
      return
    }
    (saver.savedReport, rereadFrom) = (start, start)
    var last = start
    let assembler = EntryAssembler(.range) { [judge] entry in
      last = entry.id
      judge.takeAgain(entry)
    }
    session.connection.send(
      Request("XRANGE", session.keys.events, start, end, "COUNT", 1000), expecting: .entries(assembler)
    ) { [weak self] result in
      guard let self, !session.isOver, case .success = result else { return }
      let next = assembler.count == 1000 ? last.next() : nil
      rules.whenRoomy { [weak self] in self?.reportAgain(from: next, through: end) }
    }
  }

  private func begin(_ cursor: [[UInt8]?]) {
    judge.missed = { [weak self] in self?.report($0) }
    saver.saved = cursor.first?.flatMap { StreamID($0) }
    takeover = SilenceTakeover(begunAt: session.now, reached: saver.saved)
    for value in [cursor.first, cursor.last].compactMap({ $0?.flatMap { $0 } }) where StreamID(value) == nil {
      session.passOver("how far events were read", session.keys.cursor, value)
    }
    let count = cursor.dropFirst().first?.flatMap { Bounded.int($0) }
    let start = max(0, (session.now - session.options.firstLook).milliseconds)
    judge.place =
      saver.saved.map { StreamPlace(key: session.keys.events, reached: $0, count: count) }
      ?? StreamPlace(key: session.keys.events, after: StreamID(milliseconds: UInt64(start)))
  }

  func stop() {
    watchdog.rest()
    backlog?.stop()
    link.stop()
  }

  /// The server's clock was set anew.
  func clockLeapt(by step: TimeSpan) {
    judge.clockLeapt(by: step)
  }

  /// How far events have been read; nil before the first.
  var cursor: StreamID? { judge.position }

  // MARK: Reading

  private func changed(_ notice: Link.Update) {
    watchdog.rest()
    backlog?.stop()
    backlog = nil
    switch notice {
    case .up(let connection): inspect(connection)
    case .down(.silent):
      bite.wasTooMuch()
      judge.noteWaiting()
    case .down: judge.noteWaiting()
    }
  }

  private func inspect(_ connection: Connection) {
    inspectedAt = .now
    connection.send(Request("XINFO", "STREAM", session.keys.events)) { [weak self, weak connection] result in
      guard let self, let connection, !session.isOver, case .success(let reply) = result else { return }
      let info = StreamInfo(reply)
      // A server that lost writes, or another one, may stand before the cursor: reading past its end would be silent.
      if info != nil || reply.error?.text.contains("no such key") == true {
        if let finding = judge.place?.inspect(info) { report(finding) }
      }
      guard let info, readBacklog(info, connection.endpoint) else { return read(connection) }
    }
  }

  /// Says what was never seen: in the log, and in the audit, where consoles show it.
  private func report(_ finding: StreamPlace.Finding) {
    let words = finding.words
    session.log(.warning, words)
    var transaction = Transaction()
    let line = AuditLine(
      origin: .run("events/\(judge.position ?? .zero)"), phase: .unknown, action: "read", detail: words,
      handler: session.options.id, at: session.now, source: String(decoding: session.keys.events, as: UTF8.self))
    transaction.add(line, session.keys)
    session.run(transaction) { _ in }
  }

  /// Begins to read by ranges if there is much to read.
  private func readBacklog(_ info: StreamInfo, _ server: Endpoint) -> Bool {
    guard let position = judge.position, let stretch = Backlog.Stretch(after: position, of: info) else { return false }
    let backlog = Backlog(stretch, of: session.keys.events) { [judge] in
      judge.take($0)
    } whenWanted: { [rules] in
      rules.whenRoomy($0)
    } finish: { [weak self] in
      guard let self, !session.isOver else { return }
      self.backlog = nil
      savesOnceDrained = true
      saver.save(unlessOnlyRead: false)
      // Whatever it left is read one after the other, if an error is dealt with.
      if let connection = link.connection { read(connection) }
    }
    judge.noteWaiting()
    self.backlog = backlog
    backlog.start(session.loop, server)
    return true
  }

  private func read(_ connection: Connection) {
    guard let position = judge.position, !session.isOver else { return }
    guard MonotonicTime.now.milliseconds(since: inspectedAt) < Self.inspectMilliseconds else {
      return inspect(connection)
    }
    let request = Request(
      "XREAD", "COUNT", bite.count, "BLOCK", Self.blockMilliseconds, "STREAMS", session.keys.events, position)
    watchdog.expect(on: connection)
    connection.send(request, expecting: .entries(assembler)) { [weak self, weak connection] result in
      self?.watchdog.rest()
      guard let self, let connection, !session.isOver, case .success(let reply) = result else { return }
      let isMoreLikely = bite.took(assembler.count, bytes: assembler.bytes)
      if let error = reply.error {
        session.refused("cannot read events", error)
        judge.noteWaiting()
      } else {
        judge.noteRead(isMoreLikely: isMoreLikely)
      }
      if !isMoreLikely { readToEnd() }
      saver.save(unlessOnlyRead: true)
      if isMoreLikely { return rules.whenRoomy { [weak self, weak connection] in self?.readOn(connection) } }
      let rest = reply.error == nil ? Self.restMilliseconds : 1000
      session.later(inMilliseconds: rest) { [weak self, weak connection] in
        guard let self else { return }
        if rules.isFull { judge.noteWaiting() }
        rules.whenRoomy { [weak self] in self?.readOn(connection) }
      }
    }
  }

  /// Decisions wait until the records of the agents that spoke are known, too.
  private func readToEnd() {
    guard !judge.hasReadEvents else { return memory.meetNewcomers() }
    memory.meetAllNewcomers { [judge] in judge.hasReadEvents = true }
  }

  /// Reads on where the connection still stands.
  private func readOn(_ connection: Connection?) {
    if let connection, connection === link.connection, backlog == nil { read(connection) }
  }

  // MARK: Saving

  private func tick() {
    if !rules.isFull, let silence = backlog?.silence(at: .now), silence > Self.silenceMilliseconds {
      link.restart(.silent(milliseconds: silence))
    }
    judge.fleet.quietAlertsStay = session.options.quietAlertsStay
    judge.adoptMetrics()
    judge.fleet.setLevels(session.options.levels)
    judge.fleet.setLeastSilence(session.options.runbook.guards.silence)
    judge.fleet.advance(to: judge.present)
    if judge.hasReadEvents { takeover.take()?.finish(in: &judge.fleet) }
    judge.noteSettled()
    if judge.hasReadEvents { memory.meetNewcomers() }
    rules.watchFleet()
    saver.save(unlessOnlyRead: false)
    escalations.look()
    session.later(inMilliseconds: Self.saveMilliseconds) { [weak self] in self?.tick() }
  }

  /// Nothing waits to be judged: what a flood came to is saved at once, for others look at it. While a long stretch is read
  /// that happens again and again, and every look at the clock saves anyway.
  private func drained() {
    guard !session.isOver, backlog == nil, savesOnceDrained || rules.hasMuchTally else { return }
    savesOnceDrained = false
    saver.save(unlessOnlyRead: false)
  }
}
