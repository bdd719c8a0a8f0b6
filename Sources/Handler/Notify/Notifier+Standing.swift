import Automation
import FleetModel

/// What services were told of and has not ended, and the alerts that it is about.
extension Notifier {
  func standing(on name: String) -> [AlertsBack.Standing] {
    guard let channel = session.options.notify[name] else { return [] }
    let groups = grouping.groups.filter { $0.key.channel == name && $0.value.told != nil }
    let told = groups.map { id, group in
      AlertsBack.Standing(key: id.key, alerts: group.members.values.compactMap { Self.alert($0.notice) })
    }
    switch channel.kind {
    case .alertmanager:
      let keys = Set(outbox.standing(on: name).map { ExactText($0.key) })
      let single = outbox.standing(on: name).filter { $0.rule == nil }.compactMap { notice in
        Self.alert(notice).map { AlertsBack.Standing(key: notice.key, alerts: [$0]) }
      }
      return told.filter { keys.contains(ExactText($0.key)) } + single
    case .pagerduty:
      let calls = (session.fleet?.openEscalations() ?? []).filter { $0.told.contains(name) }
      return told + calls.map { AlertsBack.Standing(key: $0.id.description, alerts: [$0.id]) }
    case .slack, .discord, .webhook: return []
    }
  }

  /// The alert that a notice speaks of, by its key; nil if it is about none.
  private static func alert(_ notice: Notice) -> AlertID? {
    let type = notice.key.prefix { $0 != "/" }
    guard let kind = AlertKind.allCases.first(where: { $0.type == type }), notice.status != .info else { return nil }
    return AlertID(kind, notice.agents.first ?? .none)
  }
}
