import FleetModel
import OpenTelemetry
import Wire

/// What waits for a collector, of one signal, oldest first.
struct TelemetryQueue {
  struct Record {
    var json: JSONValue
    /// The place in the audit before the line that it comes from; nil if it comes from none.
    var before: StreamID?
  }

  private(set) var records: [Record] = []
  /// How many of the first are on their way.
  private(set) var onTheirWay = 0
  private var failures = 0

  static let most = 4096
  static let batch = 512
  private static let pauseMilliseconds: Int64 = 1000
  private static let longestPauseMilliseconds: Int64 = 60_000

  var isEmpty: Bool { records.isEmpty }
  var isBatchFull: Bool { records.count >= Self.batch }
  /// From where the audit would have to be read again for what waits.
  var openBefore: StreamID? { records.lazy.compactMap(\.before).first }

  /// Adds a record. Of too many the oldest that are not on their way are dropped, many at once: each drop moves all
  /// that wait.
  ///
  /// - Returns: how many were dropped.
  mutating func add(_ record: Record) -> Int {
    records.append(record)
    guard records.count > Self.most else { return 0 }
    records.removeSubrange(onTheirWay..<(onTheirWay + Self.batch))
    return Self.batch
  }

  /// The next batch, which is on its way from here on.
  mutating func take() -> [JSONValue] {
    onTheirWay = min(records.count, Self.batch)
    return records.prefix(onTheirWay).map(\.json)
  }

  /// The batch needs nothing any more.
  ///
  /// - Returns: how many it had.
  mutating func settle() -> Int {
    defer { (onTheirWay, failures) = (0, 0) }
    records.removeFirst(onTheirWay)
    return onTheirWay
  }

  /// The batch is sent again.
  ///
  /// - Parameter asked: after how long the collector wants it.
  /// - Returns: after how many milliseconds it is.
  mutating func putBack(asked: TimeSpan?) -> Int64 {
    onTheirWay = 0
    failures += 1
    let usual = Self.pauseMilliseconds << Int64(min(failures - 1, 6))
    return min(max(asked?.milliseconds ?? usual, 1), Self.longestPauseMilliseconds)
  }

  mutating func removeAll() { self = TelemetryQueue() }
}
