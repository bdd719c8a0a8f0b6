import FleetModel

/// How it ended for one target.
package struct TargetOutcome: Equatable {
  package var phase: AuditLine.Phase
  package var detail: String
  /// Whether its runtime was told something, and may answer.
  package var wasNotified = false

  package init(phase: AuditLine.Phase, detail: String, wasNotified: Bool = false) {
    self.phase = phase
    self.detail = detail
    self.wasNotified = wasNotified
  }
}
