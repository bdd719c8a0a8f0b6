import Glibc

/// The machine's wall clock: for logs and for before a server has told its time, never for ages.
package enum WallTime {
  /// Milliseconds since 1970, UTC.
  package static var milliseconds: Int64 {
    if let machine = SimulatedMachine.current { return machine.wallTime / 1_000_000 }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
