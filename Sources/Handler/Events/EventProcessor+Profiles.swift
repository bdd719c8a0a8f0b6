import FleetModel
import Insight
import Wire

/// What agents say of themselves, and what is stored of it.
extension EventProcessor {
  private static let mostProfiles = 40_000

  func note(_ change: TraitChange) {
    note(change.agent)
    // What is said for the first time is no change.
    guard !change.old.isEmpty, !change.new.isEmpty else { return }
    mark(change.agent, AgentInsight.Change(kind: change.trait.rawValue, detail: change.new, at: change.at))
  }

  /// That an agent's profile is to be written. Of more than the fleet holds most have left again by then.
  func note(_ agent: AgentID) {
    if changedProfiles.count < Self.mostProfiles { changedProfiles.insert(agent) }
  }

  /// Agents that have said something of themselves since the last call; no more than one transaction should write.
  func takeChangedProfiles() -> Set<AgentID> {
    let taken = Set(changedProfiles.prefix(1000))
    changedProfiles.subtract(taken)
    return taken
  }

  /// What could not be written is to be taken again.
  func giveBack(_ profiles: Set<AgentID>) { changedProfiles.formUnion(profiles) }

  var hasChangedProfiles: Bool { !changedProfiles.isEmpty }

  /// Takes what an earlier handler has kept of an agent.
  func restore(profile: [UInt8], at instant: Instant) {
    do {
      try profile.withUnsafeBytes { bytes in
        let event = try profileDecoder.decode(bytes, channel: nil, receivedAt: instant)
        _ = fleet.apply(event)
        // What was known before is no change.
        _ = fleet.takeTraitChanges()
        if let since = AgentProfileCoding.heardSince(profile) { fleet.recallHearing(of: event.agentID, since: since) }
      }
    } catch {
      session.passOver("an agent's profile", session.keys.profiles, profile)
    }
  }
}
