import FleetModel

/// Alerts as the hash `agentos:alerts` holds them: the id is the field, the rest its JSON.
package enum AlertCoding {
  /// The hash value.
  package static func encode(_ record: AlertRecord) -> [UInt8] {
    var json = JSONWriter()
    write(record, to: &json)
    return json.finish()
  }

  /// Writes the record without its id.
  package static func write(_ record: AlertRecord, to json: inout JSONWriter) {
    json.add("severity", record.severity.rawValue)
    json.add("count", record.count)
    json.add("since", record.since)
    json.add("last", record.last)
    json.add("quiet", record.quietSince)
    json.add("metric", record.metric?.field ?? record.openMetric)
    if record.isClosed { json.add("closed", true) }
    json.add("ack", record.acknowledgedAt)
    json.add("who", record.acknowledgedBy)
    json.add("ack_until", record.acknowledgedUntil)
    json.add("silence", record.silencedUntil)
    json.add("silenced_by", record.silencedBy)
    if !record.note.isEmpty { json.add("note", record.note) }
    json.add("summary", record.summary)
    json.add("entry", record.countedTo)
    if !record.told.isEmpty { json.add("told", JSONValue.array(record.told.map { .string($0) })) }
  }

  /// Writes the record with its id: the form inside audit lines.
  package static func writeWithID(_ record: AlertRecord, to json: inout JSONWriter) {
    write(record, to: &json)
    json.add("id", JSONValue.string(record.id.bytes))
  }

  /// Reads a hash field and its value; nil if either is malformed.
  package static func decode(id: [UInt8], payload: UnsafeRawBufferPointer) -> AlertRecord? {
    guard let id = AlertID(bytes: id), let value = try? JSONValue.parse(payload) else { return nil }
    return decode(id: id, json: value)
  }

  /// Reads a hash field and its value from bytes held elsewhere.
  package static func decode(id: [UInt8], payload: [UInt8]) -> AlertRecord? {
    payload.withUnsafeBytes { decode(id: id, payload: $0) }
  }

  /// The same as a value.
  package static func jsonWithID(_ record: AlertRecord) -> JSONValue {
    var json = JSONWriter()
    writeWithID(record, to: &json)
    return (try? JSONValue.parse(json.finish())) ?? .null
  }

  /// Reads the form that holds its own id.
  package static func decode(json: JSONValue) -> AlertRecord? {
    guard let id = json["id"]?.bytes.flatMap({ AlertID(bytes: $0) }) else { return nil }
    return decode(id: id, json: json)
  }

  private static func decode(id: AlertID, json: JSONValue) -> AlertRecord? {
    guard let severity = json["severity"]?.text.flatMap(Severity.init(word:)), let count = json["count"]?.int,
      let since = json["since"].flatMap({ Instant(json: $0) }), let last = json["last"].flatMap({ Instant(json: $0) })
    else { return nil }
    var record = AlertRecord(
      id: id, severity: severity, count: max(1, count), since: since, last: last,
      quietSince: json["quiet"].flatMap { Instant(json: $0) },
      metric: json["metric"]?.text.flatMap { field in Metric.allCases.first { $0.field == field } },
      isClosed: json["closed"]?.bool ?? false,
      acknowledgedBy: json["who"]?.text?.clipped(toBytes: TextBound.title),
      acknowledgedAt: json["ack"].flatMap { Instant(json: $0) },
      acknowledgedUntil: json["ack_until"].flatMap { Instant(json: $0) },
      silencedUntil: json["silence"].flatMap { Instant(json: $0) },
      silencedBy: json["silenced_by"]?.text?.clipped(toBytes: TextBound.title),
      note: json["note"]?.text?.clipped(toBytes: TextBound.words) ?? "",
      summary: json["summary"]?.text?.clipped(toBytes: TextBound.words) ?? "",
      told: json["told"]?.list?.prefix(64).compactMap { $0.text?.clipped(toBytes: TextBound.title) } ?? [])
    if id.kind == .metric { record.openMetric = json["metric"]?.text?.clipped(toBytes: OpenMetric.longestName) }
    record.countedTo = json["entry"]?.text?.clipped(toBytes: TextBound.title)
    return record
  }
}
