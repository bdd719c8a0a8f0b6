/// The shares with which every agent of a role would have as much to do as it should, within everyone's bounds.
///
/// They add up to what the agents take now, as far as the bounds let them: what one agent gets another one gives.
struct ShareTargets {
  /// What an agent could take beside the others.
  struct Claim {
    /// Above zero.
    var weight: Double
    var floor: Double
    var ceiling: Double

    func share(_ scale: Double) -> Double { max(floor, min(ceiling, weight * scale)) }
  }

  /// By the places of the claims.
  let shares: [Double]

  private static let halvings = 48

  init(_ claims: [Claim], sum: Double) {
    // The sum grows with the scale: halve the interval in which the right one lies.
    var (low, high) = (0.0, claims.reduce(0) { max($0, $1.ceiling / $1.weight) })
    for _ in 0..<Self.halvings {
      let middle = (low + high) / 2
      if claims.reduce(0, { $0 + $1.share(middle) }) < sum { low = middle } else { high = middle }
    }
    let scale = (low + high) / 2
    shares = claims.map { $0.share(scale) }
  }
}
