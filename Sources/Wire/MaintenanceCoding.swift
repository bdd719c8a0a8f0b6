import FleetModel

/// A window of maintenance, as a field of `agentos:maintenance` holds one: agent → JSON.
///
/// ```json
/// {"id":"01890a5d-…","backup":"agent-8","by":"ana@ops","at":"2026-11-22T03:10:00.000Z","drain_ms":900000,
///  "phase":"planned","since":"2026-11-22T02:00:00.000Z"}
/// ```
/// One that a forecast has led to has `"forecast":{"metric":"queue_size","crosses":"…","earliest":"…"}` in place of `by`, or
/// besides it once a person has taken it over.
package enum MaintenanceCoding {
  /// A longer value is not read.
  package static let mostBytes = 16 << 10

  package static func encode(_ window: MaintenanceWindow) -> [UInt8] { JSONValue.object(object(window)).encoded }

  /// The same with its agent, as tools print it.
  package static func json(_ window: MaintenanceWindow) -> JSONValue {
    var json = JSONObject()
    json["agent"] = .string(window.agent.bytes)
    for member in object(window).members { json[member.key] = member.value }
    return .object(json)
  }

  private static func object(_ window: MaintenanceWindow) -> JSONObject {
    var json = JSONObject()
    json["id"] = .string(window.id)
    json["backup"] = .string(window.backup.bytes)
    if case .person(let name) = window.origin { json["by"] = .string(name) }
    if let sign = window.sign {
      json["forecast"] = [
        "metric": .string(sign.metric), "crosses": sign.crossesAt.json, "earliest": sign.earliest.json,
      ]
    }
    json["at"] = window.at.json
    json["drain_ms"] = .integer(window.drain.milliseconds)
    json["phase"] = .string(window.phase.rawValue)
    json["since"] = window.since.json
    json["wait"] = window.wait.map { ["why": .string($0.why), "since": $0.since.json] }
    if window.keepsBackup { json["keeps_backup"] = true }
    json["clear_since"] = window.clearSince?.json
    json["fault"] = window.fault.map { .string($0) }
    json["cancelled_by"] = window.cancelledBy.map { .string($0) }
    return json
  }

  /// Nil for what is no such object, or stands under what is no agent's id.
  package static func decode(_ field: [UInt8], _ value: [UInt8]) -> MaintenanceWindow? {
    guard value.count <= mostBytes, let agent = AgentID(outside: field), agent != .none,
      let json = try? JSONValue.parse(value), let id = json["id"]?.text, Keys.isCommandID(id.utf8),
      let backup = json["backup"]?.bytes.flatMap({ AgentID(outside: $0) }), backup != .none, backup != agent,
      let origin = origin(json), let at = instant(json["at"]), let since = instant(json["since"]),
      let phase = json["phase"]?.text.flatMap(MaintenanceWindow.Phase.init(word:)),
      let drain = json["drain_ms"]?.int.map({ TimeSpan(milliseconds: Int64($0)) }),
      MaintenanceWindow.drains.contains(drain)
    else { return nil }
    var window = MaintenanceWindow(
      id: id, agent: agent, backup: backup, origin: origin, at: at, drain: drain, phase: phase, since: since)
    if case .person = origin { window.accepted = sign(json) }
    window.wait = wait(json["wait"])
    window.keepsBackup = json["keeps_backup"]?.bool ?? false
    window.clearSince = instant(json["clear_since"])
    window.fault = json["fault"]?.text?.clipped(toBytes: TextBound.words)
    window.cancelledBy = json["cancelled_by"]?.text?.clipped(toBytes: TextBound.title)
    return window
  }

  private static func wait(_ json: JSONValue?) -> MaintenanceWindow.Wait? {
    guard let why = json?["why"]?.text, let since = instant(json?["since"]) else { return nil }
    return MaintenanceWindow.Wait(why: why.clipped(toBytes: TextBound.words), since: since)
  }

  private static func origin(_ json: JSONValue) -> MaintenanceWindow.Origin? {
    if let name = json["by"]?.text { return .person(name.clipped(toBytes: TextBound.title)) }
    return sign(json).map { .forecast($0) }
  }

  private static func sign(_ json: JSONValue) -> MaintenanceWindow.Sign? {
    guard let forecast = json["forecast"], let metric = forecast["metric"]?.text,
      let crosses = instant(forecast["crosses"]), let earliest = instant(forecast["earliest"])
    else { return nil }
    return MaintenanceWindow.Sign(
      metric: metric.clipped(toBytes: TextBound.word), crossesAt: crosses, earliest: earliest)
  }

  /// All of a hash, by when they begin.
  ///
  /// - Parameter passedOver: told of each field that is none.
  package static func decode(
    windows: [(name: [UInt8], value: [UInt8])], passedOver: (_ field: [UInt8], _ value: [UInt8]) -> Void = { _, _ in }
  ) -> [MaintenanceWindow] {
    var found: [MaintenanceWindow] = []
    for (field, value) in windows {
      if let window = decode(field, value) {
        found.append(window)
      } else {
        passedOver(field, value)
      }
    }
    return found.sorted { $0.at == $1.at ? $0.agent.precedes($1.agent) : $0.at < $1.at }
  }

  private static func instant(_ json: JSONValue?) -> Instant? { json.flatMap { Instant(json: $0) } }
}
