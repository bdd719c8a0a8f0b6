import FleetModel
import Wire

/// A mark on the time axis of dashboards: an action, or an incident from its beginning to its end.
///
/// Grafana shows it on every dashboard that asks for its tags.
package struct Annotation: Equatable, Sendable {
  /// The tag that no other annotation has: by it one is found again.
  package var mark: String
  package var tags: [String]
  package var text: String
  package var at: Instant
  /// Nil for a moment, and while an incident goes on.
  package var end: Instant?

  /// - Parameter mark: letters, digits, colons and hyphens alone.
  package init(mark: String, tags: [String], text: String, at instant: Instant) {
    (self.mark, self.tags, self.text, at) = (mark, tags, text, instant)
  }

  /// An annotation names no more agents than this.
  package static let mostAgents = 20
  private static let longestText = 1000
  /// Grafana keeps no more of a tag, on either side of its first colon, than 100 characters.
  private static let longestTag = 100

  /// As Grafana takes it.
  package var json: JSONValue {
    let all = ([Dashboard.tag, mark] + tags).uniqued()
    return [
      "time": .integer(at.milliseconds), "timeEnd": end.map { .integer($0.milliseconds) },
      "tags": .array(all.map { .string($0) }), "text": .string(text),
    ]
  }

  /// What changes once it has ended.
  package var ending: JSONValue {
    ["timeEnd": end.map { .integer($0.milliseconds) }, "text": .string(text)]
  }

  /// The tag by which an agent's dashboard finds its annotations.
  package static func tag(of agent: AgentID) -> String {
    let name = agent.description
    guard name.unicodeScalars.count > longestTag else { return "agent:\(name)" }
    return "agent:\(SHA256.hex(agent.bytes))"
  }

  /// Grafana reads it as HTML: whatever comes from outside is only text. On one line.
  private static func plain(_ words: String) -> String {
    let line = words.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.clipped(toBytes: longestText).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;")
  }
}

extension Annotation {
  /// An action that has come to its end: of a command, a rule's run, or a job.
  ///
  /// - Parameters:
  ///   - line: its closing line in the audit.
  ///   - entry: that line's place in the stream, which is its own alone.
  ///   - agents: its targets, as far as they are known.
  package init(closing line: AuditLine, entry: String, agents: [AgentID]) {
    let subject = line.rule.map { "rule \($0)" } ?? line.action
    let names = agents.prefix(Self.mostAgents).map(\.description).joined(separator: ", ")
    let rest = agents.count > Self.mostAgents ? " and \(agents.count - Self.mostAgents) more" : ""
    let author = line.operator.isEmpty ? "" : ", by \(line.operator)"
    let parts = [
      "\(subject): \(line.phase.rawValue)\(author)", names + rest, line.detail,
      line.reason.isEmpty ? "" : "why: \(line.reason)",
    ]
    self.init(
      mark: "entry:\(entry)",
      tags: ["action:\(line.action)", "phase:\(line.phase.rawValue)"] + (line.rule.map { ["rule:\($0)"] } ?? [])
        + agents.prefix(Self.mostAgents).map(Self.tag),
      text: Self.plain(parts.filter { !$0.isEmpty }.joined(separator: " · ")), at: line.at)
  }

  /// An alert that goes on.
  package init(_ alert: AlertRecord) {
    let words = [
      alert.summary.isEmpty ? alert.id.kind.type : alert.summary, alert.severity.rawValue, alert.id.agent.description,
    ]
    self.init(
      mark: Self.mark(of: alert.id, since: alert.since),
      tags: [
        "incident", "alert:\(alert.id.kind.type)", "severity:\(alert.severity.rawValue)", Self.tag(of: alert.id.agent),
      ],
      text: Self.plain(words.filter { !$0.isEmpty }.joined(separator: " · ")), at: alert.since)
  }

  /// The same at its end.
  package func ended(at instant: Instant) -> Annotation {
    var ended = self
    ended.end = max(at, instant)
    ended.text += " · over after \(max(at, instant) - at)"
    return ended
  }

  private static func mark(of alert: AlertID, since: Instant) -> String {
    "incident:" + SHA256.hex(alert.bytes + "/\(since.milliseconds)".utf8).prefix(20)
  }
}
