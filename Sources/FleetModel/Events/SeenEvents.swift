/// The `event_id`s of the last ten minutes, by a 64-bit hash: two different ids are taken for one once in some 10^13
/// pairs.
struct SeenEvents: Sendable {
  static let remembers = TimeSpan.minutes(10)
  /// Beyond so many in one half of the memory the older half is forgotten early: memory stays bounded, and in a storm an
  /// id may count again sooner.
  static let mostAHalf = 300_000

  private var current: [UInt64: Int64] = [:]
  private var previous: [UInt64: Int64] = [:]
  private var currentSince = Instant.epoch
  /// By how much the clock was set since it began: what is kept here goes by the clock of then.
  private var shift = TimeSpan.zero

  mutating func leap(by step: TimeSpan) {
    let (sum, overflow) = shift.milliseconds.addingReportingOverflow(step.milliseconds)
    if !overflow { shift = TimeSpan(milliseconds: sum) }
  }

  /// Enters an id; false if it was seen within the span.
  mutating func insert(_ id: UnsafeRawBufferPointer, at now: Instant) -> Bool {
    let instant = now - shift
    if instant - currentSince > Self.remembers || current.count >= Self.mostAHalf {
      previous = current
      current = [:]
      currentSince = instant
    }
    var hasher = Hasher()
    hasher.combine(bytes: id)
    let key = UInt64(bitPattern: Int64(hasher.finalize()))
    let oldest = (instant - Self.remembers).milliseconds
    if let seen = current[key] ?? previous[key], seen >= oldest { return false }
    current[key] = instant.milliseconds
    return true
  }
}
