import Automation
import FleetModel

/// What services were told of and has not ended, and the alerts that it is about.
extension Notifier {
  /// - Returns: nil if what earlier handlers have told is not known yet.
  func standing(on name: String) -> [AlertsBack.Standing]? {
    guard let channel = session.options.notify[name] else { return [] }
    guard hasLooked, session.knowsFleet, let queues = troubledQueues() else { return nil }
    let groups = grouping.groups.filter { $0.key.channel == name && $0.value.told != nil }
    let told = groups.map { standing($0.key.key, Array($0.value.members.values), on: name) }
    switch channel.kind {
    case .alertmanager:
      let keys = Set(outbox.standing(on: name).map { ExactText($0.key) })
      let alone = outbox.standing(on: name).filter { $0.rule == nil }.compactMap { notice in
        Self.alert(notice).map { AlertsBack.Standing(key: notice.key, alerts: [$0]) }
      }
      return told.filter { keys.contains(ExactText($0.key)) } + alone
    case .pagerduty:
      let calls = (session.fleet?.openEscalations() ?? []).filter { $0.told.contains(name) }
      let waiting = queues.filter { $0.trouble?.told.contains(name) == true }.compactMap(\.alertID)
      return told + calls.map { single(.agent($0.id), on: name) } + waiting.map { single(.queue($0), on: name) }
    case .slack, .discord, .webhook: return []
    }
  }

  private func standing(
    _ key: String, _ members: [Grouping.Group.Member], on name: String
  ) -> AlertsBack.Standing {
    let alerts = members.filter { $0.notice.status != .resolved }.compactMap { member in
      Self.alert(member.notice).map { (alert: $0, isSeen: member.isTold) }
    }
    let isBehind = outbox.holds(ExactText(key), on: name)
    return AlertsBack.Standing(
      key: key, alerts: alerts.map(\.alert), unseen: Set(alerts.filter { isBehind || !$0.isSeen }.map(\.alert)))
  }

  /// What is told by itself.
  private func single(_ alert: ToldAlert.Subject, on name: String) -> AlertsBack.Standing {
    let key = alert.description
    let isBehind = outbox.holds(ExactText(key), on: name)
    return AlertsBack.Standing(key: key, alerts: [alert], unseen: isBehind ? [alert] : [])
  }

  /// The alert that a notice speaks of, by its key; nil if it is about none.
  private static func alert(_ notice: Notice) -> ToldAlert.Subject? {
    guard notice.status != .info else { return nil }
    return ToldAlert.Subject(key: notice.key, agent: notice.agents.first)
  }
}
