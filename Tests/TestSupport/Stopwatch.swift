import Loop

/// How long a test has waited.
///
/// A machine may stand still for a minute with everything on it, the test and what it waits for. Such a pause is nobody's
/// delay, so that of what passes between two looks at most half a second counts.
package struct Stopwatch {
  private static let longestStep = 500.0

  private var last = MonotonicTime.now
  private var total = 0.0

  package init() {}

  /// Counts on up to now, and gives all that it has counted, in milliseconds.
  package mutating func look() -> Double {
    let now = MonotonicTime.now
    total += min(now.milliseconds(since: last), Self.longestStep)
    last = now
    return total
  }
}
