import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Archives one stream, batch by batch, from the saved cursor on. The stream itself is the spool.
///
/// ```text
///   inspect ─ read … ─ batch ─▶ save where it ends ─▶ send ─┬─ stored ─▶ save the cursor ─▶ again, in 1 s if all is read
///      ▲                                                    └─ failed ─▶ the same batch, later and later
///      └── the connection was lost, or Redis refuses: from the cursor on
/// ```
/// A successor that finds where a batch was to end sends that batch again. A batch that is sent twice counts once.
final class StreamArchiver {
  private let session: LeaseSession
  private let service: ArchiveService
  let stream: [UInt8]
  private let table: ArchiveTable
  private let connection: () -> Connection?
  private let warn: (String?) -> Void
  private let rows: ArchiveRowWriter
  private let batch = ArchiveBatch()
  /// As it is saved, and as it will be once the batch is stored.
  private(set) var cursor = ArchiveCursor()
  private var next = ArchiveCursor()
  private var place: StreamPlace
  /// Where the batch ends that was on its way when the handler before ended.
  private var promised: StreamID?
  /// Whether an entry had no room in the batch.
  private var isFull = false
  private var isRestored = false
  private var isStopped = false
  private var bite = BatchSize()
  private var failures = 0
  private var failingSince: MonotonicTime?
  private var said: String?
  private var last: StreamID?
  private lazy var assembler = EntryAssembler(.range) { [unowned self] in take($0) }
  private lazy var watchdog = Watchdog(loop: session.loop, limit: Self.silenceMilliseconds)

  private static let restMilliseconds: Int64 = 1000
  private static let silenceMilliseconds: Int64 = 10_000
  /// From when on consoles are told that nothing is stored.
  private static let warnMilliseconds = 30_000.0

  init(
    _ table: ArchiveTable, _ stream: [UInt8], session: LeaseSession, service: ArchiveService,
    connection: @escaping () -> Connection?, warn: @escaping (String?) -> Void
  ) {
    (self.table, self.stream, self.session, self.service) = (table, stream, session, service)
    (self.connection, self.warn) = (connection, warn)
    rows = ArchiveRowWriter(table, stream, session.keys, session.options.metrics)
    place = StreamPlace(key: stream, after: .zero)
  }

  /// The first entry that trimming by age must spare.
  var spared: StreamID { isRestored ? cursor.last : .zero }

  /// How far what is archived lies behind the stream's last entry.
  var lagSeconds: Double? {
    guard isRestored, let last else { return nil }
    guard last > cursor.last else { return 0 }
    return max(0, Double((last.instant - max(cursor.last.instant, .epoch)).milliseconds) / 1000)
  }

  func start() {
    let fields = Request("HMGET", session.keys.cursor, ArchiveCursor.field(stream), ArchiveCursor.batchField(stream))
    session.read([fields]) { [weak self] replies in
      guard let self, !isStopped else { return }
      let stored = replies[0].elements?.map(\.bytes) ?? []
      promised = stored.last?.flatMap { StreamID($0) }
      if let text = stored.first.flatMap(\.self) {
        if let found = ArchiveCursor(text) {
          (cursor, isRestored) = (found, true)
        } else {
          session.passOver("how far a stream is archived", session.keys.cursor, text)
        }
      }
      inspectAgain()
    }
  }

  func stop() {
    isStopped = true
    watchdog.rest()
  }

  /// Begins a stream of which nothing is archived yet. What left before is nobody's loss; from now on a successor must
  /// know what is.
  private func begin(_ info: StreamInfo?) {
    cursor = ArchiveCursor(count: info.map { info in info.added.map { max(0, $0 - info.length) } } ?? 0)
    isRestored = true
    beginAgain()
    save { $0.inspect() }
  }

  /// Forgets what was read and is not stored.
  private func beginAgain() {
    batch.removeAll()
    (next, isFull) = (cursor, false)
    let isKnown = cursor.last > .zero || cursor.count != nil
    place =
      isKnown
      ? StreamPlace(key: stream, reached: cursor.last, count: cursor.count) : StreamPlace(key: stream, after: .zero)
    rows.setMetrics(session.options.metrics)
  }

  private func later(_ milliseconds: Int64 = restMilliseconds, _ work: @escaping (StreamArchiver) -> Void) {
    session.later(inMilliseconds: milliseconds) { [weak self] in
      if let self, !isStopped { work(self) }
    }
  }

  // MARK: Reading

  /// Sends a request and takes its answer. A connection that is lost, or an error, has it begin again.
  private func ask(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree,
    _ take: @escaping (StreamArchiver, Reply) -> Void
  ) {
    guard let connection = connection() else { return later { $0.inspectAgain() } }
    watchdog.expect(on: connection)
    connection.send(request, expecting: expectation) { [weak self] result in
      guard let self, !isStopped, !session.isOver else { return }
      watchdog.rest()
      switch result {
      case .success(let reply): take(self, reply)
      case .failure(.silent):
        bite.wasTooMuch()
        later { $0.inspectAgain() }
      case .failure: later { $0.inspectAgain() }
      }
    }
  }

  private func inspectAgain() {
    beginAgain()
    inspect()
  }

  private func inspect() {
    ask(Request("XINFO", "STREAM", stream)) { archiver, reply in
      let info = StreamInfo(reply)
      guard info != nil || reply.error?.text.contains("no such key") == true else {
        if let error = reply.error { archiver.session.refused("cannot archive", error) }
        return archiver.later { $0.inspectAgain() }
      }
      guard archiver.isRestored else { return archiver.begin(info) }
      archiver.last = info?.lastID
      if let finding = archiver.place.inspect(info) { archiver.note(finding) }
      archiver.read()
    }
  }

  private func note(_ finding: StreamPlace.Finding) {
    let before = next
    next.note(finding)
    guard next != before else { return }
    session.log(
      .warning, "entries were trimmed before they were archived",
      [
        "stream": String(decoding: stream, as: UTF8.self), "count": "\(next.lost - before.lost)",
        "is": next.isLostAtLeast ? "at least" : "exactly",
      ])
  }

  private func read() {
    let count = bite.count
    let end: any RequestArgument = promised ?? "+"
    let request = Request("XRANGE", stream, place.last.next(), end, "COUNT", count)
    ask(request, expecting: .entries(assembler)) { archiver, reply in
      if let error = reply.error {
        archiver.session.refused("cannot archive", error)
        return archiver.later { $0.inspectAgain() }
      }
      let isMoreLikely = archiver.bite.took(archiver.assembler.count, bytes: archiver.assembler.bytes)
      if isMoreLikely, !archiver.isFull { return archiver.read() }
      archiver.readToEnd()
    }
  }

  private func take(_ entry: Entry) {
    // Behind the last id that there can be, a range begins with that id again.
    guard !isFull, !isStopped, entry.id > place.last else { return }
    guard batch.hasRoom(for: entry.id) else {
      isFull = true
      return
    }
    if let finding = place.read(entry.id) { note(finding) }
    batch.add(entry.id) { rows.write(entry, to: $0) }
  }

  private func readToEnd() {
    guard batch.isEmpty else { return promise() }
    if promised != nil {
      // Nothing is left of the batch that was on its way.
      promised = nil
      return read()
    }
    guard next != cursor else { return later { $0.inspect() } }
    next.count = place.count
    store(next)
  }

  // MARK: Sending

  /// Saves where the batch ends, before it is sent.
  private func promise() {
    guard let end = batch.ids.last else { return }
    next.last = end
    next.count = place.count
    guard end != promised else { return send() }
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, ArchiveCursor.batchField(stream), end)
    run(transaction) { $0.send() }
  }

  private func send() {
    let sender = BatchSender(batch) { [weak self] rows, completion in
      guard let self, !isStopped, !session.isOver else { return }
      guard session.mayAct else { return later { $0.inspectAgain() } }
      service.store(rows, of: batch, in: table, completion)
    } _: { [weak self] outcome in
      guard let self, !isStopped, !session.isOver else { return }
      took(outcome)
    }
    sender.start()
  }

  private func took(_ outcome: BatchSender.Outcome) {
    switch outcome {
    case .failed(let reason):
      failed(reason)
      let chance = MachineRandom.number(in: 0..<1)
      later(TimeSpan.backoff(after: failures, chance: chance).milliseconds) { $0.send() }
    case .stored(let refused):
      recovered()
      for refusal in refused { tell(refusal) }
      next.refused = min(next.refused + refused.count, Bounded.most)
      session.counts.noteArchived(stream, rows: batch.ids.count - refused.count, refused: refused.count)
      store(next)
    }
  }

  /// Saves how far the stream is archived, and goes on.
  private func store(_ reached: ArchiveCursor) {
    session.counts.noteArchived(stream, lost: reached.lost - cursor.lost)
    let isMoreLikely = isFull || promised != nil
    (cursor, promised) = (reached, nil)
    save { archiver in
      archiver.batch.removeAll()
      (archiver.next, archiver.isFull) = (archiver.cursor, false)
      archiver.rows.setMetrics(archiver.session.options.metrics)
      if isMoreLikely { archiver.inspect() } else { archiver.later { $0.inspect() } }
    }
  }

  private func save(_ completion: @escaping (StreamArchiver) -> Void) {
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, ArchiveCursor.field(stream), cursor.encoded)
    if promised == nil { transaction.change("HDEL", session.keys.cursor, ArchiveCursor.batchField(stream)) }
    run(transaction, completion)
  }

  /// Runs a transaction until it is done.
  private func run(_ transaction: Transaction, _ completion: @escaping (StreamArchiver) -> Void) {
    session.run(transaction) { [weak self] outcome in
      guard let self, !isStopped else { return }
      switch outcome {
      case .done: completion(self)
      case .fenced: break
      case .failed, .conflict: later { $0.run(transaction, completion) }
      }
    }
  }

  // MARK: Saying it

  private var name: String { String(decoding: stream, as: UTF8.self) }

  private func failed(_ reason: String) {
    failures += 1
    session.counts.noteArchiveFailure(stream)
    let since = failingSince ?? .now
    failingSince = since
    if said != reason {
      said = reason
      session.log(
        .warning, "the archive does not take rows; trying again", ["stream": name, "reason": reason])
    }
    let failing = MonotonicTime.now.milliseconds(since: since)
    if failing >= Self.warnMilliseconds {
      warn("the archive has taken no \(table.rawValue) for \(Int(failing / 1000)) s: \(reason)")
    }
  }

  private func recovered() {
    if said != nil { session.log(.info, "the archive takes rows again", ["stream": name]) }
    (failures, failingSince, said) = (0, nil, nil)
    warn(nil)
  }

  private func tell(_ refusal: BatchSender.Refusal) {
    session.log(
      .error, "the archive refuses a row, which is left out",
      ["stream": name, "entry": "\(refusal.entry)", "reason": refusal.reason])
  }
}
