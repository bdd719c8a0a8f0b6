import FleetModel

/// The minute at which something takes least, by what the same minutes of the day before took.
package enum QuietMinute {
  /// The first minute of a range from which on `length` minutes have the least load.
  ///
  /// Stretches of which less than half is known are left out. If all are, or all are alike, the first minute is given: what
  /// is to come before a failure is better early.
  ///
  /// - Parameters:
  ///   - earliest: no minute before it; its seconds are rounded up.
  ///   - latest: the last minute from which on it may go.
  ///   - length: how many minutes it takes, from 1 to 60.
  ///   - load: what is expected of the minute that begins there; nil if nothing is known of it.
  package static func find(
    from earliest: Instant, through latest: Instant, length: Int, load: (Instant) -> Double?
  ) -> Instant {
    let first = (earliest.milliseconds + 59_999) / 60_000
    let last = max(first, min(latest.milliseconds / 60_000, first + mostMinutes))
    let length = min(max(1, length), 60)
    let loads = (first..<last + Int64(length)).map { number -> Double? in
      load(Instant(milliseconds: number * 60_000)).flatMap { $0.isFinite ? $0 : nil }
    }
    var best: (place: Int, mean: Double)?
    for place in 0...Int(last - first) {
      let known = loads[place..<place + length].compactMap(\.self)
      guard known.count * 2 >= length else { continue }
      let mean = known.reduce(0, +) / Double(known.count)
      if best.map({ mean < $0.mean }) ?? true { best = (place, mean) }
    }
    return Instant(milliseconds: (first + Int64(best?.place ?? 0)) * 60_000)
  }

  /// A range is never longer: two days.
  private static let mostMinutes: Int64 = 2880
}
