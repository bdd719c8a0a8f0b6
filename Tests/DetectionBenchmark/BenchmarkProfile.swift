/// What the Numenta Anomaly Benchmark charges for an error (`config/profiles.json` there); a window found is worth 1.
package struct BenchmarkProfile: Sendable {
  package let name: String
  /// The cost of a false alarm far from any window.
  package let falseAlarm: Double
  /// The cost of a window that was missed.
  package let miss: Double

  package static let standard = BenchmarkProfile(name: "standard", falseAlarm: 0.11, miss: 1)
  package static let lowFalseAlarms = BenchmarkProfile(name: "reward_low_FP_rate", falseAlarm: 0.22, miss: 1)
  package static let lowMisses = BenchmarkProfile(name: "reward_low_FN_rate", falseAlarm: 0.11, miss: 2)
  package static let all = [standard, lowFalseAlarms, lowMisses]
}
