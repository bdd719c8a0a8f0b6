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

    /// What all of them begin with.
    package static let prefix = "queue."

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
  /// Who has it in hand; nil if nobody has.
  package var hand: Hand?

  /// That somebody has taken it in hand.
  package struct Hand: Equatable, Sendable {
    package var by: String
    package var at: Instant
    package var note: String

    package init(by: String, at: Instant, note: String = "") { (self.by, self.at, self.note) = (by, at, note) }
  }

  package init(_ kind: Kind, since: Instant) { (self.kind, self.since) = (kind, since) }
}
