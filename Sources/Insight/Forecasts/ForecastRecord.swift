/// What became of all forecasts of a fleet: the confidence of the next ones, and how good the earlier ones were.
package struct ForecastRecord: Equatable, Sendable {
  package private(set) var calibration: Calibration
  package private(set) var score = ForecastScore()

  /// - Parameter calibration: what was known before a restart.
  package init(calibration: Calibration = Calibration()) {
    self.calibration = calibration
  }

  /// Learns what became of a forecast that was made with this confidence.
  mutating func settle(_ forecast: Forecast, confidence: Double, hit: Bool) {
    score.settle(confidence: confidence, hit: hit)
    calibration.settle(forecast.bin, hit: hit)
  }
}
