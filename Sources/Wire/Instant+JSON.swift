import FleetModel

extension Instant {
  /// Reads ISO 8601 text or a number since the epoch: milliseconds from 1e11 on, seconds below. Nil for anything else.
  init?(json: JSONValue) {
    if let bytes = json.bytes, let instant = ISO8601.parse(bytes) {
      self = instant
    } else if let number = json.double, let instant = Instant(epoch: number) {
      self = instant
    } else {
      return nil
    }
  }

  /// An instant from a number since the epoch; nil if it is no time that a calendar could show.
  init?(epoch number: Double) {
    let milliseconds = abs(number) >= 1e11 ? number : number * 1000
    guard abs(milliseconds) <= 8.64e15 else { return nil }
    self.init(milliseconds: Int64(milliseconds.rounded(.down)))
  }

  /// ISO 8601 as a JSON string.
  package var json: JSONValue { .string(ISO8601.format(self)) }

  /// Milliseconds since the epoch, as the handler stores them.
  package init?(stored json: JSONValue?) {
    guard let milliseconds = json?.int else { return nil }
    self.init(milliseconds: Int64(milliseconds))
  }
}
