import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Archives one stream, batch by batch, from the saved cursor on. The stream itself is the spool.
///
/// ```text
///   read a batch ─▶ ready ─▶ save where it ends ─▶ send ─┬─ stored ─▶ save the cursor, and where the next one ends
///        ▲            └─ meanwhile the next one is read   └─ failed ─▶ the same batch, later and later
///        └── in 1 s if all is read
/// ```
/// One batch is on its way at a time. A successor that finds where it was to end sends it again. A batch that is sent
/// twice counts once.
final class StreamArchiver {
  /// A batch, and the cursor once it is stored.
  private struct Parcel {
    let batch: ArchiveBatch
    var reached: ArchiveCursor
    /// Whether more may stand behind it in the stream.
    let isMoreLikely: Bool
  }

  private let session: LeaseSession
  private let service: ArchiveService
  let stream: [UInt8]
  private let table: ArchiveTable
  private let telling: ArchiveTelling
  private let connection: () -> Connection?
  private lazy var reader = BatchReader(
    stream, session: session, rows: ArchiveRowWriter(table, stream, session.keys, session.options.metrics),
    connection: connection
  ) { [weak self] in self?.note($0) }
  /// As it is saved.
  private(set) var cursor = ArchiveCursor()
  /// What is on its way, and what is read and waits for that.
  private var underWay: Parcel?
  private var ready: Parcel?
  /// The cursor as it will be behind all that was read.
  private var reached = ArchiveCursor()
  /// Where the batch ends that was on its way when the handler before ended.
  private var promised: StreamID?
  private var spare: [ArchiveBatch] = []
  private var isRestored = false
  private var isStopped = false
  private var failures = 0

  private static let restMilliseconds: Int64 = 1000

  init(
    _ table: ArchiveTable, _ stream: [UInt8], session: LeaseSession, service: ArchiveService,
    connection: @escaping () -> Connection?, warn: @escaping (String?) -> Void
  ) {
    (self.table, self.stream, self.session, self.service) = (table, stream, session, service)
    self.connection = connection
    telling = ArchiveTelling(stream, session, warn)
  }

  /// The first entry that trimming by age must spare.
  var spared: StreamID { isRestored ? cursor.last : .zero }

  /// How far what is archived lies behind the stream's last entry.
  var lagSeconds: Double? {
    guard isRestored, let last = reader.last else { return nil }
    guard last > cursor.last else { return 0 }
    return max(0, Double((last.instant - cursor.last.instant).milliseconds) / 1000)
  }

  func stop() {
    isStopped = true
    reader.stop()
  }

  private func later(_ milliseconds: Int64 = restMilliseconds, _ work: @escaping (StreamArchiver) -> Void) {
    session.later(inMilliseconds: milliseconds) { [weak self] in
      if let self, !isStopped { work(self) }
    }
  }

  // MARK: Beginning

  func start() {
    let fields = Request("HMGET", session.keys.cursor, ArchiveCursor.field(stream), ArchiveCursor.batchField(stream))
    session.read([fields]) { [weak self] replies in
      guard let self, !isStopped else { return }
      let stored = replies[0].elements?.map(\.bytes) ?? []
      promised = stored.last?.flatMap { StreamID($0) }
      guard let text = stored.first.flatMap(\.self) else { return begin() }
      guard let found = ArchiveCursor(text) else {
        session.passOver("how far a stream is archived", session.keys.cursor, text)
        return begin()
      }
      (cursor, isRestored) = (found, true)
      readAnew()
    }
  }

  /// Begins a stream that was never archived. What was trimmed before now is not counted as lost; what is trimmed from
  /// now on is, also by a successor.
  private func begin() {
    reader.inspect { [weak self] info in
      guard let self else { return }
      cursor = ArchiveCursor(count: info.map { info in info.added.map { max(0, $0 - info.length) } } ?? 0)
      isRestored = true
      save { $0.readAnew() }
    } failed: { [weak self] in
      self?.later { $0.begin() }
    }
  }

  // MARK: Reading

  /// Forgets what was read in part, and reads on behind the last batch that is whole.
  private func readAnew() {
    reached = ready?.reached ?? underWay?.reached ?? cursor
    reader.begin(after: reached)
    read()
  }

  private func read() {
    let batch = spare.popLast() ?? service.batch(for: table)
    reader.read(into: batch, upTo: promised) { [weak self] outcome in
      guard let self, !isStopped else { return }
      switch outcome {
      case .failed:
        putAside(batch)
        later { $0.readAnew() }
      case .read(let isMoreLikely): took(batch, isMoreLikely: isMoreLikely)
      }
    }
  }

  private func took(_ batch: ArchiveBatch, isMoreLikely: Bool) {
    let wasPromised = promised != nil
    reached.last = batch.ids.last ?? reached.last
    reached.count = reader.count
    guard batch.isEmpty else {
      ready = Parcel(batch: batch, reached: reached, isMoreLikely: isMoreLikely || wasPromised)
      return sendReady()
    }
    putAside(batch)
    promised = nil
    // Nothing is left of the batch that was on its way.
    if wasPromised { return read() }
    guard underWay == nil, reached.lost != cursor.lost else { return later { $0.read() } }
    adopt(reached)
    save { $0.later { $0.read() } }
  }

  private func putAside(_ batch: ArchiveBatch) {
    batch.removeAll()
    spare.append(batch)
  }

  private func note(_ finding: StreamPlace.Finding) {
    let before = reached
    reached.note(finding)
    if reached != before { telling.lost(reached.lost - before.lost, isAtLeast: reached.isLostAtLeast) }
  }

  // MARK: Sending

  /// Sends what is read if nothing is on its way.
  private func sendReady() {
    guard underWay == nil, let parcel = takeReady() else { return }
    guard parcel.reached.last != promised else {
      promised = nil
      return send()
    }
    promised = nil
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, ArchiveCursor.batchField(stream), parcel.reached.last)
    run(transaction) { $0.send() }
  }

  /// Makes it the one that is on its way, and reads the next.
  private func takeReady() -> Parcel? {
    guard let parcel = ready else { return nil }
    (underWay, ready) = (parcel, nil)
    if parcel.isMoreLikely { session.loop.later { [weak self] in self?.readNext() } } else { later { $0.read() } }
    return parcel
  }

  private func readNext() { if !isStopped, !session.isOver { read() } }

  private func send() {
    guard let parcel = underWay else { return }
    guard session.mayAct else { return later { $0.send() } }
    let sender = BatchSender(parcel.batch) { [weak self] rows, completion in
      guard let self, !isStopped, !session.isOver else { return }
      service.store(rows, of: parcel.batch, in: table, completion)
    } _: { [weak self] outcome in
      guard let self, !isStopped, !session.isOver else { return }
      took(outcome, of: parcel)
    }
    sender.start()
  }

  private func took(_ outcome: BatchSender.Outcome, of parcel: Parcel) {
    switch outcome {
    case .failed(let reason):
      failures += 1
      telling.failed(reason, what: table.rawValue)
      let chance = MachineRandom.number(in: 0..<1)
      later(TimeSpan.backoff(after: failures, chance: chance).milliseconds) { $0.send() }
    case .stored(let refused):
      failures = 0
      telling.stored(rows: parcel.batch.ids.count - refused.count, refused)
      var reached = parcel.reached
      reached.refused = min(cursor.refused + refused.count, Bounded.most)
      adopt(reached)
      putAside(parcel.batch)
      underWay = nil
      _ = takeReady()
      save { if $0.underWay != nil { $0.send() } }
    }
  }

  private func adopt(_ reached: ArchiveCursor) {
    session.counts.noteArchived(stream, lost: reached.lost - cursor.lost)
    cursor = reached
  }

  /// Saves how far the stream is archived, and where the batch ends that goes next.
  private func save(_ completion: @escaping (StreamArchiver) -> Void) {
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, ArchiveCursor.field(stream), cursor.encoded)
    if let end = underWay?.reached.last ?? promised {
      transaction.change("HSET", session.keys.cursor, ArchiveCursor.batchField(stream), end)
    } else {
      transaction.change("HDEL", session.keys.cursor, ArchiveCursor.batchField(stream))
    }
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
}
