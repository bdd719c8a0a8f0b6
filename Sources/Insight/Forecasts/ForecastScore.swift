/// How good forecasts with a stated confidence were: Brier's score, and what came true of each confidence.
///
/// The score is the mean of (confidence - outcome)², 0 at best (Brier, "Verification of forecasts expressed in terms of
/// probability", 1950). The naive forecast says the overall share of hits each time.
package struct ForecastScore: Equatable, Sendable {
  /// The forecasts whose confidence lay within a tenth.
  package struct Tenth: Equatable, Sendable {
    package var forecasts = 0
    package var hits = 0
    /// The sum of their confidences.
    var stated = 0.0

    package var meanConfidence: Double { forecasts == 0 ? 0 : stated / Double(forecasts) }
    package var shareOfHits: Double { forecasts == 0 ? 0 : Double(hits) / Double(forecasts) }
  }

  /// From 0…0.1 to 0.9…1.
  package private(set) var tenths = Array(repeating: Tenth(), count: 10)
  private var squares = 0.0

  package init() {}

  package var forecasts: Int { tenths.reduce(0) { $0 + $1.forecasts } }
  package var hits: Int { tenths.reduce(0) { $0 + $1.hits } }

  /// Learns what became of a forecast. A confidence that is no share is left out.
  package mutating func settle(confidence: Double, hit: Bool) {
    guard (0...1).contains(confidence) else { return }
    let index = min(9, Int(confidence * 10))
    tenths[index].forecasts += 1
    tenths[index].hits += hit ? 1 : 0
    tenths[index].stated += confidence
    let miss = confidence - (hit ? 1 : 0)
    squares += miss * miss
  }

  /// 0 at best, 1 at worst; nil without a forecast.
  package var brier: Double? { forecasts == 0 ? nil : squares / Double(forecasts) }

  /// The score of always saying the share that came true.
  package var naiveBrier: Double? {
    guard forecasts > 0 else { return nil }
    let share = Double(hits) / Double(forecasts)
    return share * (1 - share)
  }
}
