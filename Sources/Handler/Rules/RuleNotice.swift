import Automation
import FleetModel

/// What rules tell people: grouped by rule and severity, so that a storm of fifty agents is one message.
enum RuleNotice {
  /// The key by which a rule's trouble with an agent is known from its beginning to its all-clear.
  static func key(_ rule: String, _ agent: AgentID) -> String { "\(rule)/\(agent.unmistakable)" }

  /// What has been done and what has not, as far as the run has come: people are told what is so, and not what was meant.
  static func words(of record: RunRecord, _ part: RunRecord.Part, _ outcomes: [TargetMark?]) -> String {
    var (done, missed): ([String], [String]) = ([], part == .deeds ? record.refused : [])
    for (deed, outcome) in zip(record.deeds(of: part), outcomes) {
      guard let outcome, case .action(let action) = deed.kind, action != .notify else { continue }
      if outcome.phase == .succeeded {
        done.append(outcome.detail)
      } else {
        missed.append("\(deed): \(outcome.detail)")
      }
    }
    let parts = [("Done: ", done), ("Not done: ", missed)].filter { !$1.isEmpty }
    return parts.map { $0 + $1.joined(separator: "; ") + "." }.joined(separator: "\n")
  }

  /// - Parameters:
  ///   - channel: the one that the rule names; where none of that name is configured the routes decide.
  ///   - words: what has been done.
  static func change(
    _ channel: String, _ text: String, _ record: RunRecord, _ words: String, channels: Set<String>, endsByAlert: Bool,
    at now: Instant
  ) throws(Refusal) -> Change {
    guard !channels.isEmpty else { throw Refusal("no channel is configured") }
    let notice = Notice(
      key: key(record.rule, record.agent), status: endsByAlert ? .firing : .told, severity: record.severity,
      title: text, text: [record.reason, words].filter { !$0.isEmpty }.joined(separator: "\n"), agents: [record.agent],
      rule: record.rule, at: now,
      to: channels.contains(channel) ? [channel] : [])
    return Change(
      notices: [notice], detail: "on its way to \(channels.contains(channel) ? channel : "whom the routes name")")
  }

  /// The all-clears of an agent's alert that has closed: one for each rule that tells people of its kind.
  static func allClears(_ id: AlertID, _ runbook: Runbook, at now: Instant) -> [Notice] {
    guard let type = EventKind.allCases.first(where: { $0.alert?.kind == id.kind })?.type else { return [] }
    return runbook.rules(on: type).filter(\.tellsPeople).map { rule in
      Notice(
        key: key(rule.id, id.agent), status: .resolved, severity: .low, title: "\(id.agent): over", agents: [id.agent],
        rule: rule.id, at: now)
    }
  }
}

extension Rule {
  fileprivate var tellsPeople: Bool {
    (deeds + undo + (verification?.otherwise ?? [])).contains { $0.kind == .action(.notify) }
  }

  /// Whether the trouble that it is about is an alert, which closes by itself.
  var isAboutAlerts: Bool {
    EventKind.allCases.contains { kind in kind.alert != nil && kind.type.map(concerns) == true }
  }
}
