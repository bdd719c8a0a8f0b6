import FleetModel
import Insight

/// What history and detectors may take, and what is given up for that: first the minutes, which become five minutes, then
/// metrics, the least important first.
struct InsightBudget: Equatable {
  /// The step of the history that is written.
  private(set) var step = RollupHour.Step.minute
  /// How many of ``MinuteCollector/metrics`` are kept.
  private(set) var metrics = MinuteCollector.metrics.count

  /// What one step of a metric takes in Redis, and each of an agent's 24 keys besides.
  private static let bytesOfStep = 13
  private static let bytesOfKey = 130
  /// Only so far below its bound does it take back what it has given up.
  private static let wayBack = 0.7

  /// Decides anew.
  ///
  /// - Parameters:
  ///   - agents: how many have a history.
  ///   - perAgent: how many metrics one of them reports, on average.
  ///   - bound: what all of it may take in Redis, in bytes.
  mutating func decide(agents: Int, perAgent: Double, bound: Int) {
    let choices = Self.choices
    let present = choices.firstIndex { $0 == (step, metrics) } ?? 0
    func bytes(_ choice: (step: RollupHour.Step, metrics: Int)) -> Double {
      let metrics = min(perAgent, Double(choice.metrics))
      let steps = Double(choice.step.count * 24)
      return Double(agents) * (metrics * steps * Double(Self.bytesOfStep) + 24 * Double(Self.bytesOfKey))
    }
    let most = Double(max(0, bound))
    let next =
      choices.indices.first { index in
        bytes(choices[index]) <= (index < present ? most * Self.wayBack : most)
      } ?? choices.count - 1
    (step, metrics) = choices[next]
  }

  /// From all to the least; one metric stays.
  private static var choices: [(step: RollupHour.Step, metrics: Int)] {
    [(.minute, MinuteCollector.metrics.count)]
      + (1...MinuteCollector.metrics.count).reversed().map { (.fiveMinutes, $0) }
  }

  func keeps(_ metric: MetricID) -> Bool {
    MinuteCollector.metrics.prefix(metrics).contains { $0.rawValue == Int(metric.rawValue) }
  }

  /// What is given up, in words; nil if nothing is.
  var words: String? {
    guard step != .minute else { return nil }
    let left = MinuteCollector.metrics.dropFirst(metrics).map(\.field)
    return "history is kept by five minutes" + (left.isEmpty ? "" : ", without \(left.joined(separator: ", "))")
      + ": its bound in Redis leaves no room for more"
  }
}
