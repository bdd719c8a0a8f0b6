import FleetModel

/// How much attention an agent needs: what rows are ordered by.
///
/// What is bad at present comes before what was, however bad that was; what nobody has in hand before what somebody has.
package struct Trouble: Comparable, Sendable {
  /// The worst open alert that nobody has in hand, and the worst of all.
  package private(set) var loud: AlertGrade?
  package private(set) var worst: AlertGrade?
  package private(set) var alerts = 0
  /// Error rates as they are shown; one of long ago counts only among those that have no other.
  private var errorRate = -1.0
  private var staleErrorRate = -1.0

  /// - Parameter isInTenths: whether error rates are shown in tenths of a per cent, be they large or small.
  package init(_ fleet: borrowing Fleet, _ position: Int, isInTenths: Bool = false) {
    let isFresh = fleet.agents.value(.errorRate, at: position, within: Fleet.freshness, of: fleet.now) != nil
    if let rate = fleet.agents.numbers(at: position).value(.errorRate) {
      let shown = isInTenths ? (rate * 1000).rounded() : Format.shown(rate, of: .errorRate)
      if isFresh { errorRate = shown } else { staleErrorRate = shown }
    }
    guard fleet.hasAlerts(ofAgentAt: position) else { return }
    for kind in AlertKind.allCases {
      guard let alert = fleet.alert(kind, ofAgentAt: position) else { continue }
      let grade = fleet.grade(of: alert)
      worst = max(worst ?? grade, grade)
      if alert.isLoud(at: fleet.now) { loud = max(loud ?? grade, grade) }
      alerts += 1
    }
  }

  package static func < (left: Trouble, right: Trouble) -> Bool {
    let (first, second) = (left.ranks, right.ranks)
    guard first == second else { return first < second }
    return (left.alerts, left.errorRate, left.staleErrorRate) < (right.alerts, right.errorRate, right.staleErrorRate)
  }

  private var ranks: (Int, Int) { (Self.rank(loud), Self.rank(worst)) }

  private static func rank(_ grade: AlertGrade?) -> Int {
    grade.map { 1 + $0.standing.rawValue * Severity.allCases.count + $0.severity.rank } ?? 0
  }
}
