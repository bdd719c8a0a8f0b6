/// The metrics that alerts are of. Numbers hold an open one by its place, records by its name.
extension AlertBook {
  func metric(of record: AlertRecord) -> AnyMetric? {
    if let metric = record.metric { return .known(metric) }
    return record.openMetric.flatMap { metrics.place(named: $0) }.map { .open($0) }
  }

  func names(of metric: AnyMetric?) -> (known: Metric?, open: String?) {
    switch metric {
    case .known(let metric)?: (metric, nil)
    case .open(let place)?: (nil, metrics[place]?.name)
    case nil: (nil, nil)
    }
  }

  /// Open metrics have other places from now on: alerts of them begin to recover anew.
  mutating func setMetrics(_ table: MetricTable) {
    let alerts = indices.compactMap { slot in self[slot].flatMap { $0.id.kind == .metric ? (slot, $0) : nil } }
    metrics = table
    for (slot, alert) in alerts {
      let recovery = Alert.Recovery(alert.record, metric(of: alert.record))
      update(slot) { ($0.record.openMetric, $0.recovery) = (alert.record.openMetric, recovery) }
    }
  }
}
