/// An open alert in the fleet.
package struct Alert: Equatable, Sendable {
  package var record: AlertRecord
  /// The agent's position in the fleet.
  package var position: Int
  /// What opened it or made it worse last: a metric and its value, where it was one.
  package var metric: Metric?
  package var value: Double?
  /// It closes no earlier than if this had been its last sign of trouble.
  var keptFrom = Instant.epoch

  package init(record: AlertRecord, position: Int, metric: Metric? = nil, value: Double? = nil) {
    self.record = record
    self.position = position
    self.metric = metric
    self.value = value
  }

  package var id: AlertID { record.id }

  /// Whether it asks for attention: nobody has acknowledged it and no silence covers it.
  package func isLoud(at now: Instant) -> Bool {
    record.acknowledgedBy == nil && (record.silencedUntil.map { $0 <= now } ?? true)
  }
}
