import FleetModel

/// An agent's record: the fields of a hash, and JSON inside audit lines.
package enum AgentRecordCoding {
  /// The record as hash fields, instants in epoch milliseconds. What nobody has set is empty text, so that writing all
  /// fields over an older record leaves nothing of it behind.
  package static func fields(_ record: AgentRecord) -> [(name: String, value: [UInt8])] {
    func text(_ value: (some CustomStringConvertible)?) -> [UInt8] { value.map { Array($0.description.utf8) } ?? [] }
    func time(_ value: Instant?) -> [UInt8] { text(value?.milliseconds) }
    return [
      ("state", text(record.state.rawValue)),
      ("replicas", text(record.replicas)),
      ("cpu", text(record.cpu)),
      ("memory", text(record.memory)),
      ("rate_limit", text(record.rateLimit)),
      ("rate_limited_until", time(record.rateLimitedUntil)),
      ("backup", record.backup?.bytes ?? []),
      ("paused_until", time(record.pausedUntil)),
      ("paused_by", text(record.pausedBy)),
      ("paused_at", time(record.pausedAt)),
      ("health", text(record.health)),
      ("version", text(record.version)),
      ("updated_at", time(record.updatedAt)),
      ("updated_by", text(record.updatedBy)),
    ]
  }

  /// Reads a hash: unknown fields are passed over, and one that is empty or malformed counts as not set.
  package static func decode(fields: [(name: [UInt8], value: [UInt8])]) -> AgentRecord {
    var record = AgentRecord()
    for field in fields where !field.value.isEmpty {
      let text = String(decoding: field.value, as: UTF8.self)
      let instant = Int64(text).map { Instant(milliseconds: $0) }
      switch String(decoding: field.name, as: UTF8.self) {
      case "state": record.state = AgentState(word: text) ?? .running
      case "replicas": record.replicas = Bounded.int(text)
      case "cpu": record.cpu = finite(text)
      case "memory": record.memory = Bounded.int(text)
      case "rate_limit": record.rateLimit = Bounded.int(text)
      case "rate_limited_until": record.rateLimitedUntil = instant
      case "backup": record.backup = AgentID(outside: field.value)
      case "paused_until": record.pausedUntil = instant
      case "paused_by": record.pausedBy = text.clipped(toBytes: TextBound.title)
      case "paused_at": record.pausedAt = instant
      case "health": record.health = finite(text)
      case "version": record.version = Bounded.count(text) ?? 0
      case "updated_at": record.updatedAt = instant
      case "updated_by": record.updatedBy = text
      default: break
      }
    }
    let tunings = AgentTuningCoding.decode(fields: fields)
    if !tunings.isEmpty { record.set(tunings: tunings) }
    return record
  }

  /// Fields that ``decode(fields:)`` takes as not set, though something stands there.
  package static func malformed(
    _ fields: [(name: [UInt8], value: [UInt8])]
  ) -> [(name: String, value: [UInt8])] {
    fields.compactMap { field in
      guard !field.value.isEmpty else { return nil }
      let (name, text) = (String(decoding: field.name, as: UTF8.self), String(decoding: field.value, as: UTF8.self))
      let isSet =
        switch name {
        case "state": AgentState(word: text) != nil
        case "replicas", "memory", "rate_limit", "version": Bounded.int(text) != nil
        case "cpu", "health": finite(text) != nil
        case "rate_limited_until", "paused_until", "updated_at": Int64(text) != nil
        case "backup": AgentID(outside: field.value) != nil
        default: true
        }
      return isSet ? nil : (name, field.value)
    }
  }

  /// The JSON form as a value, for documents of many parts.
  package static func json(_ record: AgentRecord) -> JSONValue {
    var json = JSONWriter()
    write(record, to: &json)
    return (try? JSONValue.parse(json.finish())) ?? .null
  }

  /// Writes the record as JSON, instants in ISO 8601; what nobody has set is left out.
  package static func write(_ record: AgentRecord, to json: inout JSONWriter) {
    json.add("state", record.state.rawValue)
    json.add("replicas", record.replicas)
    json.add("cpu", record.cpu.map { JSONValue.number($0) })
    json.add("memory", record.memory)
    json.add("rate_limit", record.rateLimit)
    json.add("rate_limited_until", record.rateLimitedUntil)
    json.add("backup", record.backup)
    json.add("paused_until", record.pausedUntil)
    json.add("paused_by", record.pausedBy)
    json.add("paused_at", record.pausedAt)
    json.add("health", record.health.map { JSONValue.number($0) })
    json.add("version", record.version)
    json.add("updated_at", record.updatedAt)
    json.add("updated_by", record.updatedBy)
    json.add("tunings", AgentTuningCoding.json(record.tunings))
  }

  /// Reads the JSON form; nil if it is no object.
  package static func decode(json: JSONValue) -> AgentRecord? {
    guard json.object != nil else { return nil }
    var record = AgentRecord()
    record.state = json["state"]?.text.flatMap(AgentState.init(word:)) ?? .running
    record.replicas = json["replicas"]?.int
    record.cpu = json["cpu"]?.double.flatMap(finite)
    record.memory = json["memory"]?.int
    record.rateLimit = json["rate_limit"]?.int
    record.rateLimitedUntil = json["rate_limited_until"].flatMap { Instant(json: $0) }
    record.backup = json["backup"]?.bytes.flatMap { AgentID(outside: $0) }
    record.pausedUntil = json["paused_until"].flatMap { Instant(json: $0) }
    record.pausedBy = json["paused_by"]?.text?.clipped(toBytes: TextBound.title)
    record.pausedAt = json["paused_at"].flatMap { Instant(json: $0) }
    record.health = json["health"]?.double.flatMap(finite)
    record.version = max(0, json["version"]?.int ?? 0)
    record.updatedAt = json["updated_at"].flatMap { Instant(json: $0) }
    record.updatedBy = json["updated_by"]?.text
    let tunings = AgentTuningCoding.decode(json: json["tunings"])
    if !tunings.isEmpty { record.set(tunings: tunings) }
    return record
  }

  private static func finite(_ text: String) -> Double? { Double(text).flatMap(finite) }

  private static func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
}
