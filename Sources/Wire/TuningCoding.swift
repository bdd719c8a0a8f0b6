import FleetModel

/// How the tuning of a role stands, as a field of `agentos:tuning` holds it: role → JSON.
///
/// ```json
/// {"at":"2026-11-22T08:00:00.000Z","words":"tries timeout_s 25 instead of 20 on 4 of 16 agents …",
///  "run":"tuning/support/1795334400000","proposal":"rule/handler/tuning/…","agent":"agent-7","state":{…}}
/// ```
/// `"idle":true` stands there while nothing is tried, nothing was adopted, and nothing keeps it from that. `state` is what
/// the handler goes on by.
package enum TuningCoding {
  /// A longer value is not read.
  package static let mostBytes = 128 << 10

  package static func encode(_ report: TuningReport, state: JSONValue) -> [UInt8] {
    var json = JSONObject()
    for member in object(report).members { json[member.key] = member.value }
    json["state"] = state
    return JSONValue.object(json).encoded
  }

  /// The same with its role and without the state, as tools print it.
  package static func json(_ report: TuningReport, role: String) -> JSONValue {
    var json = JSONObject()
    json["role"] = .string(role)
    for member in object(report).members { json[member.key] = member.value }
    return .object(json)
  }

  private static func object(_ report: TuningReport) -> JSONObject {
    var json = JSONObject()
    json["at"] = report.at.json
    json["words"] = .string(report.words)
    json["run"] = report.run.map { .string($0) }
    json["proposal"] = report.question.map { .string($0.proposal.text) }
    json["agent"] = report.question.map { .string($0.agent.bytes) }
    if report.isIdle { json["idle"] = true }
    return json
  }

  /// Nil for what is no such object.
  package static func decode(_ value: [UInt8]) -> (report: TuningReport, state: JSONValue)? {
    guard value.count <= mostBytes, let json = try? JSONValue.parse(value), let words = json["words"]?.text,
      let at = json["at"].flatMap({ Instant(json: $0) }), let state = json["state"]
    else { return nil }
    var report = TuningReport(words: words.clipped(toBytes: TextBound.words), at: at)
    report.run = json["run"].flatMap(name)
    report.isIdle = json["idle"]?.bool == true
    if let proposal = json["proposal"].flatMap(name), let agent = json["agent"]?.bytes.flatMap({ AgentID(outside: $0) })
    {
      report.question = TuningReport.Question(proposal: ProposalID(proposal), agent: agent)
    }
    return (report, state)
  }

  private static func name(_ json: JSONValue) -> String? {
    json.text.flatMap { $0.utf8.count <= TextBound.commandID ? $0 : nil }
  }
}
