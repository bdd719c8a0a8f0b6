import CLinux
import Glibc

/// A moment on the machine's monotonic clock: what timers and latencies go by. It counts no time spent suspended, never
/// steps, and means nothing on another machine.
package struct MonotonicTime: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Reads the clock.
  package static var now: MonotonicTime {
    if let machine = SimulatedMachine.current { return machine.monotonicTime }
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package var milliseconds: Int64 { nanoseconds / 1_000_000 }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

  package func adding(milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: nanoseconds + milliseconds * 1_000_000)
  }

  /// Milliseconds from `earlier` to this moment, parts of one included.
  package func milliseconds(since earlier: MonotonicTime) -> Double {
    Double(nanoseconds - earlier.nanoseconds) / 1_000_000
  }
}
