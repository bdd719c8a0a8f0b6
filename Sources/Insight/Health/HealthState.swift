/// Whether an agent's health is critical: from under 0.5 until 0.6 again, so that it does not flicker.
package struct HealthState: Equatable, Sendable {
  /// What changed.
  package enum Change: Equatable, Sendable {
    case turnedCritical, recovered
  }

  package private(set) var isCritical: Bool
  /// Below it health turns critical, and from there on it is well again.
  package static let critical = 0.5
  package static let recovered = 0.6

  package init(isCritical: Bool = false) {
    self.isCritical = isCritical
  }

  /// Takes the next score; nil if nothing changes by it.
  package mutating func update(_ score: Double) -> Change? {
    if !isCritical, score < Self.critical {
      isCritical = true
      return .turnedCritical
    }
    guard isCritical, score >= Self.recovered else { return nil }
    isCritical = false
    return .recovered
  }
}
