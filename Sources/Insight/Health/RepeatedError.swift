import FleetModel

/// Counts how often an agent reports the same error and no other, by a digest of its text.
package struct RepeatedError: Sendable {
  private var digest: UInt64?
  private var last: Instant?
  package private(set) var count = 0
  package private(set) var since: Instant?

  /// So many of the same are a runaway; a pause of so long begins anew.
  package static let enough = 10
  package static let pause = TimeSpan.minutes(10)

  package init() {}

  /// Takes note of an error; true each time that it becomes a runaway.
  package mutating func note(_ digest: UInt64, at instant: Instant) -> Bool {
    let isSame = digest == self.digest && last.map { (instant - $0).magnitude <= Self.pause } ?? false
    if !isSame { (count, since) = (0, instant) }
    (self.digest, last) = (digest, instant)
    count = min(count + 1, .max - 1)
    return count == Self.enough
  }
}
