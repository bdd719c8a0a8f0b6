import Automation
import FleetModel

/// What rules tell people: grouped by rule and severity, so that a storm of fifty agents is one message.
package enum RuleNotice {
  /// By which an alert is known from its beginning to its all-clear, in whichever groups speak of it.
  package static func key(_ alert: AlertID) -> String { "\(alert.kind.type)/\(alert.agent.escapedText)" }

  /// Why nobody is told if people have configured no way to be.
  package static let noChannel = "no channel is configured"

  /// What has been done and what has not, as far as the run has come: people are told what is so, and not what was meant.
  package static func words(of record: RunRecord, _ part: RunRecord.Part, _ outcomes: [IdempotencyRecord?]) -> String {
    var (done, missed): ([String], [String]) = ([], part == .ruleActions ? record.refused : [])
    for (ruleAction, outcome) in zip(record.ruleActions(of: part), outcomes) {
      guard let outcome, case .action(let action) = ruleAction.kind, action != .notify else { continue }
      if outcome.phase == .succeeded {
        done.append(outcome.detail)
      } else {
        missed.append("\(ruleAction.words): \(outcome.detail)")
      }
    }
    let parts = [("Done: ", done), ("Not done: ", missed)].filter { !$1.isEmpty }
    return parts.map { $0 + $1.joined(separator: "; ") + "." }.joined(separator: "\n")
  }

  /// - Parameters:
  ///   - channel: the one that the rule names; if none of that name is configured the routes decide.
  ///   - words: what has been done.
  ///   - alert: the alert that it is about, by whose end it is over; nil for news that nothing takes back.
  package static func notice(
    _ channel: String, _ text: String, _ record: RunRecord, _ words: String, channels: Set<String>, of alert: AlertID?,
    at now: Instant
  ) throws(Refusal) -> Notice {
    guard !channels.isEmpty else { throw Refusal(noChannel) }
    var notice = Notice(
      key: alert.map(key) ?? "\(record.rule)/\(record.agent.escapedText)", status: alert == nil ? .info : .firing,
      severity: record.severity, title: text,
      text: [record.reason, words].filter { !$0.isEmpty }.joined(separator: "\n"), agents: [record.agent],
      rule: record.rule, at: now, to: channels.contains(channel) ? [channel] : [])
    notice.done = words
    return notice
  }

  /// What is told of an alert that is open no longer; nil if whoever ended it has told people.
  package static func over(_ id: AlertID, _ end: AlertEnd, at now: Instant) -> Notice? {
    switch end {
    case .recovered: resolved(id, "over", isAllClear: true, at: now)
    case .unrecovered: resolved(id, "ended without a sign of recovery", at: now)
    case .explained:
      resolved(id, "ended without a sign of recovery: the agent was paused, stopped or deleted", at: now)
    case .agentLeft: resolved(id, "ended without a sign of recovery: the agent has left", at: now)
    case .closed: nil
    }
  }

  /// Who has an alert in hand, or that nobody has any more.
  package static func hands(_ alert: AlertRecord, heardFrom act: ServiceAct?, at now: Instant) -> Notice {
    var notice = Notice(
      key: key(alert.id), status: alert.acknowledgedBy == nil ? .unacknowledged : .acknowledged,
      severity: alert.severity, title: "\(alert.id.agent)", agents: [alert.id.agent], rule: Notice.anyRule, at: now)
    (notice.acknowledgedBy, notice.heardFrom) = (alert.acknowledgedBy, act)
    return notice
  }

  /// That a person has closed an alert.
  package static func closed(_ id: AlertID, by operator: String, heardFrom act: ServiceAct?, at now: Instant) -> Notice
  {
    var notice = resolved(id, "closed by \(`operator`)", at: now)
    notice.heardFrom = act
    return notice
  }

  /// For every group that spoke of the alert, whichever rules there are now.
  private static func resolved(_ id: AlertID, _ words: String, isAllClear: Bool = false, at now: Instant) -> Notice {
    var notice = Notice(
      key: key(id), status: .resolved, severity: .low, title: "\(id.agent): \(words)", agents: [id.agent],
      rule: Notice.anyRule, at: now)
    notice.isAllClear = isAllClear
    return notice
  }
}
