import Glibc
import Loop

/// What some work took.
struct Cost {
  /// By the monotonic clock.
  var seconds: Double
  /// Of this process's processor time, user's and system's.
  var cpuSeconds: Double

  init(_ work: () throws -> Void) rethrows {
    let (started, cpu) = (MonotonicTime.now, Self.cpu)
    try work()
    seconds = MonotonicTime.now.milliseconds(since: started) / 1000
    cpuSeconds = Self.cpu - cpu
  }

  /// Of this process, so far.
  static var cpu: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
