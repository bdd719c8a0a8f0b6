import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Keeps one stream within its bounds, as often as what comes in asks for, in bites that hold the server up for a moment
/// only.
///
/// ```
/// look ─ XLEN ─┬─ as before ───────────────────────────────┬─▶ due by age? ─ bites ─▶ look again, at the latest in 1 s
///              └─ MEMORY USAGE ─ over the bound? ─ bites ──┘                          sooner the faster it grows
/// ```
/// A bite lets go of whole nodes, of as many as ``BiteSize`` makes of what the last one took the server. Looking at a
/// stream's size takes it 10 to 20 µs a megabyte.
final class StreamTrimmer {
  /// Calls its completion with the first entry that age must spare; nil if it spares none.
  typealias Sparing = (@escaping (StreamID?) -> Void) -> Void

  /// What is known of its size.
  private struct Size {
    var length: Int64
    var bytes: Int64
    var at: MonotonicTime
    /// Whether nothing was trimmed since it was measured.
    var isExact: Bool
  }

  private let session: LeaseSession
  let stream: [UInt8]
  private let age: (RetentionBounds) -> TimeSpan
  private let sparing: Sparing
  private let script = Script(StreamTrimmer.script)
  private var size: Size?
  private var biteSize = BiteSize()
  /// How fast it grows, in bytes a millisecond.
  private var growth = 0.0
  private var agedAt: MonotonicTime?
  private var complainedAt: MonotonicTime?

  /// Between two looks, in milliseconds.
  private static let shortest: Int64 = 50
  private static let longest: Int64 = 1000
  /// An equal length says nothing for longer: entries may have been exchanged for larger ones.
  private static let doubt = 30_000.0
  /// Shares of the bound: from where on it is trimmed, how far, and how far it may grow between two looks.
  private static let full = 0.98
  private static let target = 0.94
  private static let allowed = 1.02
  /// Of one bite: what large entries take the server is known only once they have left.
  private static let mostBytes: Int64 = 16 << 20

  private var bounds: RetentionBounds { session.options.retention }
  private var bound: Double { Double(max(1, bounds.bytes)) }

  init(
    session: LeaseSession, stream: [UInt8], age: @escaping (RetentionBounds) -> TimeSpan, sparing: @escaping Sparing
  ) {
    self.session = session
    self.stream = stream
    self.age = age
    self.sparing = sparing
  }

  // MARK: Looking

  func look() {
    session.read([Request("XLEN", stream)]) { [weak self] replies in
      guard let self else { return }
      if let error = replies[0].error { complain(error) }
      guard let length = replies[0].integer, length > 0 else {
        (size, growth) = (Size(length: 0, bytes: 0, at: .now, isExact: true), 0)
        return lookLater()
      }
      if let size, size.isExact, size.length == length, MonotonicTime.now.milliseconds(since: size.at) < Self.doubt {
        growth = 0
        return trimByAge()
      }
      measure(length)
    }
  }

  private func measure(_ length: Int64) {
    session.read([Request("MEMORY", "USAGE", stream, "SAMPLES", 0)]) { [weak self] replies in
      guard let self else { return }
      if let error = replies[0].error { complain(error) }
      guard let bytes = replies[0].integer else { return trimByAge() }
      let now = MonotonicTime.now
      if let size {
        growth = max(0, Double(bytes - size.bytes)) / max(1, now.milliseconds(since: size.at))
      } else {
        // Nobody knows yet: it may fill within a second.
        growth = bound / Double(Self.longest)
      }
      size = Size(length: length, bytes: bytes, at: now, isExact: true)
      guard Double(bytes) > bound * Self.full else { return trimByAge() }
      // As many as came, since those that leave may be smaller than those that came.
      let target = Int64(Double(length) * bound * Self.target / Double(bytes))
      bite("MAXLEN", "\(target)") { [weak self] in self?.trimByAge() }
    }
  }

  /// How many entries the next bite may let go of.
  private var limit: Int64 {
    guard let size, size.length > 0 else { return BiteSize.least }
    let fitting = Self.mostBytes / max(1, size.bytes / size.length)
    return min(biteSize.entries, max(1, fitting))
  }

  private func lookLater() {
    var wait = Double(min(Self.longest, max(1, bounds.every.milliseconds)))
    if growth > 0, let size {
      let room = max(bound * Self.allowed - Double(size.bytes), bound * (Self.allowed - 1))
      // What comes in may come twice as fast by then.
      wait = min(wait, max(Double(Self.shortest), room / (2 * growth)))
    }
    session.later(inMilliseconds: Int64(wait)) { [weak self] in self?.look() }
  }

  // MARK: Trimming

  private func trimByAge() {
    let now = MonotonicTime.now
    if let agedAt, now.milliseconds(since: agedAt) < Double(bounds.every.milliseconds) { return lookLater() }
    agedAt = now
    sparing { [weak self] spared in
      guard let self else { return }
      lookAtAges { [weak self] grown in
        guard let self else { return }
        let byID = StreamID(milliseconds: UInt64(max(0, (session.now - age(bounds)).milliseconds)))
        let oldest = max(byID, grown ?? byID)
        let first = min(oldest, spared ?? oldest)
        bite("MINID", "\(first)") { [weak self] in self?.trimExactly(first) }
      }
    }
  }

  /// Finds the first entry that is not too old by when the stream had grown how far; nil if ids tell their age.
  private func lookAtAges(_ completion: @escaping (StreamID?) -> Void) {
    let field = stream + "#grown".utf8
    session.read([Request("XINFO", "STREAM", stream), Request("HGET", session.keys.cursor, field)]) {
      [weak self] replies in
      guard let self, let last = replies[0].field("last-generated-id")?.bytes.flatMap({ StreamID($0) }) else {
        return completion(nil)
      }
      let stored = replies[1].bytes.map { StreamAges($0) } ?? StreamAges()
      var ages = stored
      ages.note(last, at: session.now, age: age(bounds))
      if ages != stored { keep(ages, field) }
      completion(ages.first(at: session.now, age: age(bounds)))
    }
  }

  private func keep(_ ages: StreamAges, _ field: [UInt8]) {
    var transaction = Transaction()
    if ages.isEmpty {
      transaction.change("HDEL", session.keys.cursor, field)
    } else {
      transaction.change("HSET", session.keys.cursor, field, ages.encoded)
    }
    session.run(transaction) { _ in }
  }

  /// What is old in a node that is not old altogether.
  private func trimExactly(_ first: StreamID) {
    trim(["MINID", "=", "\(first)"]) { [weak self] _ in self?.lookLater() }
  }

  /// Lets go of entries until a bite finds none.
  ///
  /// - Parameter wholeNodes: whether the last bite found a node that holds more than it may have.
  private func bite(
    _ strategy: String, _ threshold: String, wholeNodes: Bool = false, _ completion: @escaping () -> Void
  ) {
    let limit = wholeNodes ? BiteSize.most : limit
    trim([strategy, "~", threshold, "LIMIT", "\(limit)"]) { [weak self] trimmed in
      guard let self, let trimmed else { return completion() }
      if trimmed > 0 { return bite(strategy, threshold, completion) }
      // What is left may be a node with more entries than the bite may have: it goes as a whole.
      guard !wholeNodes, limit < BiteSize.node else { return completion() }
      bite(strategy, threshold, wholeNodes: true, completion)
    }
  }

  /// Trims once, between two questions for the time: all three are one packet, so that nothing else comes between them.
  private func trim(_ words: [String], _ completion: @escaping (Int64?) -> Void) {
    guard session.mayAct else { return session.isOver ? () : lookLater() }
    var arguments = EncodedArguments(session.fence)
    for word in words { word.append(to: &arguments) }
    var (began, ended, answer): (Int64?, Int64?, Reply?)
    // The script's answer comes last if the server had forgotten the script.
    func finishIfAnswered() {
      guard let answer, let ended else { return }
      if let trimmed = answer.integer, trimmed > 0 {
        took(trimmed)
        if let began { biteSize.took(ended - began, for: trimmed) }
      }
      completion(answer.integer)
    }
    session.read([Request("TIME")]) { began = Self.microseconds($0[0]) }
    script.run(on: session.connection, keys: [session.keys.fence, stream], arguments: arguments) { [weak self] result in
      guard let self, !session.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        if error.code == "FENCED" { return session.lose(error.text) }
        complain(error)
      }
      answer = reply
      finishIfAnswered()
    }
    session.read([Request("TIME")]) { replies in
      ended = Self.microseconds(replies[0]) ?? -1
      finishIfAnswered()
    }
  }

  /// What TIME answers, within bounds: a clock may say anything.
  private static func microseconds(_ reply: Reply) -> Int64? {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].bytes.flatMap({ Bounded.int($0) }),
      let rest = parts[1].bytes.flatMap({ Bounded.int($0) }), (0..<1 << 40).contains(seconds),
      (0..<1_000_000).contains(rest)
    else { return nil }
    return Int64(seconds) * 1_000_000 + Int64(rest)
  }

  private func took(_ trimmed: Int64) {
    guard var size, size.length > 0 else { return }
    let left = max(0, size.length - trimmed)
    size.bytes = Int64(Double(size.bytes) * Double(left) / Double(size.length))
    size.length = left
    size.isExact = false
    self.size = size
  }

  private func complain(_ error: ServerError) {
    let now = MonotonicTime.now
    if let complainedAt, now.milliseconds(since: complainedAt) < 60_000 { return }
    complainedAt = now
    session.log(.error, "cannot trim", ["stream": String(decoding: stream, as: UTF8.self), "error": error.text])
  }

  /// KEYS: the fence, the stream. ARGV: the fence, the words of XTRIM behind its key. Gives how many entries left.
  private static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    return redis.call('XTRIM', KEYS[2], unpack(ARGV, 2))
    """
}
