/// What the handler proposes of its own accord, under a name that no rule of a runbook can have: those have no slash.
package enum OwnRule: String, CaseIterable, Sendable {
  case load = "handler/load"
  case tuning = "handler/tuning"

  /// What the audit calls it.
  package var title: String {
    switch self {
    case .load: "share load"
    case .tuning: "try settings"
    }
  }
}
