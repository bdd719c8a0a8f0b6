import Glibc
import Loop

/// How long a test has waited.
///
/// A machine may stand still for a minute with everything on it, the test and what it waits for. Such a pause is nobody's
/// delay: of what passes between two looks, half a second counts, and all that the thread worked beyond it.
package struct Stopwatch {
  private static let longestStep = 500.0

  private var last = MonotonicTime.now
  private var lastWork = Self.work
  private var total = 0.0

  package init() {}

  /// Counts on up to now, and gives all that it has counted, in milliseconds.
  package mutating func look() -> Double {
    let (now, work) = (MonotonicTime.now, Self.work)
    total += min(now.milliseconds(since: last), Self.longestStep + work - lastWork)
    (last, lastWork) = (now, work)
    return total
  }

  /// How long this thread has had a core so far, in milliseconds.
  private static var work: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
  }
}
