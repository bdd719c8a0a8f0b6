import Automation
import FleetModel

/// What rules tell people: grouped by rule and severity, so that a storm of fifty agents is one message.
enum RuleNotice {
  /// The key by which a rule's trouble with an agent is known from its beginning to its all-clear.
  static func key(_ rule: String, _ agent: AgentID) -> String { "\(rule)/\(agent.unmistakable)" }

  /// - Parameter channel: the one that the rule names; where none of that name is configured the routes decide.
  static func change(
    _ channel: String, _ text: String, _ record: RunRecord, channels: Set<String>, endsByAlert: Bool, at now: Instant
  ) throws(Refusal) -> Change {
    guard !channels.isEmpty else { throw Refusal("no channel is configured") }
    let notice = Notice(
      key: key(record.rule, record.agent), status: endsByAlert ? .firing : .told, severity: record.severity,
      title: text,
      text: record.reason, agents: [record.agent], rule: record.rule, at: now,
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
  fileprivate var tellsPeople: Bool { deeds.contains { $0.kind == .action(.notify) } }

  /// Whether the trouble that it is about is an alert, which closes by itself.
  var isAboutAlerts: Bool {
    EventKind.allCases.contains { kind in kind.alert != nil && kind.type.map(concerns) == true }
  }
}
