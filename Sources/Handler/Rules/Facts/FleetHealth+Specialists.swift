import FleetModel
import Insight

/// Who takes conversations.
extension FleetHealth {
  func rank(_ position: Int, _ numbers: AgentActivity, _ fleet: borrowing Fleet) {
    // In place: a member holds references.
    guard let reportedAt = members[position].map(\.reportedAt) else { return }
    // Its metrics tell what rules have given it.
    if reportedAt != numbers.reportedAt {
      members[position]?.reportedAt = numbers.reportedAt
      members[position]?.given = 0
    }
    let health = numbers.value(.healthScore, within: Fleet.freshness, of: now)
    let rank = SpecialistRank(
      health: health ?? 1, knowsHealth: health != nil,
      load: (numbers.value(.queueSize, within: Fleet.freshness, of: now) ?? 0) + Double(members[position]?.given ?? 0),
      room: room(position, numbers))
    let isOther = members[position]?.rank != rank
    members[position]?.rank = rank
    guard members[position]?.standing.isHealthy == true else { return specialists.remove(position) }
    if !specialists.contains(position) {
      guard let profile = fleet.agents.profiles[position] else { return }
      specialists.add(
        position, profile.id, rank, skills: profile.skills, languages: profile.languages + [profile.language])
    } else if isOther {
      specialists.rate(position, rank)
    }
  }

  /// What it has open of what it can have; nil if it does not say one of both, or has not said it for long.
  private func room(_ position: Int, _ numbers: AgentActivity) -> SpecialistRank.Room? {
    guard let capacity = members[position]?.capacity, let told = numbers.openConversations else { return nil }
    if members[position]?.toldAt != told.at {
      members[position]?.toldAt = told.at
      members[position]?.givenSinceTold = 0
    }
    guard now - told.at <= Fleet.freshness else { return nil }
    return SpecialistRank.Room(open: told.count + (members[position]?.givenSinceTold ?? 0), capacity: capacity)
  }

  /// Rules, or a choice for a hand-over, have given agents a conversation each.
  func give(to agents: [AgentID]) {
    for agent in agents {
      guard let position = positions[agent], var member = members[position] else { continue }
      member.given += 1
      member.rank.load += 1
      member.givenSinceTold += 1
      member.rank.room?.open += 1
      members[position] = member
      specialists.rate(position, member.rank)
    }
  }

  /// The best other agent for a conversation: who has the skill, then who speaks the language, then the healthiest, then
  /// who has most room, then who has least to do. Nil if nobody healthy with room has the skill and speaks the language.
  func specialist(other agent: AgentID, skill: String?, language: String?) -> AgentID? {
    specialists.best(besides: positions[agent], skill: skill, language: language)
  }

  /// The best three for a conversation, besides some, and who would be as good and has no room. Empty words ask for
  /// anything.
  func specialists(besides left: [AgentID], skill: String, language: String) -> SpecialistIndex.Answer {
    specialists.best(
      3, besides: Set(left.compactMap { positions[$0] }), skill: skill.isEmpty ? nil : skill,
      language: language.isEmpty ? nil : language)
  }

  /// Why an agent takes no conversation; nil if it may.
  func faultOfTaking(_ agent: AgentID) -> String? {
    guard let standing = member(agent)?.standing else { return "has left" }
    if standing.isHealthy { return nil }
    return standing.isInTrouble ? "is in trouble" : "does not run"
  }
}
