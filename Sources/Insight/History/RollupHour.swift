import FleetModel

/// An hour of an agent's metrics, a rollup for each step of one or five minutes.
package struct RollupHour: Equatable, Sendable {
  /// How long each rollup is.
  package enum Step: UInt8, Sendable {
    case minute = 1
    case fiveMinutes = 5

    /// How many make an hour.
    package var count: Int { 60 / Int(rawValue) }
  }

  /// Hours since 1970-01-01 UTC.
  package let hour: UInt32
  package private(set) var step: Step
  /// The rollups of each metric, in order of the metric; nil where nothing was reported.
  package private(set) var metrics: [(metric: MetricID, rollups: [Rollup?])] = []

  package init(hour: UInt32, step: Step = .minute) {
    (self.hour, self.step) = (hour, step)
  }

  /// The hour that an instant lies in; nil before 1970 and beyond what four bytes hold.
  package static func hour(of instant: Instant) -> UInt32? {
    instant.milliseconds < 0 ? nil : UInt32(exactly: instant.milliseconds / 3_600_000)
  }

  package subscript(metric: MetricID, place: Int) -> Rollup? {
    guard (0..<step.count).contains(place) else { return nil }
    return metrics.first { $0.metric == metric }?.rollups[place]
  }

  /// Writes a step's rollup. Written again it stays as it is; of two different ones the one of more samples stays, so that
  /// a handler that has seen part of a minute takes nothing away.
  package mutating func write(_ rollup: Rollup, of metric: MetricID, at place: Int) {
    guard (0..<step.count).contains(place), rollup.count > 0 else { return }
    let index = index(of: metric)
    guard let before = metrics[index].rollups[place], before.count > rollup.count else {
      metrics[index].rollups[place] = rollup
      return
    }
  }

  /// Takes over what another value of the same hour and step holds.
  package mutating func merge(_ other: RollupHour) {
    guard other.hour == hour, other.step == step else { return }
    for (metric, rollups) in other.metrics {
      for (place, rollup) in rollups.enumerated() {
        if let rollup { write(rollup, of: metric, at: place) }
      }
    }
  }

  /// The same hour by five minutes.
  package var coarser: RollupHour {
    guard step == .minute else { return self }
    var hour = RollupHour(hour: hour, step: .fiveMinutes)
    for (metric, rollups) in metrics {
      for place in 0..<hour.step.count {
        let five = rollups[place * 5..<place * 5 + 5].compactMap(\.self)
        guard let first = five.first else { continue }
        hour.write(five.dropFirst().reduce(first) { $0.merged(with: $1) }, of: metric, at: place)
      }
    }
    return hour
  }

  /// The same hour with the metrics that `keep` says.
  package func only(_ keep: (MetricID) -> Bool) -> RollupHour {
    var hour = self
    hour.metrics = metrics.filter { keep($0.metric) }
    return hour
  }

  private mutating func index(of metric: MetricID) -> Int {
    let place = metrics.firstIndex { $0.metric >= metric } ?? metrics.count
    if place == metrics.count || metrics[place].metric != metric {
      metrics.insert((metric, Array(repeating: nil, count: step.count)), at: place)
    }
    return place
  }

  package static func == (left: RollupHour, right: RollupHour) -> Bool {
    left.hour == right.hour && left.step == right.step
      && left.metrics.elementsEqual(right.metrics) { $0.metric == $1.metric && $0.rollups == $1.rollups }
  }
}
