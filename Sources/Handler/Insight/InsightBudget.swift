import FleetModel
import Insight

/// What history and detectors may take, and what is given up for that: first the minutes, which become five minutes, then
/// metrics, the least important first.
struct InsightBudget: Equatable {
  /// The step of the history that is written.
  private(set) var step = RollupHour.Step.minute
  /// How many metrics are kept: those of ``MinuteCollector/metrics``, then open ones.
  private(set) var metrics: Int
  private let all: [Kept]
  let open: MetricTable

  private struct Kept: Equatable {
    var id: MetricID
    var name: String
  }

  /// What one step of a metric takes in Redis, and each of an agent's 24 keys besides.
  private static let bytesOfStep = 13
  private static let bytesOfKey = 130
  /// Only so far below its bound does it take back what it has given up.
  private static let wayBack = 0.7

  /// - Parameter open: the open metrics that there are.
  init(_ open: MetricTable = .builtIn) {
    self.open = open
    all =
      MinuteCollector.metrics.map { Kept(id: MetricID($0), name: $0.field) }
      + open.places.map { Kept(id: MetricID(rawValue: open.number(of: $0)), name: open[$0]?.name ?? "") }
    metrics = all.count
  }

  /// Decides anew.
  ///
  /// - Parameters:
  ///   - agents: how many have a history.
  ///   - perAgent: how many metrics one of them reports, on average.
  ///   - bound: what all of it may take in Redis, in bytes.
  mutating func decide(agents: Int, perAgent: Double, bound: Int) {
    let choices = choices
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
  private var choices: [(step: RollupHour.Step, metrics: Int)] {
    [(.minute, all.count)] + (1...all.count).reversed().map { (.fiveMinutes, $0) }
  }

  func keeps(_ metric: MetricID) -> Bool {
    metrics == all.count || all.prefix(metrics).contains { $0.id == metric }
  }

  /// What is given up, in words; nil if nothing is.
  var words: String? {
    guard step != .minute else { return nil }
    let left = all.dropFirst(metrics).map(\.name)
    return "history is kept by five minutes" + (left.isEmpty ? "" : ", without \(left.joined(separator: ", "))")
      + ": its bound in Redis leaves no room for more"
  }
}
