import FleetModel
import Insight

/// The hours of one agent's history as they stand in Redis, and what is to be written of them.
struct StoredHours {
  private(set) var hours: [UInt32: RollupHour] = [:]
  /// The hours that have changed.
  private(set) var changed: Set<UInt32> = []

  /// The end of the last minute that is known.
  private(set) var end = Instant.epoch

  /// Takes what stands in Redis.
  mutating func read(_ hour: RollupHour) {
    hours[hour.hour] = hour
    for minute in hour.minutes { end = max(end, minute.begin + hour.step.span) }
  }

  /// All that is known, the oldest first.
  var minutes: [AgentWatch.Minute] { hours.sorted { $0.key < $1.key }.flatMap { $0.value.minutes } }

  /// Writes a minute.
  mutating func write(_ minute: AgentWatch.Minute, keeping keep: (MetricID) -> Bool) {
    guard let number = RollupHour.hour(of: minute.begin) else { return }
    var new = RollupHour(hour: number)
    let place = Int(minute.begin.milliseconds / 60_000 % 60)
    for (metric, rollup) in minute.rollups where keep(metric) { new.write(rollup, of: metric, at: place) }
    guard !new.metrics.isEmpty else { return }
    add(new)
  }

  /// Writes minutes of the same five as one step.
  mutating func write(five minutes: [AgentWatch.Minute], keeping keep: (MetricID) -> Bool) {
    guard let first = minutes.first, let number = RollupHour.hour(of: first.begin) else { return }
    var new = RollupHour(hour: number)
    for minute in minutes {
      let place = Int(minute.begin.milliseconds / 60_000 % 60)
      for (metric, rollup) in minute.rollups where keep(metric) { new.write(rollup, of: metric, at: place) }
    }
    if !new.metrics.isEmpty { add(new.coarser) }
  }

  private mutating func add(_ new: RollupHour) {
    var hour = hours[new.hour] ?? RollupHour(hour: new.hour, step: new.step)
    // An hour has one step: the coarser one of both.
    if hour.step != new.step { hour = hour.coarser }
    hour.merge(hour.step == new.step ? new : new.coarser)
    hours[new.hour] = hour
    changed.insert(new.hour)
  }
}

extension RollupHour.Step {
  var span: TimeSpan { .minutes(Int64(rawValue)) }
}

extension RollupHour {
  /// Its rollups by time, the oldest first.
  var minutes: [AgentWatch.Minute] {
    (0..<step.count).compactMap { place in
      let rollups = metrics.compactMap { metric in
        metric.rollups[place].map { (metric: metric.metric, rollup: $0) }
      }
      guard !rollups.isEmpty else { return nil }
      let begin =
        Instant(milliseconds: Int64(hour) * 3_600_000) + TimeSpan(milliseconds: step.span.milliseconds * Int64(place))
      return AgentWatch.Minute(begin, rollups)
    }
  }
}
