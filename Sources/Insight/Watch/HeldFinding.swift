import FleetModel

/// What the detectors found in one minute of one metric, until later minutes show whether it is worth a word.
///
/// ```text
///   minute     M           M + 1            M + 2
///   value      unusual     usual again      ─▶ dropped: one odd minute
///              unusual     unusual          ─▶ said
///              unusual     unusual, and the role moved the same way in M ─▶ dropped: load
/// ```
/// What the role did in minute M is known once its other agents have reported it; until then the finding waits. A value
/// that stands still needs no second minute: it has stood still for many.
struct HeldFinding: Sendable {
  /// What becomes of it.
  enum Verdict {
    case said, dropped, waits
  }

  let finding: Finding
  private let minute: Instant
  /// How many spreads the value lay above the agent's own normal; negative below it.
  private let deviation: Double
  private var waited: UInt8 = 0

  /// Later minutes after which it no longer waits for its role.
  private static let mostWaited: UInt8 = 3
  /// A minute that comes later says nothing about it.
  private static let stale = TimeSpan.minutes(30)
  /// A role has moved if its agents lie so many spreads off their own normals at the median.
  private static let moved = 1.0
  /// An agent is off by itself if it lies so many spreads further off than its role.
  private static let own = 4.0
  /// Load weighs on some agents more than on others: on most by no more than so many times the median.
  private static let uneven = 1.5
  /// The part of an unusual difference that must be left in the next minute.
  private static let left = 0.5
  private static let stillUnsteady = 0.9

  init(_ finding: Finding, minute: Instant, deviation: Double) {
    (self.finding, self.minute, self.deviation) = (finding, minute, deviation)
  }

  /// Judges it by a later minute of the same metric.
  ///
  /// - Parameters:
  ///   - step: by how much the metric changes from minute to minute at present.
  ///   - peers: what its role does; nil if it has none.
  ///   - isPending: whether its role has not been looked at yet.
  mutating func judge(
    _ value: Double, at later: Instant, step: Double, peers: PeerBoard.Peers?, isPending: Bool
  ) -> Verdict {
    guard later > minute, later - minute <= Self.stale, persists(value, step) else { return .dropped }
    waited += 1
    let isKnown = peers.map { $0.upTo >= minute } ?? !isPending
    if !isKnown || finding.kind == .unsteady, waited < Self.mostWaited { return .waits }
    return isLoad(peers?.shared ?? 0) ? .dropped : .said
  }

  private func persists(_ value: Double, _ step: Double) -> Bool {
    let facts = finding.facts
    switch finding.kind {
    case .outOfRange:
      return isAbove ? value > facts.high ?? .infinity : value < facts.low ?? -.infinity
    case .offSeason:
      let usual = facts.usual ?? facts.value
      return (value - usual) * sign >= abs(facts.value - usual) * Self.left
    // After a single leap the mean step falls by a quarter from minute to minute.
    case .unsteady: return step >= facts.value * Self.stillUnsteady
    case .stuck, .apart, .runaway, .version: return true
    }
  }

  private func isLoad(_ shared: Double) -> Bool {
    switch finding.kind {
    case .outOfRange, .offSeason, .unsteady:
      let sign = finding.kind == .unsteady ? (deviation < 0 ? -1.0 : 1) : sign
      return shared * sign >= Self.moved && (deviation - shared * Self.uneven) * sign < Self.own
    case .stuck, .apart, .runaway, .version: return false
    }
  }

  private var sign: Double { isAbove ? 1 : -1 }

  private var isAbove: Bool {
    let facts = finding.facts
    return switch finding.kind {
    case .outOfRange: facts.value > facts.high ?? facts.value
    case .offSeason, .unsteady, .stuck, .apart, .runaway, .version: facts.value > facts.usual ?? facts.value
    }
  }
}
