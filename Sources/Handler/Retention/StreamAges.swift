import FleetModel
import Wire

/// How far a stream had grown when: by that entries grow old whose ids lie in the future, for an id tells no age then.
///
/// `agentos:cursor` holds it under `<stream>#grown`, so that the next handler goes on: epoch ms and the last id at that
/// time, `1795334137846 9999999999999-7`, with commas between them, oldest first. Of a stream with ordinary ids it holds
/// nothing.
struct StreamAges: Equatable {
  private struct Point: Equatable {
    var at: Instant
    var last: StreamID
  }

  private var points: [Point] = []

  /// Clocks may differ by so much.
  private static let doubt = TimeSpan.minutes(1)
  /// So many points a span: entries stay for at most an eighth of it too long.
  private static let pointsASpan: Int64 = 8

  init() {}

  init(_ stored: [UInt8]) {
    for text in String(decoding: stored.prefix(4096), as: UTF8.self).split(separator: ",") {
      let parts = text.split(separator: " ")
      guard parts.count == 2, let at = Bounded.int(parts[0]), let last = StreamID(Array(parts[1].utf8)) else {
        continue
      }
      points.append(Point(at: Instant(milliseconds: Int64(at)), last: last))
    }
  }

  var encoded: String { points.map { "\($0.at.milliseconds) \($0.last)" }.joined(separator: ",") }

  var isEmpty: Bool { points.isEmpty }

  /// Takes note of the last id that a stream has.
  ///
  /// - Parameter age: how old its entries may become.
  mutating func note(_ last: StreamID, at now: Instant, age: TimeSpan) {
    guard last.instant - now > Self.doubt else {
      points = []
      return
    }
    // A clock that was set back leaves moments of the future, and a stream that began anew leaves ids that it has not.
    points.removeAll { $0.last > last }
    for index in points.indices { points[index].at = min(points[index].at, now) }
    let transaction = TimeSpan(milliseconds: max(1, age.milliseconds / Self.pointsASpan))
    if points.last.map({ now - $0.at >= transaction && $0.last < last }) ?? true {
      points.append(Point(at: now, last: last))
    }
    // Of those that are old enough the newest tells all.
    while points.count > 1, now - points[1].at >= age { points.removeFirst() }
  }

  /// The first entry that is not too old; nil if nothing is known to be.
  func first(at now: Instant, age: TimeSpan) -> StreamID? {
    points.last { now - $0.at >= age }.map { $0.last.next() }
  }
}
