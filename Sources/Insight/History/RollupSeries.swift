import FleetModel

/// One metric of one agent over a span, as it was stored: rollups in order of time. Where nothing was reported there is
/// none.
package struct RollupSeries: Equatable, Sendable {
  /// A rollup and the time that it stands for.
  package struct Entry: Equatable, Sendable {
    package var begin: Instant
    package var span: TimeSpan
    package var rollup: Rollup

    package init(begin: Instant, span: TimeSpan, rollup: Rollup) {
      (self.begin, self.span, self.rollup) = (begin, span, rollup)
    }

    package var end: Instant { begin + span }
  }

  package let metric: MetricID
  package private(set) var entries: [Entry] = []

  /// The series of each metric that was reported between `start` and `end`, in order of the metric.
  ///
  /// - Parameter hours: in any order. Of two with the same number the later one in the list counts.
  package static func all(in hours: [RollupHour], from start: Instant, to end: Instant) -> [RollupSeries] {
    var series: [MetricID: RollupSeries] = [:]
    let byNumber = Dictionary(hours.map { ($0.hour, $0) }) { $1 }
    for (_, hour) in byNumber.sorted(by: { $0.key < $1.key }) {
      for (metric, rollups) in hour.metrics {
        for (place, rollup) in rollups.enumerated() {
          guard let rollup, let entry = Entry(rollup, at: place, of: hour), entry.end > start, entry.begin < end else {
            continue
          }
          series[metric, default: RollupSeries(metric: metric)].entries.append(entry)
        }
      }
    }
    return series.values.sorted { $0.metric < $1.metric }
  }

  private init(metric: MetricID) {
    self.metric = metric
  }

  /// - Parameter entries: in order of time.
  package init(metric: MetricID, _ entries: [Entry]) {
    (self.metric, self.entries) = (metric, entries)
  }

  /// All of it in one rollup; nil if there is nothing.
  package var total: Rollup? {
    guard let first = entries.first else { return nil }
    return entries.dropFirst().reduce(first.rollup) { $0.merged(with: $1.rollup) }
  }

  /// How long it was reported in all.
  package var reported: TimeSpan { entries.reduce(.zero) { $0 + $1.span } }

  /// The span in so many columns of equal length: what falls into each, nil where nothing was reported. A rollup that is
  /// longer than a column stands in each that it covers.
  package func columns(_ count: Int, from start: Instant, to end: Instant) -> [Rollup?] {
    var columns = [Rollup?](repeating: nil, count: max(0, count))
    let span = Double((end - start).milliseconds)
    guard count > 0, span > 0 else { return columns }
    func column(_ instant: Instant) -> Int {
      Bounded.int(rounding: (Double((instant - start).milliseconds) / span * Double(count)).rounded(.down))
    }
    for entry in entries {
      let first = max(0, column(entry.begin))
      let last = min(count - 1, column(entry.end - .milliseconds(1)))
      guard first <= last else { continue }
      for place in first...last { columns[place] = columns[place]?.merged(with: entry.rollup) ?? entry.rollup }
    }
    return columns
  }
}

extension RollupSeries.Entry {
  fileprivate init?(_ rollup: Rollup, at place: Int, of hour: RollupHour) {
    guard rollup.count > 0, rollup.mean.isFinite else { return nil }
    let span = TimeSpan.minutes(Int64(hour.step.rawValue))
    self.init(
      begin: Instant(milliseconds: Int64(hour.hour) * 3_600_000) + span * Int64(place), span: span, rollup: rollup)
  }
}
