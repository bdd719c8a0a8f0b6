/// What one has who bets, round after round, that gains are positive: evidence that may be looked at any time.
///
/// ```text
///   begins at 1, in four equal parts      a gain g in -1…1      each part *= 1 + stake * g
/// ```
/// If a fair coin decides the sign of every gain, whatever its size, each factor is 1 in expectation. So the wealth is a
/// martingale, and the chance that it ever reaches `1/alpha` is `alpha` at the most (Ville's inequality). Sources: G.
/// Shafer, "Testing by betting", 2021; I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by
/// betting", 2024.
package struct Wealth: Equatable, Sendable {
  /// By stakes.
  package var parts: [Double]

  static let stakes = [0.1, 0.3, 0.6, 0.9]
  /// More says no more. To cut it lowers the wealth, which costs no error.
  private static let most = 1e100

  package init(parts: [Double]) { self.parts = parts }

  /// - Parameter value: 1 to test one claim; 0 to look out for a change with ``renew()``.
  init(_ value: Double = 1) { parts = Self.stakes.map { _ in value / Double(Self.stakes.count) } }

  package var value: Double { parts.reduce(0, +) }

  /// Takes a gain in -1…1.
  mutating func bet(on gain: Double) {
    for (place, stake) in Self.stakes.enumerated() {
      parts[place] = min(parts[place] * (1 + stake * min(max(gain, -1), 1)), Self.most)
    }
  }

  /// Lets one more begin to bet now, so that a change is found however late it comes: an e-detector. If nothing changes,
  /// `1/alpha` rounds pass in the mean before it reaches `1/alpha`. Source: J. Shin, A. Ramdas, A. Rinaldo, "E-detectors",
  /// 2023.
  mutating func renew() {
    for place in parts.indices { parts[place] = min(parts[place] + 1 / Double(parts.count), Self.most) }
  }

  var isSound: Bool { parts.count == Self.stakes.count && parts.allSatisfy { $0 >= 0 && $0 <= Self.most } }
}
