/// An open alert in the fleet.
package struct Alert: Equatable, Sendable {
  package var record: AlertRecord
  /// The agent's position in the fleet.
  package var position: Int
  /// The value that opened it or made it worse last, if one did.
  package var value: Double?
  /// Whether nobody but this program says so: the handler does not, or none lives.
  package var isLocal: Bool
  /// Repeats up to then are in its count: the handler has counted them.
  var countedUpTo: Instant
  /// It turns quiet no earlier than if it had been heard of at this moment.
  var keptFrom = Instant.epoch
  var recovery: Recovery

  package init(record: AlertRecord, position: Int, value: Double? = nil, isLocal: Bool = false) {
    self.record = record
    self.position = position
    self.value = value
    self.isLocal = isLocal
    countedUpTo = isLocal ? .epoch : record.last
    recovery = Recovery(record, record.metric.map { .known($0) })
  }

  package var id: AlertID { record.id }
  package var metric: Metric? { record.metric }
  package var isQuiet: Bool { record.quietSince != nil }

  /// Whether it asks for attention: nobody has acknowledged it and no silence covers it.
  package func isLoud(at now: Instant) -> Bool {
    record.acknowledgedBy == nil && (record.silencedUntil.map { $0 <= now } ?? true)
  }
}
