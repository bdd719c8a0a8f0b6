import Glibc

/// A moment on the machine's clock that counts time spent suspended: what a lease is measured by. To a machine that wakes
/// up its ``MonotonicTime`` is where it was, while others have long taken over.
package struct BootTime: Comparable, Sendable {
  private var nanoseconds: Int64

  init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// - Parameter milliseconds: on that clock.
  package init(milliseconds: Int64) {
    self.init(nanoseconds: milliseconds * 1_000_000)
  }

  package var milliseconds: Int64 { nanoseconds / 1_000_000 }

  /// Reads the clock.
  package static var now: BootTime {
    if let machine = SimulatedMachine.current { return machine.bootTime }
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return BootTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package static func < (left: BootTime, right: BootTime) -> Bool { left.nanoseconds < right.nanoseconds }
}
