import FleetModel

/// What a group tells: of one member its own words, of several how many there are and which. Those that have a cause in
/// common stand under it:
/// ```text
/// latency: 11 agents on gpt-4o
/// 11 agents on gpt-4o: 11 of 12 affected; others 1 of 40
/// - agent-1 is slow
/// - agent-2 is slow
/// ```
/// If several rules tell of them, the text begins with how many agents each tells of.
struct GroupMessage {
  /// A rule that tells of members.
  struct RuleShare {
    /// How people are told of it.
    var title: String
    /// Of how many agents it tells.
    var agents: Int
  }

  var id: Grouping.ID
  /// The rules that tell of its members: one, or those that tell of one cause.
  var rules: [RuleShare]
  /// Members of which something is new.
  var news: [Notice]
  /// Members that are not resolved.
  var open: [Notice]
  /// What agents in trouble have in common.
  var causes: [SharedCause]
  var isFirst: Bool

  /// How many members are listed by their titles.
  static let listed = 20
  /// How many rules are named in the title, and in the text.
  private static let named = (inTitle: 3, inText: 10)

  /// - Parameter change: if nothing is new but who has it in hand, what is new about that.
  func notice(of change: Grouping.Group.Hands? = nil, at now: Instant) -> Notice {
    // What is new comes first: of many not all are listed.
    let new = Set(news.map(\.key))
    let subject = (open.isEmpty ? news : open).sorted {
      (new.contains($0.key) ? 0 : 1, $0.at, $0.key) < (new.contains($1.key) ? 0 : 1, $1.at, $1.key)
    }
    // A group has members, or nobody would ask for its message.
    guard var notice = subject.first else {
      return Notice(key: id.key, severity: severity, title: rule, rule: id.rule, at: now)
    }
    notice.key = id.key
    notice.rule = id.rule
    notice.status = status
    notice.severity = severity
    notice.at = now
    notice.isAllClear = isAllClear
    notice.to = [id.channel]
    notice.done = unique(news.map(\.done).filter { !$0.isEmpty }).prefix(Self.listed).joined(separator: "\n")
    notice.acknowledgedBy = hands
    notice.isOnlyOfHands = change != nil && hands == nil
    notice.reopensAcknowledged = change == .reopened
    notice.heardFrom = heardFrom
    guard Set((subject + news).map(\.key)).count > 1 else { return notice }
    notice.agents = unique(subject.flatMap(\.agents))
    notice.role = Set(subject.map(\.role)).count == 1 ? notice.role : nil
    notice.title = title(notice.agents.count, subject)
    notice.text = text(subject)
    (notice.fields, notice.links) = ([], [])
    notice.deadline = subject.compactMap(\.deadline).max()
    return notice
  }

  private var rule: String {
    let names = rules.prefix(Self.named.inTitle).map(\.title).joined(separator: ", ")
    let more = rules.count - Self.named.inTitle
    return more > 0 ? "\(names) and \(more) more rule\(more == 1 ? "" : "s")" : names
  }

  /// Of a group of all severities the worst that stands.
  private var severity: Severity {
    id.severity ?? open.map(\.severity).max() ?? news.map(\.severity).max() ?? .low
  }

  /// Who has all of it in hand.
  private var hands: String? {
    let names = open.map(\.acknowledgedBy)
    guard !names.isEmpty, !names.contains(nil) else { return nil }
    return unique(names.compactMap(\.self)).joined(separator: ", ")
  }

  /// The service that knows all of it by itself: it has ended every one of the news, or has all in hand.
  private var heardFrom: ServiceAct? {
    if news.isEmpty { return hands == nil ? nil : open.compactMap(\.heardFrom).first }
    guard let act = news[0].heardFrom else { return nil }
    return news.allSatisfy { $0.status == .resolved && $0.heardFrom == act } ? act : nil
  }

  private var status: Notice.Status {
    if open.isEmpty { return news.allSatisfy { $0.status == .resolved } ? .resolved : .info }
    if news.isEmpty, hands != nil { return .acknowledged }
    return isFirst ? .firing : .updated
  }

  /// Whether everything that it calls ended has recovered.
  private var isAllClear: Bool { news.allSatisfy { $0.status != .resolved || $0.isAllClear } }

  private func title(_ agents: Int, _ subject: [Notice]) -> String {
    let (count, noun) = agents > 0 ? (agents, "agent") : (subject.count, "notice")
    let many = "\(count) \(noun)\(count == 1 ? "" : "s")"
    guard open.isEmpty, status == .resolved else { return "\(rule): \(causeOfAll(subject)?.title ?? many)" }
    if isAllClear { return "\(rule): all clear, \(many)" }
    // Without agents it is several alerts: of one the group tells the own words.
    let alerts = agents > 0 ? "alerts of \(many)" : "\(count) alerts"
    return "\(rule): \(alerts) have ended, but not all have recovered"
  }

  /// The cause that all of them share. Its title counts all agents that are affected, of whatever rule.
  private func causeOfAll(_ subject: [Notice]) -> SharedCause? {
    causes.first { cause in subject.allSatisfy { !$0.agents.isEmpty && cause.agents.isSuperset(of: $0.agents) } }
  }

  private func text(_ subject: [Notice]) -> String {
    var lines = ruleLines + memberLines(subject)
    let resolved = news.count { $0.status == .resolved }
    let unclear = news.count { $0.status == .resolved && !$0.isAllClear }
    if resolved > unclear, !open.isEmpty { lines.append("\(resolved - unclear) resolved") }
    if unclear > 0, !open.isEmpty { lines.append("\(unclear) ended without a sign of recovery") }
    return lines.joined(separator: "\n")
  }

  /// How many agents each rule tells of, if there are several.
  private var ruleLines: [String] {
    guard rules.count > 1, !open.isEmpty else { return [] }
    let lines = rules.prefix(Self.named.inText).map { "\($0.title): \($0.agents) agent\($0.agents == 1 ? "" : "s")" }
    let more = rules.count - Self.named.inText
    return more > 0 ? lines + ["and \(more) more rule\(more == 1 ? "" : "s")"] : lines
  }

  /// The members by their titles: under each cause those that share it, then the others.
  private func memberLines(_ subject: [Notice]) -> [String] {
    var lines: [String] = []
    var (rest, room) = (subject, Self.listed)
    for cause in causes {
      let members = rest.filter { !$0.agents.isEmpty && cause.agents.isSuperset(of: $0.agents) }
      guard members.count > 1 else { continue }
      lines.append("\(cause.title): \(cause.words)")
      lines += members.prefix(room).map { "- \($0.title)" }
      if members.count > room { lines.append("- and \(members.count - room) more") }
      room -= min(room, members.count)
      let keys = Set(members.map { ExactText($0.key) })
      rest.removeAll { keys.contains(ExactText($0.key)) }
    }
    lines += rest.prefix(room).map(\.title)
    if rest.count > room { lines.append("and \(rest.count - room) more") }
    return lines
  }

  private func unique<Value: Hashable>(_ all: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return all.filter { seen.insert($0).inserted }
  }
}
