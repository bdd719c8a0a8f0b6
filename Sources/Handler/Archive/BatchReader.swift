import FleetModel
import Loop
import Redis
import Wire

/// Reads a stream into batches, one after the other, on a connection that nothing else waits for.
///
/// ```text
///   XINFO: what is gone? ─▶ XRANGE ─ a moment for others ─ XRANGE … ─▶ the batch is full, or all is read
/// ```
/// A class, since the answers find their way back to it.
final class BatchReader {
  /// How the reading of a batch ended.
  enum Outcome {
    /// The batch holds what there was, or is full.
    case read(isMoreLikely: Bool)
    /// The connection was lost, or Redis refuses: whoever reads on begins anew.
    case failed
  }

  private let session: LeaseSession
  private let stream: [UInt8]
  private let rows: ArchiveRowWriter
  private let connection: () -> Connection?
  /// Told of entries that are gone.
  private let found: (StreamPlace.Finding) -> Void
  private var place: StreamPlace
  private var batch: ArchiveBatch?
  private var end: StreamID?
  private var completion: (Outcome) -> Void = { _ in }
  /// Whether an entry had no room in the batch.
  private var isFull = false
  private var isStopped = false
  private var bite = BatchSize()
  /// The stream's last entry; nil before it is known.
  private(set) var last: StreamID?
  private lazy var assembler = EntryAssembler(.range) { [unowned self] in take($0) }
  private lazy var watchdog = Watchdog(loop: session.loop, limit: Self.silenceMilliseconds)

  /// Of one answer, and how long others then have their turn: a command waits for no more than that.
  private static let mostEntries = 400
  private static let restMilliseconds: Int64 = 1
  private static let silenceMilliseconds: Int64 = 10_000

  init(
    _ stream: [UInt8], session: LeaseSession, rows: ArchiveRowWriter, connection: @escaping () -> Connection?,
    found: @escaping (StreamPlace.Finding) -> Void
  ) {
    (self.stream, self.session, self.rows) = (stream, session, rows)
    (self.connection, self.found) = (connection, found)
    place = StreamPlace(key: stream, after: .zero)
  }

  /// How many entries were ever added up to the last one read; nil if that is not known.
  var count: Int? { place.count }

  /// Reads on behind what is archived, or on its way.
  func begin(after cursor: ArchiveCursor) {
    let isKnown = cursor.last > .zero || cursor.count != nil
    place =
      isKnown
      ? StreamPlace(key: stream, reached: cursor.last, count: cursor.count) : StreamPlace(key: stream, after: .zero)
  }

  func stop() {
    isStopped = true
    watchdog.rest()
  }

  /// Asks what the stream is; nil if it is not there.
  func inspect(_ completion: @escaping (StreamInfo?) -> Void, failed: @escaping () -> Void) {
    ask(Request("XINFO", "STREAM", stream), failed: failed) { [weak self] reply in
      guard let self else { return }
      let info = StreamInfo(reply)
      guard info != nil || reply.error?.text.contains("no such key") == true else {
        if let error = reply.error { session.refused("cannot archive", error) }
        return failed()
      }
      last = info?.lastID
      completion(info)
    }
  }

  /// Reads a batch.
  ///
  /// - Parameters:
  ///   - end: its last entry, if that is settled.
  ///   - completion: called once, unless this is stopped first.
  func read(into batch: ArchiveBatch, upTo end: StreamID?, _ completion: @escaping (Outcome) -> Void) {
    (self.batch, self.end, self.completion, isFull) = (batch, end, completion, false)
    rows.setMetrics(session.options.metrics)
    inspect { [weak self] info in
      guard let self else { return }
      if let finding = place.inspect(info) { found(finding) }
      readBite()
    } failed: { [weak self] in
      self?.finish(.failed)
    }
  }

  private func finish(_ outcome: Outcome) {
    batch = nil
    completion(outcome)
  }

  private func readBite() {
    let count = min(bite.count, Self.mostEntries)
    let request = Request("XRANGE", stream, place.last.next(), end ?? "+" as any RequestArgument, "COUNT", count)
    ask(request, expecting: .entries(assembler)) { [weak self] in
      self?.finish(.failed)
    } _: { [weak self] reply in
      guard let self else { return }
      if let error = reply.error {
        session.refused("cannot archive", error)
        return finish(.failed)
      }
      let isMoreLikely = assembler.count >= count
      _ = bite.took(assembler.count, bytes: assembler.bytes)
      guard isMoreLikely, !isFull else { return finish(.read(isMoreLikely: isMoreLikely || isFull)) }
      session.later(inMilliseconds: Self.restMilliseconds) { [weak self] in
        if let self, !isStopped { readBite() }
      }
    }
  }

  private func take(_ entry: Entry) {
    // Behind the last id that there can be, a range begins with that id again.
    guard let batch, !isFull, !isStopped, entry.id > place.last else { return }
    guard batch.hasRoom(for: entry.id) else {
      isFull = true
      return
    }
    if let finding = place.read(entry.id) { found(finding) }
    batch.add(entry.id) { rows.write(entry, to: &$0) }
  }

  private func ask(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree, failed: @escaping () -> Void,
    _ take: @escaping (Reply) -> Void
  ) {
    guard let connection = connection() else { return failed() }
    watchdog.expect(on: connection)
    connection.send(request, expecting: expectation) { [weak self] result in
      guard let self, !isStopped, !session.isOver else { return }
      watchdog.rest()
      switch result {
      case .success(let reply): take(reply)
      case .failure(.silent):
        bite.wasTooMuch()
        failed()
      case .failure: failed()
      }
    }
  }
}
