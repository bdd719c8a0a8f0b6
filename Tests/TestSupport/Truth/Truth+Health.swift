import FleetModel

/// Who has stopped reporting, and what the first line may say by that and by alerts.
extension Truth {
  /// Whether an agent that reports by itself has stopped; nil at the edge, and if only those know that it does report who
  /// were there before Redis lost all.
  package func isSilent(_ name: String) -> Bool? {
    guard let agent = agents[name], agent.state == .running, agent.isActive, agent.deletedAt == nil else {
      return false
    }
    let known = hasStopped(agent.reports)
    return agent.remembered == nil || hasStopped(agent.remembered) == known ? known : nil
  }

  private func hasStopped(_ reports: Reports?) -> Bool? {
    guard let reports, let least = reports.gaps.min(), let most = reports.gaps.max() else { return false }
    guard now - reports.last + Self.slack > max(.seconds(30), least * 3) else { return false }
    return now - max(reports.last, deafUntil) > max(.seconds(30), most * 3) * 3 ? true : nil
  }

  package enum Health: Sendable { case empty, well, silent, trouble, inHand, notWell }

  /// What the first line may say.
  package var health: Set<Health> {
    guard agents.values.contains(where: { !$0.isForgotten }) else {
      return Set([.empty, .well, .notWell, .silent]).union(alerts.isEmpty ? [] : [.trouble, .inHand])
    }
    let silence = agents.keys.map { isSilent($0) }
    let reporters = agents.values.count { $0.reports?.gaps.isEmpty == false && $0.state == .running && $0.isActive }
    let hasJustSpoken = agents.values.contains { now - $0.heardAt < .minutes(1) }
    if reporters > 0, silence.count(where: { $0 == true }) == reporters, !silence.contains(nil) {
      return hasJustSpoken ? [.silent, .trouble, .notWell] : [.silent]
    }
    var all: Set<Health> = silence.contains { $0 != false } ? [.silent, .notWell] : []
    let loud = alerts.filter { !isInHand($0.key) }
    if loud.keys.contains(where: { !mayBeClosed($0) && stage($0) == .breach }) { return all.union([.trouble]) }
    // One that was opened anew may no longer be in hand.
    let isUnsure = alerts.contains { isInHand($0.key) && !$0.value.isSure }
    if !loud.isEmpty || isUnsure { all.formUnion([.trouble, .notWell]) }
    if alerts.count > loud.count { all.insert(.inHand) }
    // Where nothing at all has come for long, nobody knows that all is well.
    let quiet = now - (agents.values.map(\.heardAt).max() ?? now)
    if quiet > Self.almostFive { all.insert(.notWell) }
    let mayBeWell = quiet <= Self.five + Self.slack && !silence.contains(true)
    if mayBeWell, alerts.keys.allSatisfy({ mayBeClosed($0) }) { all.insert(.well) }
    return all
  }
}
