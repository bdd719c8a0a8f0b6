import FleetModel

/// What a group tells: of one member its own words, of several how many there are and which.
struct GroupMessage {
  var id: Grouping.ID
  /// How people are told of its rule.
  var rule: String
  /// Members of which something is new.
  var news: [Notice]
  /// Members that are not resolved.
  var open: [Notice]
  var isFirst: Bool

  /// How many members are listed by their titles.
  private static let listed = 20

  func notice(at now: Instant) -> Notice {
    // What is new comes first: of many not all are listed.
    let new = Set(news.map(\.key))
    let subject = (open.isEmpty ? news : open).sorted {
      (new.contains($0.key) ? 0 : 1, $0.at, $0.key) < (new.contains($1.key) ? 0 : 1, $1.at, $1.key)
    }
    // A group has members, or nobody would ask for its message.
    guard var notice = subject.first else {
      return Notice(key: key, severity: id.severity, title: rule, rule: id.rule, at: now)
    }
    notice.key = key
    notice.rule = id.rule
    notice.status = status
    notice.severity = id.severity
    notice.at = now
    notice.isAllClear = isAllClear
    notice.to = [id.channel]
    guard Set((subject + news).map(\.key)).count > 1 else { return notice }
    notice.agents = unique(subject.flatMap(\.agents))
    notice.role = Set(subject.map(\.role)).count == 1 ? notice.role : nil
    notice.title = title(notice.agents.count, subject)
    notice.text = text(subject)
    notice.fields = []
    notice.deadline = subject.compactMap(\.deadline).max()
    return notice
  }

  /// The same for the whole life of the group.
  private var key: String { "group/\(id.rule)/\(id.severity.rawValue)" }

  private var status: Notice.Status {
    if open.isEmpty { return news.allSatisfy { $0.status == .resolved } ? .resolved : .info }
    return isFirst ? .firing : .updated
  }

  /// Whether everything that it calls ended has recovered.
  private var isAllClear: Bool { news.allSatisfy { $0.status != .resolved || $0.isAllClear } }

  private func title(_ agents: Int, _ subject: [Notice]) -> String {
    let (count, noun) = agents > 0 ? (agents, "agent") : (subject.count, "notice")
    let many = "\(count) \(noun)\(count == 1 ? "" : "s")"
    guard open.isEmpty, status == .resolved else { return "\(rule): \(many)" }
    return isAllClear ? "\(rule): all clear, \(many)" : "\(rule): ended, \(many), not all recovered"
  }

  private func text(_ subject: [Notice]) -> String {
    var lines = subject.prefix(Self.listed).map(\.title)
    if subject.count > Self.listed { lines.append("and \(subject.count - Self.listed) more") }
    let resolved = news.count { $0.status == .resolved }
    let unclear = news.count { $0.status == .resolved && !$0.isAllClear }
    if resolved > unclear, !open.isEmpty { lines.append("\(resolved - unclear) resolved") }
    if unclear > 0, !open.isEmpty { lines.append("\(unclear) ended without a sign of recovery") }
    return lines.joined(separator: "\n")
  }

  private func unique(_ agents: [AgentID]) -> [AgentID] {
    var seen: Set<AgentID> = []
    return agents.filter { seen.insert($0).inserted }
  }
}
