import FleetModel
import Loop
import Redis
import Wire

/// Reads the audit for what tells other programs of it, from where the handler before has left off.
///
/// ```text
///   begin ─▶ where it was ─▶ read ─┬─ a full answer ─▶ read on, in a later turn
///                                  ├─ all read ─▶ look again after a second
///                                  └─ refused ─▶ ask again later and later
/// ```
/// Under `<audit>#<name>` the cursor's hash says up to which line all is told. A handler that takes over reads from
/// there: it may tell a second time what its predecessor has told in its last second, and leaves nothing out.
///
/// A class, because the loop's timer and the answers share it.
final class AuditTail {
  /// A line, and where it stands in the stream.
  struct Line {
    var entry: StreamID
    var line: AuditLine
    /// The place before it: from there it would be read again.
    var before: StreamID
    /// Whether it was written before this term began: it may have been told already.
    var isOld: Bool
  }

  private let session: LeaseSession
  private let field: [UInt8]
  /// Lines older than this are left out when it begins.
  private let reach: TimeSpan
  private let take: (Line) -> Void
  /// The last line up to which all is told, of all that was read; nil if that is where it was.
  private let told: (_ read: StreamID) -> StreamID?
  private var position: StreamID?
  private var saved: StreamID?
  private var savesFrom = MonotonicTime(nanoseconds: 0)
  private var begunAt = Instant.epoch
  private var isOver = false
  /// How often in a row Redis has refused.
  private var failures = 0

  private static let lookMilliseconds: Int64 = 1000
  /// Few: a line may hold a long reason, and is read between commands.
  private static let bite = 64

  /// - Parameters:
  ///   - name: whose place in the audit it is.
  ///   - take: gets each line, oldest first.
  ///   - told: says up to which line all is told, of all that was read; nil if nothing more is than before.
  init(
    _ name: String, reach: TimeSpan, session: LeaseSession, take: @escaping (Line) -> Void,
    told: @escaping (_ read: StreamID) -> StreamID?
  ) {
    self.session = session
    field = session.keys.audit + "#\(name)".utf8
    (self.reach, self.take, self.told) = (reach, take, told)
  }

  func start() {
    begunAt = session.now
    session.read([Request("HGET", session.keys.cursor, field)]) { [weak self] replies in
      guard let self else { return }
      saved = replies[0].bytes.flatMap { StreamID($0) }
      // What was told long ago, or never, is not told now: it would be old news.
      let oldest = StreamID(milliseconds: UInt64(max(0, (begunAt - reach).milliseconds)))
      let now = StreamID(milliseconds: UInt64(max(0, begunAt.milliseconds)))
      // Nobody was told before: it begins now. A place in the future was written by somebody else.
      position = saved.map { min(max($0, oldest), now) } ?? now
      look()
    }
  }

  /// Nothing is read any more, and where it was is saved.
  func stop() {
    savesFrom = MonotonicTime(nanoseconds: 0)
    save()
    isOver = true
  }

  private func look() {
    guard !isOver, let position else { return }
    let request = Request("XRANGE", session.keys.audit, "(\(position)", "+", "COUNT", Self.bite)
    session.read([request]) { [weak self] replies in
      guard let self, !isOver else { return }
      let entries = replies[0].elements
      failures = entries == nil ? failures + 1 : 0
      for entry in entries ?? [] { take(entry) }
      if entries != nil { save() }
      let pause = Self.pauseMilliseconds(
        found: entries?.count, failures: failures, chance: MachineRandom.number(in: 0..<1))
      session.later(inMilliseconds: pause) { [weak self] in self?.look() }
    }
  }

  /// How long it waits before it asks again. With each refusal that a right is missing a handler looks at its rights.
  ///
  /// - Parameters:
  ///   - found: how many entries the answer has; nil if Redis has refused.
  ///   - failures: how often in a row it has.
  ///   - chance: 0..<1.
  static func pauseMilliseconds(found: Int?, failures: Int, chance: Double) -> Int64 {
    guard let found else { return TimeSpan.backoff(after: failures, chance: chance).milliseconds }
    return found < bite ? lookMilliseconds : 1
  }

  private func take(_ reply: Reply) {
    guard let parts = reply.elements, parts.count == 2, let entry = parts[0].bytes.flatMap({ StreamID($0) }) else {
      return
    }
    let before = position ?? entry
    position = entry
    // What is no line was put there by somebody else.
    guard let bytes = parts[1].pairs.first(where: { $0.name == Keys.dataField })?.value,
      let line = bytes.withUnsafeBytes({ AuditCoding.decode($0) })
    else { return }
    take(Line(entry: entry, line: line, before: before, isOld: entry.instant <= begunAt))
  }

  private func save() {
    // Not with each answer of a long stretch.
    guard !isOver, let position, MonotonicTime.now >= savesFrom else { return }
    savesFrom = .now.adding(milliseconds: Self.lookMilliseconds)
    guard let told = told(position), told != saved else { return }
    saved = told
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, field, "\(told)")
    session.run(transaction) { _ in }
  }
}
