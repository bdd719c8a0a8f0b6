import FleetModel

/// Who there is, by role, and who of them is well: what guards and rules count by.
struct Census {
  private struct Member {
    var id: AgentID
    var isHealthy: Bool
    /// 0…1, 1 where nobody has said.
    var health: Double
    /// Messages that wait.
    var load: Double
    var skills: [String]
    var languages: [String]
  }

  private var roles: [String: [Member]] = [:]
  private var roleOf: [AgentID: String] = [:]
  private(set) var size = 0
  private(set) var unhealthy = 0

  /// Of nobody.
  init() {}

  init(_ fleet: Fleet, at now: Instant) {
    for (position, agent) in fleet.agents.enumerated() {
      guard let agent, agent.deletedAt == nil else { continue }
      let isHealthy = Self.isHealthy(agent, at: position, fleet)
      size += 1
      unhealthy += isHealthy ? 0 : 1
      roleOf[agent.id] = agent.role
      roles[agent.role, default: []].append(
        Member(
          id: agent.id, isHealthy: isHealthy, health: agent.value(.healthScore, within: Fleet.freshness, of: now) ?? 1,
          load: agent.value(.queueSize, within: Fleet.freshness, of: now) ?? 0, skills: agent.skills,
          languages: agent.languages + [agent.language]))
    }
  }

  /// Active, running, and with no open alert that is high or worse.
  private static func isHealthy(_ agent: Agent, at position: Int, _ fleet: Fleet) -> Bool {
    guard agent.state == .running else { return false }
    return !AlertKind.allCases.contains { kind in
      fleet.alert(kind, ofAgentAt: position).map { $0.record.severity >= .high } ?? false
    }
  }

  var unhealthyShare: Double { size == 0 ? 0 : Double(unhealthy) / Double(size) }

  func role(of agent: AgentID) -> String { roleOf[agent] ?? "" }

  func roleSize(of agent: AgentID) -> Int { roles[role(of: agent)]?.count ?? 0 }

  /// The healthy others of its role.
  func peers(of agent: AgentID) -> [AgentID] {
    (roles[role(of: agent)] ?? []).filter { $0.isHealthy && $0.id != agent }.map(\.id)
  }

  /// The best other agent for a conversation: who has the skill, then who speaks the language, then the healthiest, then
  /// who has least to do. Nil where nobody healthy has the skill and speaks the language.
  func specialist(other agent: AgentID, skill: String?, language: String?) -> AgentID? {
    let able = roles.values.joined().filter { member in
      member.isHealthy && member.id != agent && (skill.map { member.skills.contains($0) } ?? true)
        && (language.map { member.languages.contains($0) } ?? true)
    }
    return able.min { left, right in
      (-left.health, left.load, left.id.description) < (-right.health, right.load, right.id.description)
    }?.id
  }
}
