import FleetModel

/// Adds up what events report of the objective, agent by agent, until a look at their role takes it.
///
/// A class: who reads events adds to it, and who looks at roles takes from it.
final class ObjectiveMeter {
  private enum Source {
    case known(Metric)
    case open(MetricPlace)
  }

  private struct Sum {
    var total = 0.0
    var count = 0
  }

  private let source: Source
  /// What can be a value of it.
  private let plausible: ClosedRange<Double>
  /// By the agents' positions.
  private var sums: [Sum] = []

  /// - Parameters:
  ///   - name: the metric's.
  ///   - metrics: the open metrics that there are.
  /// - Returns: nil if there is no such metric.
  init?(_ name: String, _ metrics: MetricTable) {
    if let metric = Metric.allCases.first(where: { $0.field == name }) {
      (source, plausible) = (.known(metric), metric.plausible)
    } else if let place = metrics.place(named: name), let metric = metrics[place] {
      (source, plausible) = (.open(place), metric.plausible)
    } else {
      return nil
    }
  }

  /// Adds what an event reports. What the handler itself has published is left out.
  func note(_ event: borrowing Event, at position: Int) {
    let value: Double?
    switch source {
    case .known(let metric): value = event.metrics[metric]
    case .open(let place): value = event.openMetrics[place]
    }
    guard let value, value.isFinite, plausible.contains(value), !event.isOfHandler else { return }
    if position >= sums.count { sums += Array(repeating: Sum(), count: position + 1 - sums.count) }
    sums[position].total += value
    sums[position].count += 1
  }

  /// The mean of what was reported since the last call; nil if nothing was.
  func take(_ position: Int) -> Double? {
    guard position < sums.count, sums[position].count > 0 else { return nil }
    defer { sums[position] = Sum() }
    return sums[position].total / Double(sums[position].count)
  }
}
