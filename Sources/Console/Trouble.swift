import FleetModel

/// How much attention an agent needs: what rows are ordered by.
///
/// What is bad at present comes before what was, however bad that was; what nobody has in hand before what somebody has.
package struct Trouble: Comparable, Sendable {
  /// The worst open alert that nobody has in hand.
  package private(set) var loud: AlertGrade?
  /// The greater the worse: thousands of agents are compared by it with each frame.
  ///
  /// ```
  /// from the left: rank of the worst loud alert 4 bits, of the worst of all 4, number of alerts 4, error rate 31
  /// ```
  let key: UInt64

  static let keyBits: UInt64 = 43

  /// - Parameter isInTenths: whether error rates are shown in tenths of a per cent, be they large or small.
  package init(_ fleet: borrowing Fleet, _ position: Int, isInTenths: Bool = false) {
    var (worst, alerts): (AlertGrade?, UInt64) = (nil, 0)
    var loudest: AlertGrade?
    if fleet.hasAlerts(ofAgentAt: position) {
      fleet.forEachGrade(ofAgentAt: position) { grade, isLoud in
        worst = max(worst ?? grade, grade)
        if isLoud { loudest = max(loudest ?? grade, grade) }
        alerts += 1
      }
    }
    loud = loudest
    let ranks = Self.rank(loudest) << 8 | Self.rank(worst) << 4 | min(alerts, 15)
    key = ranks << 31 | Self.errorRate(fleet, position, isInTenths: isInTenths)
  }

  package static func == (left: Trouble, right: Trouble) -> Bool { left.key == right.key }

  package static func < (left: Trouble, right: Trouble) -> Bool { left.key < right.key }

  private static func rank(_ grade: AlertGrade?) -> UInt64 {
    grade.map { UInt64(1 + $0.standing.rawValue * Severity.allCases.count + $0.severity.rank) } ?? 0
  }

  /// The error rate as it is shown, in 31 bits that are in its order; one of long ago counts only among those that have
  /// no other.
  private static func errorRate(_ fleet: borrowing Fleet, _ position: Int, isInTenths: Bool) -> UInt64 {
    guard let rate = fleet.agents.value(.errorRate, at: position) else { return 0 }
    let shown = isInTenths ? (rate * 1000).rounded() : Format.shown(rate, of: .errorRate)
    // Bits of numbers that are not negative are in the order of these; the last one is of no weight.
    let bits = UInt64(Float(max(0, shown)).bitPattern >> 1) + 1
    let isFresh = fleet.agents.value(.errorRate, at: position, within: Fleet.freshness, of: fleet.now) != nil
    return isFresh ? bits | 1 << 30 : min(bits, 1 << 30 - 1)
  }
}
