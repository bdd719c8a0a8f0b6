/// One open metric as an agent has reported it last.
package struct OpenReading: Sendable {
  package let place: MetricPlace
  package let metric: OpenMetric
  /// The last value, and when it came; nil if there was none but numbers that cannot be one.
  package let value: Double?
  package let at: Instant?
  /// Whether the last number could not be a value of the metric.
  package let isSuspect: Bool

  /// The value, if it is no older than `age`.
  package func value(within age: TimeSpan, of now: Instant) -> Double? {
    at.flatMap { now - $0 <= age ? value : nil }
  }
}

extension Fleet {
  /// Takes other open metrics. What agents have reported of them is forgotten if their places are other ones.
  package mutating func setMetrics(_ table: MetricTable) {
    guard table != metrics else { return }
    revision &+= 1
    let keepsPlaces = table.metrics.map(\.name) == metrics.metrics.map(\.name)
    for position in agents.indices where !keepsPlaces && isPresent(position) {
      forgetOpenMetrics(at: position)
      changes.touch(position)
    }
    metrics = table
    alerts.setMetrics(table)
    levelSets.set(table)
    for position in agents.indices where isPresent(position) { findLevels(ofAgentAt: position) }
  }

  /// The open metrics that an agent has reported, in the order of the table.
  package func openReadings(ofAgentAt position: Int) -> [OpenReading] {
    let readings = agents.openReadings[agents.activity.span[position].openSlot]
    var rest = readings.mentioned
    var all: [OpenReading] = []
    while let place = rest.popFirst() {
      guard let metric = metrics[place] else { continue }
      let cell = readings[place]
      all.append(
        OpenReading(
          place: place, metric: metric, value: cell.map { Double($0.latest) },
          at: cell.map { Instant(milliseconds: $0.at) }, isSuspect: readings.suspects.contains(place)))
    }
    return all
  }

  /// One open metric of an agent; nil if it has reported none.
  package func openReading(_ place: MetricPlace, ofAgentAt position: Int) -> OpenReading? {
    openReadings(ofAgentAt: position).first { $0.place == place }
  }

  /// The last buckets of an agent's open metric, oldest first; empty if it has none.
  package func history(
    _ place: MetricPlace, ofAgentAt position: Int, _ resolution: SeriesStore.Resolution, count: Int,
    until now: Instant
  ) -> [Bucket] {
    guard let cell = agents.openReadings[agents.activity.span[position].openSlot][place] else { return [] }
    return buckets(of: cell, resolution, count: count, until: now)
  }

  /// Takes the event's open metrics. What the handler itself says is no value of the agent's.
  mutating func applyOpenMetrics(_ event: borrowing Event, at position: Int) {
    if event.isOfHandler { return }
    if agents.activity[position].openSlot < 0 { agents.activity[position].openSlot = agents.openReadings.allocate() }
    let (slot, instant) = (agents.activity[position].openSlot, event.receivedAt)
    var rest = event.openMetrics.present
    var (near, well) = (OpenMetricSet(), OpenMetricSet())
    while let place = rest.popFirst() {
      guard let metric = metrics[place] else { continue }
      let value = event.openMetrics.value(place)
      let isPlausible = metric.isPlausible(value)
      if !isPlausible { counts.suspect += 1 }
      agents.openReadings.update(slot) { readings in
        readings.setSuspect(place, !isPlausible)
        if isPlausible { readings.take(value, of: place, at: instant, series: &series) }
      }
      guard isPlausible, let levels = limits(ofAgentAt: position)[place] else { continue }
      if levels.isNear(value) { near.insert(place) } else { well.insert(place) }
    }
    judgeOpen(event.openMetrics, near: near, well: well, at: position, instant)
  }

  /// What values say about the alert of open metrics: first what opens it or makes it worse, then what is near its level,
  /// and what is well last, so that the order of the table does not matter.
  private mutating func judgeOpen(
    _ values: borrowing OpenValues, near: OpenMetricSet, well: OpenMetricSet, at position: Int, _ instant: Instant
  ) {
    var (opening, holding, well) = (near, near, well)
    while let place = opening.popFirst() { raise(.open(place), values.value(place), at: position, instant) }
    while let place = holding.popFirst() { hold(.open(place), values.value(place), at: position, instant) }
    guard agents.alertSlot(.metric, at: position) >= 0 else { return }
    while let place = well.popFirst() { recover(.metric, .open(place), at: position, instant) }
  }

  mutating func forgetOpenMetrics(at position: Int) {
    let slot = agents.activity[position].openSlot
    agents.openReadings.update(slot) { $0.release(to: &series) }
    agents.openReadings.release(slot)
    agents.activity[position].openSlot = -1
  }
}
