/// What is wrong with a queue.
package struct QueueTrouble: Equatable, Sendable {
  /// The worst first.
  package enum Kind: String, CaseIterable, Sendable {
    /// Entries wait and nobody reads.
    case nobodyReads = "queue.nobody_reads"
    /// An entry is older than it may be.
    case tooOld = "queue.too_old"
    /// More entries wait than may.
    case tooLong = "queue.too_long"

    package var severity: Severity {
      switch self {
      case .nobodyReads: .high
      case .tooOld, .tooLong: .medium
      }
    }
  }

  package var kind: Kind
  package var since: Instant
  /// The channels by which people were told.
  package var told: [String] = []

  package init(_ kind: Kind, since: Instant) { (self.kind, self.since) = (kind, since) }
}
