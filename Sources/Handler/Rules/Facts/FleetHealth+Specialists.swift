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
    let asked = asked(position)
    let health = numbers.value(.healthScore, within: Fleet.freshness, of: now)
    let rank = SpecialistRank(
      health: health ?? 1, knowsHealth: health != nil,
      load: (numbers.value(.queueSize, within: Fleet.freshness, of: now) ?? 0)
        + Double((members[position]?.given ?? 0) + asked),
      room: room(position, numbers, asked: asked))
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
  private func room(_ position: Int, _ numbers: AgentActivity, asked: Int) -> SpecialistRank.Room? {
    guard let capacity = members[position]?.capacity, let told = numbers.openConversations else { return nil }
    if members[position]?.toldAt != told.at {
      members[position]?.toldAt = told.at
      members[position]?.givenSinceTold = 0
    }
    guard now - told.at <= Fleet.freshness else { return nil }
    return SpecialistRank.Room(open: told.count + (members[position]?.givenSinceTold ?? 0) + asked, capacity: capacity)
  }

  private func asked(_ position: Int) -> Int {
    guard !asked.isEmpty, let id = members[position]?.id else { return 0 }
    return asked[id] ?? 0
  }

  /// Rules have given agents a conversation each, or they have taken one.
  func give(to agents: [AgentID]) {
    for agent in agents {
      if let position = positions[agent] {
        members[position]?.given += 1
        members[position]?.givenSinceTold += 1
      }
      add(1, to: agent)
    }
  }

  /// An agent has taken a conversation: unless it has told since then how many it has open, it counts one more.
  func take(_ agent: AgentID, at instant: Instant) {
    if let told = member(agent)?.toldAt, told >= instant { return }
    give(to: [agent])
  }

  /// Takes how many conversations each agent is asked to take: until it answers they take its room, and no longer.
  func setAsked(_ counts: [AgentID: Int]) {
    guard !asked.isEmpty || !counts.isEmpty else { return }
    let former = asked
    asked = counts
    for agent in Set(former.keys).union(counts.keys) { add((counts[agent] ?? 0) - (former[agent] ?? 0), to: agent) }
  }

  /// One more agent is asked to take a conversation.
  func ask(_ agent: AgentID) {
    asked[agent, default: 0] += 1
    add(1, to: agent)
  }

  /// An agent has so many conversations more than before.
  private func add(_ count: Int, to agent: AgentID) {
    guard count != 0, let position = positions[agent], var member = members[position] else { return }
    member.rank.load += Double(count)
    member.rank.room?.open += count
    members[position] = member
    specialists.rate(position, member.rank)
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
