import FleetModel
import Insight

/// The minutes of open metrics that samples still fall into, for agents that report any.
struct OpenMetricMinutes {
  /// One metric of one agent.
  private struct Cell {
    var place: MetricPlace
    var minute = OpenMinute()
  }

  /// By the agents' positions; empty for those that report none.
  private var rows: [[Cell]] = []
  let metrics: MetricTable

  init(_ metrics: MetricTable) { self.metrics = metrics }

  /// One more than the greatest position of an agent that reports any.
  var count: Int { rows.count }

  /// Adds what an event reports, and gives the minutes that it closes.
  mutating func note(_ event: borrowing Event, at position: Int, _ close: (MinuteCollector.Closed) -> Void) {
    if position >= rows.count { rows += repeatElement([], count: position + 1 - rows.count) }
    var rest = event.openMetrics.present
    while let place = rest.popFirst() {
      let value = event.openMetrics.value(place)
      guard metrics[place]?.isPlausible(value) == true else { continue }
      let index = rows[position].firstIndex { $0.place == place } ?? rows[position].count
      if index == rows[position].count { rows[position].append(Cell(place: place)) }
      let ended = rows[position][index].minute.add(Sample(value, at: event.receivedAt))
      if let ended { close(closed(position, place, ended)) }
    }
  }

  /// Closes the minutes of an agent that began at a moment or before it.
  mutating func sweep(_ position: Int, upTo limit: Instant, _ close: (MinuteCollector.Closed) -> Void) {
    guard position < rows.count else { return }
    for index in rows[position].indices {
      guard let begin = rows[position][index].minute.begin, begin <= limit else { continue }
      if let ended = rows[position][index].minute.close() {
        close(closed(position, rows[position][index].place, ended))
      }
    }
  }

  private func closed(
    _ position: Int, _ place: MetricPlace, _ ended: (begin: Instant, rollup: Rollup)
  ) -> MinuteCollector.Closed {
    MinuteCollector.Closed(
      position: position, metric: MetricID(rawValue: metrics.number(of: place)), begin: ended.begin,
      rollup: ended.rollup)
  }
}
