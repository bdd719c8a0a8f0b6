import FleetModel
import Glibc
import Loop

/// Redis TIME, carried on by the machine's monotonic clock: what the local wall clock says does not matter, nor that it
/// steps.
package struct ServerClock: Sendable {
  /// Server microseconds less monotonic microseconds.
  private var offset: Int64?
  /// By how many microseconds the server may be ahead of that: its moment lay anywhere in the exchange.
  private var doubtAhead: Int64 = 0
  /// By how much the last answer differed from what this clock said before; nil if it did not, or was the first.
  ///
  /// The server's clock was set anew, or this machine slept. Nobody can tell which from here.
  package private(set) var leap: TimeSpan?
  /// Two measurements of the same clock differ by less.
  package static let doubt = TimeSpan.seconds(1)

  package init() {}

  /// Whether the server has told its time yet; until then `now` goes by the local wall clock.
  package var isSet: Bool { offset != nil }

  package var now: Instant { instant(at: .now) }

  package func instant(at time: MonotonicTime) -> Instant {
    Instant(milliseconds: microseconds(at: time) / 1000)
  }

  /// No earlier than what the server's clock shows: what it wrote itself is from then or before, however slowly it told
  /// its time.
  package var latest: Instant { Instant(milliseconds: (microseconds(at: .now) + doubtAhead) / 1000 + Self.drift) }

  private func microseconds(at time: MonotonicTime) -> Int64 { time.nanoseconds / 1000 + (offset ?? Self.localOffset) }

  /// How far two machines' clocks run apart between two measurements, in milliseconds, and what was rounded.
  private static let drift: Int64 = 10

  /// Takes the answer to TIME, unless it took so long that this clock knows better.
  ///
  /// - Parameters:
  ///   - asked: when the request left; the server's moment is taken to lie midway to now.
  /// - Returns: whether the reply was one.
  @discardableResult
  package mutating func set(_ reply: Reply, asked: MonotonicTime, answered: MonotonicTime = .now) -> Bool {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer, let micros = parts[1].integer,
      (0..<Self.farthest).contains(seconds), (0..<1_000_000).contains(micros)
    else { return false }
    // Such an answer tells the time less well than this clock does: it would look like a leap.
    guard !isSet || answered.nanoseconds - asked.nanoseconds <= Self.doubt.milliseconds * 1_000_000 else {
      leap = nil
      return true
    }
    let midway = (asked.nanoseconds + answered.nanoseconds) / 2
    move(to: seconds * 1_000_000 + micros - midway / 1000, ahead: (answered.nanoseconds - midway) / 1000)
    return true
  }

  private mutating func move(to new: Int64, ahead: Int64) {
    let step = offset.map { TimeSpan(milliseconds: (new - $0) / 1000) }
    leap = step.flatMap { $0.milliseconds.magnitude > Self.doubt.milliseconds.magnitude ? $0 : nil }
    (offset, doubtAhead) = (new, ahead)
  }

  /// No server's clock shows a later second: as microseconds it still fits.
  private static let farthest: Int64 = 1_000_000_000_000

  /// Goes by the local wall clock as it is now: for a server that does not tell its time.
  package mutating func setByLocalClock() { move(to: Self.localOffset, ahead: 0) }

  private static var localOffset: Int64 { LocalClock.now.milliseconds * 1000 - MonotonicTime.now.nanoseconds / 1000 }
}

/// The machine's wall clock: for logs and for before a server has told its time, never for ages.
package enum LocalClock {
  package static var now: Instant { Instant(milliseconds: WallTime.milliseconds) }
}
