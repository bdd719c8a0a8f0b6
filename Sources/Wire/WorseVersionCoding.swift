import FleetModel

/// Versions that were named worse, as the field `versions` of `agentos:insight:record` holds them: a JSON array, the oldest
/// first.
///
/// ```json
/// [{"role":"sales","worse":"1.4.2","better":"1.4.1","metric":"error_rate","detail":"version 1.4.2: error_rate is …",
///   "named":"2026-11-22T08:00:00.000Z","agents":["sales-3","sales-7"],"asked":"2026-11-22T08:00:01.000Z"},
///  {…,"named":"2026-11-22T09:00:00.000Z","closed":true}]
/// ```
/// `agents` and `asked` are missing before the first agents were named, `closed` while more may be.
package enum WorseVersionCoding {
  package static let field = Array("versions".utf8)
  /// No value is longer, in bytes: each of 64 versions has at most 1,040 bytes of text and 4 KiB of ids, and in JSON a
  /// byte may take six.
  private static let mostBytes = 2 << 20

  package static func encode(_ versions: [WorseVersion]) -> [UInt8] {
    JSONValue.array(versions.suffix(WorseVersion.most).map(json)).encoded
  }

  private static func json(_ version: WorseVersion) -> JSONValue {
    [
      "role": .string(version.role), "worse": .string(version.worse), "better": .string(version.better),
      "metric": .string(version.metric), "detail": .string(version.words),
      "named": .string(ISO8601.format(version.namedAt)),
      "agents": version.step.map { .array($0.agents.map { .string($0.bytes) }) },
      "asked": version.step.map { .string(ISO8601.format($0.at)) },
      "closed": version.isClosed ? true : nil,
    ]
  }

  /// Reads what ``encode(_:)`` wrote; nil for what is no such array. An element that is none is left out.
  package static func decode(_ payload: [UInt8]) -> [WorseVersion]? {
    guard payload.count <= mostBytes, let list = (try? JSONValue.parse(payload))?.list else { return nil }
    return list.suffix(WorseVersion.most).compactMap(version)
  }

  private static func version(_ json: JSONValue) -> WorseVersion? {
    func text(_ key: String, _ bound: Int) -> String? {
      json[key]?.text.flatMap { $0.isEmpty || $0.utf8.count > bound ? nil : $0 }
    }
    func instant(_ key: String) -> Instant? { json[key]?.text.flatMap { ISO8601.parse($0) } }
    guard let role = text("role", TextBound.word), let worse = text("worse", TextBound.word),
      let better = text("better", TextBound.word), let metric = text("metric", TextBound.title),
      let words = text("detail", TextBound.words), let namedAt = instant("named")
    else { return nil }
    let agents = json["agents"]?.list?.compactMap { $0.bytes.flatMap { AgentID(outside: $0) } }
    let step = agents.flatMap { agents in instant("asked").map { WorseVersion.Step(agents, at: $0) } }
    var version = WorseVersion(
      role: role, worse: worse, better: better, metric: metric, words: words, namedAt: namedAt, step: step)
    if json["closed"]?.bool == true { version.close() }
    return version
  }
}
