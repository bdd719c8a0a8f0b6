import FleetModel

/// Stored history that is replayed as if it came now: which forecasts would have been made, and what became of them.
///
/// Minutes of all agents must come in order of their time, so that each forecast's confidence is known from those alone
/// that were settled before it.
package struct Backtest: Sendable {
  private struct Key: Hashable {
    var agent: AgentID
    var metric: MetricID
  }

  private var watches: [Key: ForecastWatch] = [:]
  package private(set) var record = ForecastRecord()
  /// How many forecasts were made, and how many minutes they were made from.
  package private(set) var forecasts = 0
  package private(set) var minutes = 0

  package init() {}

  /// How many series there are: metrics of agents.
  package var series: Int { watches.count }

  /// Forecasts whose time is not over yet.
  package var open: Int { watches.values.count { $0.open != nil } }

  /// How often the fan held the value ten minutes later, and of how many values that is known.
  package var coverage: (value: Double, values: Int) {
    let all = watches.values.map(\.coverage)
    let values = all.reduce(0) { $0 + $1.values }
    let held = all.reduce(0.0) { $0 + $1.value * Double($1.values) }
    return (values == 0 ? 0 : held / Double(values), values)
  }

  /// Learns the mean of a minute.
  package mutating func learn(
    _ value: Double, minute: Instant, of agent: AgentID, _ metric: MetricID, level: Double, bad: BadSide
  ) {
    let key = Key(agent: agent, metric: metric)
    var watch = watches.removeValue(forKey: key) ?? ForecastWatch(metric, level: level, bad: bad)
    if watch.learn(value, minute: minute, record: &record) != nil { forecasts += 1 }
    minutes += 1
    watches[key] = watch
  }
}
