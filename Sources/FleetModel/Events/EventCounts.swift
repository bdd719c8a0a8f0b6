/// How much came, of what kind, how fast, and what of it could not be used.
package struct EventCounts: Sendable {
  package private(set) var total = 0
  package private(set) var byKind = InlineArray<24, Int>(repeating: 0)
  /// Reason → how many.
  package private(set) var unreadable: [String: Int] = [:]
  package private(set) var unreadableTotal = 0
  package internal(set) var duplicates = 0
  /// Numbers that could not be ones of their metric.
  package internal(set) var suspect = 0

  /// Agents that were let go to make room, the longest silent first.
  package internal(set) var released = 0

  /// Events of each of the last seconds, addressed by time.
  private var seconds = InlineArray<16, Int32>(repeating: 0)
  private var latestSecond: Int64 = 0

  package init() {}

  /// Events a second over the last full seconds.
  package func rate(at now: Instant, over span: Int = 5) -> Double {
    let current = now.milliseconds / 1000
    var sum = 0
    for age in 1...span {
      let second = current - Int64(age)
      if second <= latestSecond, second > latestSecond - 16, second >= 0 { sum += Int(seconds[Int(second % 16)]) }
    }
    return Double(sum) / Double(span)
  }

  /// The clock was set back: what came in seconds that are still ahead is no rate of the present.
  mutating func forgetRate() {
    seconds = InlineArray(repeating: 0)
    latestSecond = 0
  }

  mutating func add(_ kind: EventKind, at instant: Instant) {
    total += 1
    byKind[Int(kind.rawValue)] += 1
    tick(instant)
  }

  mutating func addUnreadable(_ reason: String, at instant: Instant) {
    unreadableTotal += 1
    // Reasons are our own words, so there are few of them.
    unreadable[reason, default: 0] += 1
    tick(instant)
  }

  private mutating func tick(_ instant: Instant) {
    let second = max(0, instant.milliseconds / 1000)
    if second > latestSecond {
      for passed in max(latestSecond + 1, second - 15)...second { seconds[Int(passed % 16)] = 0 }
      latestSecond = second
    }
    if second > latestSecond - 16 { seconds[Int(second % 16)] += 1 }
  }
}
