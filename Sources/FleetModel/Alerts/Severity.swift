/// How bad something is; the wire's own four words.
package enum Severity: String, CaseIterable, Comparable, Sendable {
  case low, medium, high, critical

  /// 0 for low to 3 for critical.
  package var rank: Int {
    switch self {
    case .low: 0
    case .medium: 1
    case .high: 2
    case .critical: 3
    }
  }

  package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}
