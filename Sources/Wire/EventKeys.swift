import FleetModel

/// The names that an event's own object knows.
enum OuterKey: String, CaseIterable {
  case entityID = "entity_id"
  case eventType = "event_type"
  case data
  /// Tells an envelope, together with `data`.
  case headers
  case eventID = "event_id"
  case timestamp, source, severity

  static func table() -> FieldNameTable<OuterKey> { FieldNameTable(allCases.map { ($0.rawValue, $0) }) }
}

/// The names that an event's `data` knows.
enum DataKey {
  case metric(Metric, isAlias: Bool)
  case field(EventField)
  /// A metric of the fleet's table, by its place.
  case open(UInt8)

  static func table(_ metrics: MetricTable) -> FieldNameTable<DataKey> {
    let known = Metric.allCases.flatMap { metric in
      [(name: metric.field, target: DataKey.metric(metric, isAlias: false))]
        + metric.aliases.map { (name: $0, target: DataKey.metric(metric, isAlias: true)) }
    }
    let open = metrics.places.flatMap { place -> [(name: String, target: DataKey)] in
      guard let metric = metrics[place] else { return [] }
      return ([metric.name] + metric.aliases).map { (name: $0, target: .open(UInt8(place.rawValue))) }
    }
    return FieldNameTable(known + EventField.allCases.map { ($0.key, .field($0)) } + open)
  }
}

extension EventKind {
  /// What stands behind `agent.` in the dotted type.
  static func table() -> FieldNameTable<EventKind> {
    FieldNameTable(allCases.compactMap { kind in kind.type.map { (String($0.dropFirst("agent.".count)), kind) } })
  }
}
