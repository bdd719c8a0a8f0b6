import FleetModel

/// Adds up what events report of the objective, agent by agent, until a look at their role takes it.
///
/// A class: who reads events adds to it, and who looks at roles takes from it.
final class ObjectiveMeter {
  private enum Source {
    case known(Metric)
    case open(MetricPlace)
  }

  /// What an agent has told.
  fileprivate struct Sum {
    /// Since the last look.
    var total = 0.0
    var count = 0
    /// The mean of the last span in which it told something, and how many spans ago that was; nil before it has.
    var last: (mean: Double, age: Int)?
    /// A slow mean, and of how many spans.
    var usual = 0.0
    var spans = 0
    /// Of the last spans the part in which it told something.
    var part = 1.0
  }

  /// What a look at an agent takes.
  struct Reading: Equatable {
    /// The mean of what was reported since the last look; nil if nothing was.
    var fresh: Double?
    /// What it told last, if that is not too long ago.
    var carried: Double?
    /// What it tells as usual; nil if it is not known for long enough.
    var usual: Double?
  }

  /// For so many spans without a report the last one stands for them: who reports seldom costs no less.
  static let patience = 10
  /// So many spans weigh in the slow mean, and as many must be known.
  fileprivate static let usualSpans = 20
  fileprivate static let leastSpans = 10
  /// The same of the part of spans that are reported.
  fileprivate static let partSpans = 8.0

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

  /// What an agent has told since the last call, which is to come once a span.
  func take(_ position: Int) -> Reading {
    guard position < sums.count else { return Reading() }
    sums[position].close()
    return sums[position].reading
  }

  /// In which part of the last spans an agent has told something; 1 before any is known.
  func part(_ position: Int) -> Double { position < sums.count ? sums[position].part : 1 }
}

extension ObjectiveMeter.Sum {
  /// Ends a span.
  fileprivate mutating func close() {
    defer { (total, count) = (0, 0) }
    guard count > 0 else {
      if let before = last { last = before.age < ObjectiveMeter.patience ? (before.mean, before.age + 1) : nil }
      part -= part / ObjectiveMeter.partSpans
      return
    }
    let mean = total / Double(count)
    spans = min(spans + 1, ObjectiveMeter.usualSpans)
    usual += (mean - usual) / Double(spans)
    part += (1 - part) / ObjectiveMeter.partSpans
    last = (mean, 0)
  }

  fileprivate var reading: ObjectiveMeter.Reading {
    ObjectiveMeter.Reading(
      fresh: last.flatMap { $0.age == 0 ? $0.mean : nil }, carried: last?.mean,
      usual: spans < ObjectiveMeter.leastSpans ? nil : usual)
  }
}
