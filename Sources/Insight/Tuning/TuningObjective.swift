/// What a metric of an agent costs: a loss from 0 to 1.
package struct TuningObjective: Equatable, Sendable {
  /// The metric's.
  package let name: String
  /// The value at which everything is lost.
  package let worst: Double
  /// The value at which nothing is.
  package let best: Double

  /// Nil unless both are finite, and differ by what a number can hold.
  package init?(_ name: String, worst: Double, best: Double = 0) {
    guard worst.isFinite, best.isFinite, worst != best, (worst - best).isFinite else { return nil }
    (self.name, self.worst, self.best) = (name, worst, best)
  }

  /// The loss, in proportion between both and cut beyond; nil for no number.
  package func loss(of value: Double) -> Double? {
    guard !value.isNaN else { return nil }
    let value = min(max(value, min(worst, best)), max(worst, best))
    let loss = (value - best) / (worst - best)
    return loss.isFinite ? min(max(loss, 0), 1) : nil
  }

  /// The value that costs so much.
  package func value(of loss: Double) -> Double { best + loss * (worst - best) }
}
