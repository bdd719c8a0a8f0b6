import FleetModel

/// Lines of the stream `agentos:audit`.
///
/// ```json
/// {"command_id":"01890a5d-…","phase":"succeeded","action":"pause","target":"agent-0042","operator":"alice@bastion",
///  "reason":"error rate 25%","detail":{"why":"…"},"before":{…},"after":{…},"handler":"h1",
///  "at":"2026-11-22T08:00:00.120Z","source":"agentos:commands"}
/// ```
/// `run_id` stands in place of `command_id` where a rule acted; `rule`, `detail`, `before`, `after` and `alert` are left
/// out where there is none. The closing line of a command has the target "".
package enum AuditCoding {
  package static func encode(_ line: AuditLine) -> [UInt8] {
    let json: JSONValue = [
      "command_id": commandID(line.origin),
      "run_id": runID(line.origin),
      "rule": line.rule.map { .string($0) },
      "phase": .string(line.phase.rawValue),
      "action": .string(line.action),
      "target": .string(line.target.bytes),
      "operator": .string(line.operator),
      "reason": .string(line.reason),
      "detail": line.detail.isEmpty ? nil : ["why": .string(line.detail)],
      "before": line.before.map(AgentRecordCoding.json),
      "after": line.after.map(AgentRecordCoding.json),
      "alert": line.alert.map(AlertCoding.jsonWithID),
      "handler": .string(line.handler),
      "at": line.at.json,
      "source": .string(line.source),
    ]
    return json.encoded
  }

  /// Reads a line; nil where it cannot be read.
  package static func decode(_ payload: UnsafeRawBufferPointer) -> AuditLine? { try? read(payload) }

  /// Reads a line, or says why it is none: one has an id, a known phase, an action and a time.
  package static func read(_ payload: UnsafeRawBufferPointer) throws(Unreadable) -> AuditLine {
    let json = try MessageFormat.document(payload)
    guard let origin = origin(json), let phase = json["phase"]?.text.flatMap(AuditLine.Phase.init(rawValue:)),
      let action = json["action"]?.text, let at = json["at"].flatMap({ Instant(json: $0) })
    else { throw .noAuditLine }
    return AuditLine(
      origin: origin, rule: json["rule"]?.text, phase: phase, action: action,
      target: AgentID(bytes: json["target"]?.bytes ?? []), operator: json["operator"]?.text ?? "",
      reason: json["reason"]?.text ?? "", detail: detail(json["detail"]),
      before: json["before"].flatMap(AgentRecordCoding.decode(json:)),
      after: json["after"].flatMap(AgentRecordCoding.decode(json:)),
      alert: json["alert"].flatMap(AlertCoding.decode(json:)), handler: json["handler"]?.text ?? "", at: at,
      source: json["source"]?.text ?? "")
  }

  /// Reads a line from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) -> AuditLine? { payload.withUnsafeBytes { decode($0) } }

  private static func commandID(_ origin: AuditLine.Origin) -> JSONValue? {
    guard case .command(let id) = origin else { return nil }
    return .string(id.text)
  }

  private static func runID(_ origin: AuditLine.Origin) -> JSONValue? {
    guard case .run(let id) = origin else { return nil }
    return .string(id)
  }

  private static func origin(_ json: JSONValue) -> AuditLine.Origin? {
    if let id = json["command_id"]?.text { return .command(CommandID(id)) }
    return json["run_id"]?.text.map { .run($0) }
  }

  /// Other writers may put plain text in place of the object, or more into it.
  private static func detail(_ json: JSONValue?) -> String {
    guard let json, !json.isNull else { return "" }
    return json["why"]?.text ?? json.text ?? String(decoding: json.encoded, as: UTF8.self)
  }
}
