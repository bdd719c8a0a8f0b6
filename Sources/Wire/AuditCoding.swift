import FleetModel

/// Lines of the stream `agentos:audit`.
///
/// ```json
/// {"command_id":"01890a5d-…","phase":"succeeded","action":"pause","target":"agent-0042","operator":"alice@bastion",
///  "reason":"error rate 25%","detail":{"why":"…"},"before":{…},"after":{…},"handler":"h1",
///  "at":"2026-11-22T08:00:00.120Z","source":"agentos:commands"}
/// ```
/// `run_id` stands in place of `command_id` if a rule acted; `batch`, `rule`, `title` (the rule's), `detail`, `before`, `after`, `alert` and `proposal` are left
/// out if there is none. The closing line of a command has the target ""; if it was refused as a whole, `targets` names
/// those that it was for, up to 100.
///
/// Of what is only read by people no more is kept than a line tells: other writers may put a megabyte there.
package enum AuditCoding {
  package static func encode(_ line: AuditLine) -> [UInt8] {
    var json = JSONWriter()
    switch line.origin {
    case .command(let id): json.add("command_id", id.text)
    case .run(let id): json.add("run_id", id)
    }
    json.add("batch", line.batch.map(BatchCoding.json))
    json.add("rule", line.rule)
    json.add("title", line.ruleTitle)
    json.add("phase", line.phase.rawValue)
    json.add("action", line.action)
    json.add("target", line.target)
    if !line.targets.isEmpty { json.add("targets", .array(line.targets.map { .string($0.bytes) })) }
    json.add("operator", line.operator)
    json.add("reason", line.reason)
    if !line.detail.isEmpty { json.add("detail") { $0.add("why", line.detail) } }
    if let before = line.before { json.add("before") { AgentRecordCoding.write(before, to: &$0) } }
    if let after = line.after { json.add("after") { AgentRecordCoding.write(after, to: &$0) } }
    if let alert = line.alert { json.add("alert") { AlertCoding.writeWithID(alert, to: &$0) } }
    json.add("proposal", line.proposal.map(ProposalCoding.json))
    json.add("handler", line.handler)
    json.add("at", line.at)
    json.add("source", line.source)
    return json.finish()
  }

  /// Reads a line; nil if it cannot be read.
  package static func decode(_ payload: UnsafeRawBufferPointer) -> AuditLine? { try? read(payload) }

  /// Reads a line, or says why it is none: one has an id, a known phase, an action and a time.
  package static func read(_ payload: UnsafeRawBufferPointer) throws(Unreadable) -> AuditLine {
    let json = try MessageFormat.document(payload)
    guard let origin = origin(json), origin.key.utf8.count <= longestID,
      let phase = json["phase"]?.text.flatMap(AuditLine.Phase.init(rawValue:)),
      let action = json["action"]?.text, let at = json["at"].flatMap({ Instant(json: $0) }),
      let target = AgentID(outside: json["target"]?.bytes ?? [])
    else { throw .noAuditLine }
    var line = AuditLine(
      origin: origin, batch: json["batch"].flatMap(BatchCoding.decode), rule: json["rule"]?.text?.clipped, phase: phase,
      action: action.clipped, target: target, operator: text(json["operator"]), reason: text(json["reason"]),
      detail: detail(json["detail"]).clipped,
      before: json["before"].flatMap(AgentRecordCoding.decode(json:)),
      after: json["after"].flatMap(AgentRecordCoding.decode(json:)),
      alert: json["alert"].flatMap(AlertCoding.decode(json:)),
      handler: text(json["handler"]), at: at, source: text(json["source"]))
    line.ruleTitle = json["title"]?.text?.clipped
    line.targets = targets(json["targets"])
    do throws(ProposalCoding.Fault) {
      if let proposal = json["proposal"], !proposal.isNull { line.proposal = try ProposalCoding.decode(json: proposal) }
    } catch {
      line.detail += "; its proposal \(error)"
    }
    return line
  }

  /// In bytes. A run's id holds its rule's and its agent's.
  private static let longestID = 2048

  /// Reads a line from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) -> AuditLine? { payload.withUnsafeBytes { decode($0) } }

  private static func origin(_ json: JSONValue) -> AuditLine.Origin? {
    if let id = json["command_id"]?.text { return .command(CommandID(id)) }
    return json["run_id"]?.text.map { .run($0) }
  }

  private static func text(_ json: JSONValue?) -> String { (json?.text ?? "").clipped }

  /// Whom a refused command was for; none if there are more than a line may name, or one is no agent's id.
  private static func targets(_ json: JSONValue?) -> [AgentID] {
    guard let all = json?.list, all.count <= AuditLine.mostTargets else { return [] }
    let ids = all.compactMap { $0.bytes.flatMap { AgentID(outside: $0) } }
    return ids.count == all.count ? ids : []
  }

  /// Other writers may put plain text in place of the object, or more into it.
  private static func detail(_ json: JSONValue?) -> String {
    guard let json, !json.isNull else { return "" }
    return json["why"]?.text ?? json.text ?? String(decoding: json.encoded, as: UTF8.self)
  }
}
