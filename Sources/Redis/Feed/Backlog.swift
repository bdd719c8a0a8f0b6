import FleetModel
import Loop
import Wire

/// Reads a long stretch of a stream by ranges of ids, on two connections in turn: while one answer is taken in, the
/// server puts the next one together. Entries come in order.
///
/// ```
/// first     ask 1 ─ take in 1 ───────── ask 3 ─ (waits) ─ take in 3 …
/// second            ask 2 ─ (waits) ─── take in 2 ─────── ask 4 …
/// ```
/// How many entries a range holds is a guess, from the one before. One that holds more than an answer may is asked for
/// further before the other connection's answer is let in.
///
/// A class, since both connections' answers share it.
package final class Backlog {
  private enum Turn { case first, second }

  private struct Lane {
    var connection: Connection?
    /// The end of the range that it was asked for; nil if it is asked for nothing.
    var end: StreamID?
  }

  /// A stretch of a stream that is worth it.
  package struct Stretch: Equatable {
    /// The entries after this one, up to the last.
    var start: StreamID
    var last: StreamID
    /// How many entries it holds, about.
    var length: Int

    /// Fewer are read as fast one after the other.
    static let least = 10_000

    package init?(after place: StreamID, of info: StreamInfo) {
      guard let firstID = info.firstID, info.lastID > place else { return nil }
      let first = min(firstID.milliseconds, info.lastID.milliseconds)
      start = max(place, StreamID(milliseconds: first == 0 ? 0 : first - 1))
      last = info.lastID
      let whole = Double(last.milliseconds - first) + 1
      let part = Double(last.milliseconds - min(start.milliseconds, last.milliseconds)) + 1
      length = Bounded.int(rounding: Double(info.length) * min(1, part / whole))
      guard length >= Self.least else { return nil }
    }
  }

  private let key: [UInt8]
  private let finish: () -> Void
  private let whenWanted: (@escaping () -> Void) -> Void
  private let assembler: EntryAssembler
  private var first = Lane()
  private var second = Lane()
  private var turn = Turn.first
  /// Where the next range begins.
  private var next: StreamID
  private let last: StreamID
  private var pace: RangePace
  /// How many connections are not ready yet.
  private var waitingFor = 2
  private var isOver = false
  /// Whether no more entries are wanted for now.
  private var isWaiting = false

  /// How long the connections may take to be ready, in milliseconds.
  private static let patience: Int64 = 5000

  /// - Parameters:
  ///   - deliver: called an entry.
  ///   - whenWanted: calls what it is given once more entries are wanted; until then the rest waits at the server.
  ///   - finish: called once, unless it is stopped before: at the end, or where an error or a lost connection leaves the
  ///     rest to be read otherwise.
  package init(
    _ stretch: Stretch, of key: [UInt8], deliver: @escaping (Entry) -> Void,
    whenWanted: @escaping (@escaping () -> Void) -> Void = { $0() }, finish: @escaping () -> Void
  ) {
    self.key = key
    self.whenWanted = whenWanted
    self.finish = finish
    assembler = EntryAssembler(.range, deliver: deliver)
    last = stretch.last
    next = stretch.start.next()
    pace = RangePace(span: stretch.last.milliseconds - stretch.start.milliseconds, length: stretch.length)
  }

  /// - Parameter endpoint: names the server, the one that told of the stretch.
  package func start(_ loop: Loop, _ endpoint: Endpoint) {
    loop.schedule(inMilliseconds: Self.patience) { [weak self] in
      if let self, waitingFor > 0 { leave() }
    }
    for lane in [Turn.first, .second] {
      do throws(ConnectionFailure) {
        self[lane].connection = try Connection(loop: loop, endpoint: endpoint) { [weak self] in
          self?.ready()
        } onFailure: { [weak self] _ in
          self?.leave()
        }
      } catch {
        // Not before the caller knows of this object.
        loop.later { [weak self] in self?.leave() }
      }
    }
  }

  /// Nothing more is delivered, and `finish` is not called.
  package func stop() {
    isOver = true
    for lane in [first, second] { lane.connection?.close() }
  }

  /// For how many milliseconds the answer that is next has been owed without a byte of it.
  package func silence(at now: MonotonicTime) -> Int64? { isWaiting ? nil : self[turn].connection?.silence(at: now) }

  // MARK: Asking

  private subscript(turn: Turn) -> Lane {
    get { turn == .first ? first : second }
    set { if turn == .first { first = newValue } else { second = newValue } }
  }

  private func ready() {
    waitingFor -= 1
    guard waitingFor == 0 else { return }
    second.connection?.isPaused = true
    askForNext(.first)
    askForNext(.second)
  }

  private func askForNext(_ lane: Turn) {
    guard next <= last else { return }
    let end = min(last, pace.end(from: next))
    ask(lane, from: next, through: end)
    next = end.next()
  }

  private func ask(_ lane: Turn, from start: StreamID, through end: StreamID) {
    self[lane].end = end
    let request = Request("XRANGE", key, start, end, "COUNT", RangePace.most)
    self[lane].connection?.send(request, expecting: .entries(assembler)) { [weak self] in self?.took($0, lane) }
    self[lane].connection?.flush()
  }

  // MARK: Answers

  private func took(_ result: Result<Reply, ConnectionFailure>, _ lane: Turn) {
    guard !isOver, let end = self[lane].end, case .success(let reply) = result else { return }
    if reply.error != nil { return leave() }
    pace.took(assembler.count, bytes: assembler.bytes)
    let rest = assembler.count >= RangePace.most ? assembler.id?.next() : nil
    isWaiting = true
    whenWanted { [weak self] in
      guard let self, !isOver else { return }
      isWaiting = false
      goOn(lane, through: end, from: rest)
    }
  }

  /// - Parameter rest: where the range goes on that the last answer did not hold all of.
  private func goOn(_ lane: Turn, through end: StreamID, from rest: StreamID?) {
    if let rest { return ask(lane, from: rest, through: end) }
    self[lane].end = nil
    self[lane].connection?.isPaused = true
    askForNext(lane)
    turn = lane == .first ? .second : .first
    if self[turn].end == nil { return leave() }
    self[turn].connection?.isPaused = false
  }

  private func leave() {
    guard !isOver else { return }
    stop()
    finish()
  }
}

/// How wide ranges of ids are to be so that an answer holds about as much as is good.
struct RangePace {
  /// The most entries of one answer.
  static let most = 4000
  private static let good = 2000
  private static let goodBytes = 1 << 20

  /// Milliseconds of ids.
  private var width: UInt64

  init(span: UInt64, length: Int) {
    width = max(1, span / UInt64(max(1, length / Self.good)))
  }

  /// The end of a range.
  func end(from start: StreamID) -> StreamID {
    StreamID(milliseconds: start.milliseconds + min(width, .max - start.milliseconds), sequence: .max)
  }

  /// Takes what the last answer held.
  mutating func took(_ entries: Int, bytes: Int) {
    let fitting = min(Self.good, max(1, Self.goodBytes * entries / max(1, bytes)))
    if entries > 2 * fitting {
      width = max(1, width / 2)
    } else if entries * 2 < fitting {
      width = min(width * 2, 1 << 40)
    }
  }
}
