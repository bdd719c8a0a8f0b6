/// Rolling windows of agents and of the whole fleet.
extension Fleet {
  /// The last buckets of an agent's metric, oldest first; empty if it has none.
  package func history(
    _ metric: Metric, ofAgentAt position: Int, _ resolution: SeriesStore.Resolution, count: Int, until now: Instant
  ) -> [Bucket] {
    buckets(of: agents.activity[position].cells[metric.rawValue], resolution, count: count, until: now)
  }

  /// The last buckets of a metric, oldest first; empty if nothing is kept of it.
  func buckets(
    of cell: AgentActivity.Cell, _ resolution: SeriesStore.Resolution, count: Int, until now: Instant
  ) -> [Bucket] {
    guard cell.slot >= 0 else { return [] }
    let values = series.values(cell.slot, resolution, until: now, count: count, open: cell.open)
    return buckets(values, span: resolution.span, until: now)
  }

  /// The fleet's own last buckets of ten seconds, oldest first.
  package func history(
    _ value: (FleetTotals.Sample) -> Double?, count: Int, until now: Instant
  ) -> [Bucket] {
    buckets(totals.values(value, count: count, until: now), span: FleetTotals.span, until: now)
  }

  private func buckets(_ values: [Float?], span: TimeSpan, until now: Instant) -> [Bucket] {
    let last = now.milliseconds / span.milliseconds
    return values.enumerated().map { index, value in
      if let value { return .value(value) }
      let number = last - Int64(values.count - 1 - index)
      let start = Instant(milliseconds: number * span.milliseconds)
      return gaps.contains { $0.from < start + span && $0.to >= start } ? .missed : .silent
    }
  }
}
