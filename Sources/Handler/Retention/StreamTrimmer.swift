import FleetModel
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
/// A bite lets go of whole nodes: 100,000 small entries take the server 2 ms, and measuring 440 MB of them takes 2.3 ms.
final class StreamTrimmer {
  /// Calls its completion with the first entry that age must spare; nil where it spares none.
  typealias Sparing = (@escaping (StreamID?) -> Void) -> Void

  /// What is known of its size.
  private struct Size {
    var length: Int64
    var bytes: Int64
    var at: MonotonicTime
    /// Whether nothing was trimmed since it was measured.
    var isExact: Bool
  }

  private let term: Term
  let stream: [UInt8]
  private let age: (Retention.Bounds) -> TimeSpan
  private let sparing: Sparing
  private let script = Script(StreamTrimmer.script)
  private var size: Size?
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
  /// Of one bite.
  private static let mostEntries: Int64 = 50_000
  private static let mostBytes: Int64 = 16 << 20
  /// A node of a stream holds as many by default: less would let nothing go.
  private static let nodeEntries: Int64 = 100

  private var bounds: Retention.Bounds { term.options.retention }
  private var bound: Double { Double(max(1, bounds.bytes)) }

  init(
    term: Term, stream: [UInt8], age: @escaping (Retention.Bounds) -> TimeSpan, sparing: @escaping Sparing
  ) {
    self.term = term
    self.stream = stream
    self.age = age
    self.sparing = sparing
  }

  // MARK: Looking

  func look() {
    term.read([Request("XLEN", stream)]) { [weak self] replies in
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
    term.read([Request("MEMORY", "USAGE", stream, "SAMPLES", 0)]) { [weak self] replies in
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
      bite("MAXLEN", "\(target)", limit(atLeast: 0)) { [weak self] in self?.trimByAge() }
    }
  }

  /// How many entries one bite may let go of.
  private func limit(atLeast least: Int64) -> Int64 {
    guard let size, size.length > 0 else { return Self.nodeEntries }
    let fitting = Self.mostBytes / max(1, size.bytes / size.length)
    return min(Self.mostEntries, max(1, fitting, least))
  }

  private func lookLater() {
    var wait = Double(min(Self.longest, max(1, bounds.every.milliseconds)))
    if growth > 0, let size {
      let room = max(bound * Self.allowed - Double(size.bytes), bound * (Self.allowed - 1))
      // What comes in may come twice as fast by then.
      wait = min(wait, max(Double(Self.shortest), room / (2 * growth)))
    }
    term.later(inMilliseconds: Int64(wait)) { [weak self] in self?.look() }
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
        let byID = StreamID(milliseconds: UInt64(max(0, (term.now - age(bounds)).milliseconds)))
        let oldest = max(byID, grown ?? byID)
        let first = min(oldest, spared ?? oldest)
        bite("MINID", "\(first)", limit(atLeast: 0)) { [weak self] in self?.trimExactly(first) }
      }
    }
  }

  /// Finds the first entry that is not too old by when the stream had grown how far; nil where ids tell their age.
  private func lookAtAges(_ completion: @escaping (StreamID?) -> Void) {
    let field = stream + "#grown".utf8
    term.read([Request("XINFO", "STREAM", stream), Request("HGET", term.keys.cursor, field)]) { [weak self] replies in
      guard let self, let last = replies[0].field("last-generated-id")?.bytes.flatMap({ StreamID($0) }) else {
        return completion(nil)
      }
      let stored = replies[1].bytes.map { StreamAges($0) } ?? StreamAges()
      var ages = stored
      ages.note(last, at: term.now, age: age(bounds))
      if ages != stored { keep(ages, field) }
      completion(ages.first(at: term.now, age: age(bounds)))
    }
  }

  private func keep(_ ages: StreamAges, _ field: [UInt8]) {
    var step = Step()
    if ages.isEmpty {
      step.change("HDEL", term.keys.cursor, field)
    } else {
      step.change("HSET", term.keys.cursor, field, ages.encoded)
    }
    term.run(step) { _ in }
  }

  /// What is old in a node that is not old altogether.
  private func trimExactly(_ first: StreamID) {
    trim(["MINID", "=", "\(first)"]) { [weak self] _ in self?.lookLater() }
  }

  /// Lets go of entries until a bite finds none.
  private func bite(_ strategy: String, _ threshold: String, _ limit: Int64, _ completion: @escaping () -> Void) {
    trim([strategy, "~", threshold, "LIMIT", "\(limit)"]) { [weak self] trimmed in
      guard let self, let trimmed else { return completion() }
      if trimmed > 0 { return bite(strategy, threshold, limit, completion) }
      // A node that holds more entries than the bite may have stays whole.
      guard limit < Self.nodeEntries else { return completion() }
      bite(strategy, threshold, Self.mostEntries, completion)
    }
  }

  private func trim(_ words: [String], _ completion: @escaping (Int64?) -> Void) {
    guard term.mayAct else { return term.isOver ? () : lookLater() }
    var arguments = EncodedArguments(term.fence)
    for word in words { word.append(to: &arguments) }
    script.run(on: term.connection, keys: [term.keys.fence, stream], arguments: arguments) { [weak self] result in
      guard let self, !term.isOver, case .success(let reply) = result else { return }
      if let error = reply.error {
        if error.code == "FENCED" { return term.onEnd(error.text) }
        complain(error)
      }
      if let trimmed = reply.integer, trimmed > 0 { took(trimmed) }
      completion(reply.integer)
    }
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
    term.log(.error, "cannot trim", ["stream": String(decoding: stream, as: UTF8.self), "error": error.text])
  }

  /// KEYS: the fence, the stream. ARGV: the fence, the words of XTRIM behind its key. Gives how many entries left.
  private static let script = """
    local stored = redis.call('GET', KEYS[1])
    if stored ~= ARGV[1] then return redis.error_reply('FENCED ' .. (stored or 'no fence')) end
    return redis.call('XTRIM', KEYS[2], unpack(ARGV, 2))
    """
}
