import FleetModel
import Glibc
import Loop

/// Redis TIME, carried on by the machine's monotonic clock: what the local wall clock says does not matter, nor that it
/// steps.
package struct ServerClock: Sendable {
  /// Server microseconds less monotonic microseconds.
  private var offset: Int64?

  package init() {}

  /// Whether the server has told its time yet; until then `now` goes by the local wall clock.
  package var isSet: Bool { offset != nil }

  package var now: Instant { instant(at: .now) }

  package func instant(at time: MonotonicTime) -> Instant {
    let microseconds = time.nanoseconds / 1000 + (offset ?? Self.localOffset)
    return Instant(milliseconds: microseconds / 1000)
  }

  /// Takes the answer to TIME.
  ///
  /// - Parameters:
  ///   - asked: when the request left; the server's moment is taken to lie midway to now.
  /// - Returns: whether the reply was one.
  @discardableResult
  package mutating func set(_ reply: Reply, asked: MonotonicTime, answered: MonotonicTime = .now) -> Bool {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer, let micros = parts[1].integer
    else { return false }
    let midway = (asked.nanoseconds + answered.nanoseconds) / 2
    offset = seconds * 1_000_000 + micros - midway / 1000
    return true
  }

  /// Goes by the local wall clock as it is now: for a server that does not tell its time.
  package mutating func setByLocalClock() { offset = Self.localOffset }

  private static var localOffset: Int64 { LocalClock.now.milliseconds * 1000 - MonotonicTime.now.nanoseconds / 1000 }
}

/// The machine's wall clock: for logs and for before a server has told its time, never for ages.
package enum LocalClock {
  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
