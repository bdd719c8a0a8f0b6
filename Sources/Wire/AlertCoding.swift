import FleetModel

/// Alerts as the hash `agentos:alerts` holds them: the id is the field, the rest its JSON.
package enum AlertCoding {
  /// The hash value.
  package static func encode(_ record: AlertRecord) -> [UInt8] { json(record).encoded }

  /// Reads a hash field and its value; nil where either is malformed.
  package static func decode(id: [UInt8], payload: UnsafeRawBufferPointer) -> AlertRecord? {
    guard let id = AlertID(bytes: id), let value = try? JSONValue.parse(payload) else { return nil }
    return decode(id: id, json: value)
  }

  /// Reads a hash field and its value from bytes held elsewhere.
  package static func decode(id: [UInt8], payload: [UInt8]) -> AlertRecord? {
    payload.withUnsafeBytes { decode(id: id, payload: $0) }
  }

  /// The record without its id.
  package static func json(_ record: AlertRecord) -> JSONValue { .object(object(record)) }

  /// The record with its id: the form inside audit lines.
  package static func jsonWithID(_ record: AlertRecord) -> JSONValue {
    var object = object(record)
    object["id"] = .string(record.id.bytes)
    return .object(object)
  }

  /// Reads the form that holds its own id.
  package static func decode(json: JSONValue) -> AlertRecord? {
    guard let id = json["id"]?.bytes.flatMap({ AlertID(bytes: $0) }) else { return nil }
    return decode(id: id, json: json)
  }

  private static func object(_ record: AlertRecord) -> JSONObject {
    [
      "severity": .string(record.severity.rawValue),
      "count": .integer(Int64(record.count)),
      "since": record.since.json,
      "last": record.last.json,
      "quiet": record.quietSince?.json,
      "metric": record.metric.map { .string($0.field) },
      "closed": record.isClosed ? true : nil,
      "ack": record.acknowledgedAt?.json,
      "who": record.acknowledgedBy.map { .string($0) },
      "silence": record.silencedUntil?.json,
      "note": record.note.isEmpty ? nil : .string(record.note),
      "summary": .string(record.summary),
      "told": record.told.isEmpty ? nil : .array(record.told.map { .string($0) }),
    ]
  }

  private static func decode(id: AlertID, json: JSONValue) -> AlertRecord? {
    guard let severity = json["severity"]?.text.flatMap(Severity.init(word:)), let count = json["count"]?.int,
      let since = json["since"].flatMap({ Instant(json: $0) }), let last = json["last"].flatMap({ Instant(json: $0) })
    else { return nil }
    return AlertRecord(
      id: id, severity: severity, count: max(1, count), since: since, last: last,
      quietSince: json["quiet"].flatMap { Instant(json: $0) },
      metric: json["metric"]?.text.flatMap { field in Metric.allCases.first { $0.field == field } },
      isClosed: json["closed"]?.bool ?? false,
      acknowledgedBy: json["who"]?.text?.clipped(toBytes: TextBound.title),
      acknowledgedAt: json["ack"].flatMap { Instant(json: $0) },
      silencedUntil: json["silence"].flatMap { Instant(json: $0) },
      note: json["note"]?.text?.clipped(toBytes: TextBound.words) ?? "",
      summary: json["summary"]?.text?.clipped(toBytes: TextBound.words) ?? "",
      told: json["told"]?.list?.prefix(64).compactMap { $0.text?.clipped(toBytes: TextBound.title) } ?? [])
  }
}
