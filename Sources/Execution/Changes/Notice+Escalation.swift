import Automation
import FleetModel
import Wire

extension Notice {
  /// The group of what handler and rules call people for, as if a rule of that name told it.
  package static let escalations = "escalation"

  /// A page about an escalation: its key is the alert's id, so that an acknowledgement finds it.
  package init(escalation alert: AlertRecord, _ status: Status, at now: Instant, fields: [Field] = []) {
    let agent = alert.id.agent
    let subject = agent == .none ? "the fleet" : agent.description
    // The words of an escalation begin with the team that it calls: `to on-call: errors 38%`.
    let who = alert.summary.hasPrefix("to ") ? " from \(alert.summary.dropFirst(3))" : ": \(alert.summary)"
    self.init(
      key: alert.id.description, status: status, severity: alert.severity,
      title: "\(subject) needs a person\(alert.summary.isEmpty ? "" : who)", fields: fields,
      agents: agent == .none ? [] : [agent], at: status.isFollowUp ? alert.last : now)
    acknowledgedBy = alert.acknowledgedBy
    if !alert.note.isEmpty { self.fields.append(Field("note", alert.note)) }
  }

  /// A call for help, about an escalation that is opened or counted up.
  ///
  /// - Parameter open: as it stood before. That somebody had taken it in hand is said: it makes the same words news.
  package init(call alert: AlertRecord, before open: AlertRecord?, at now: Instant, fields: [Field] = []) {
    self.init(escalation: alert, .firing, at: now, fields: fields)
    guard let who = open?.acknowledgedBy else { return }
    reopensAcknowledged = true
    let since = open?.acknowledgedAt.map { ", \(ISO8601.format($0))" } ?? ""
    self.fields.append(Field("again since", "\(who) acknowledged it\(since)"))
  }

  /// What an operator has to say, by a command.
  package init(
    text: String, to channel: String, from operator: String, command: CommandID, target: AgentID, at now: Instant
  ) {
    let lines = text.split(whereSeparator: \.isNewline)
    self.init(
      key: target == .none ? command.text : "\(command.text)/\(target)", status: .info, severity: .low,
      title: lines.first.map(String.init) ?? "", text: lines.count > 1 ? text : "",
      fields: [Field("from", `operator`)], agents: target == .none ? [] : [target], at: now, to: [channel])
  }
}
