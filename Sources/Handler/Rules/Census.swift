import Automation
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
  /// In trouble, or silent.
  private(set) var unhealthy = 0
  /// The first of them.
  private(set) var firstInTrouble: AgentID?
  /// Agents that run and send metrics, and how many of these have stopped to.
  private(set) var reporting = 0
  private(set) var silent = 0

  /// Of nobody.
  init() {}

  /// - Parameter silence: metrics that are older than this, and than twice their agent's own interval, have stopped.
  init(_ fleet: Fleet, at now: Instant, silence: TimeSpan = Guards().silence) {
    for (position, agent) in fleet.agents.enumerated() {
      guard let agent, agent.deletedAt == nil else { continue }
      let isRunning = agent.state == .running
      let isSilent = isRunning && Self.isSilent(agent, at: now, silence)
      let isInTrouble = isSilent || Self.isInTrouble(position, fleet)
      reporting += isRunning && agent.activity.reportedAt != nil ? 1 : 0
      silent += isSilent ? 1 : 0
      // Who was stopped or paused on purpose is missed by its role, and no sign of a fleet that is ill.
      if agent.state != .stopped { size += 1 }
      if isInTrouble, agent.state != .stopped {
        unhealthy += 1
        firstInTrouble = firstInTrouble ?? agent.id
      }
      let isHealthy = isRunning && !isInTrouble
      roleOf[agent.id] = agent.role
      roles[agent.role, default: []].append(
        Member(
          id: agent.id, isHealthy: isHealthy, health: agent.value(.healthScore, within: Fleet.freshness, of: now) ?? 1,
          load: agent.value(.queueSize, within: Fleet.freshness, of: now) ?? 0, skills: agent.skills,
          languages: agent.languages + [agent.language]))
    }
  }

  /// Whether it has an open alert that is high or worse. That a person was called says nothing of how the agent is, and
  /// stands until that person has come.
  private static func isInTrouble(_ position: Int, _ fleet: Fleet) -> Bool {
    guard fleet.hasAlerts(ofAgentAt: position) else { return false }
    return AlertKind.allCases.contains { kind in
      kind != .escalation && fleet.alert(kind, ofAgentAt: position).map { $0.record.severity >= .high } ?? false
    }
  }

  /// Whether it has sent metrics, and has stopped to.
  private static func isSilent(_ agent: Agent, at now: Instant, _ silence: TimeSpan) -> Bool {
    guard let last = agent.activity.reportedAt else { return false }
    return now - last
      > max(silence, TimeSpan(milliseconds: 2 * (agent.activity.reportInterval ?? usualInterval).milliseconds))
  }

  /// Of an agent that has reported only once.
  private static let usualInterval = TimeSpan.minutes(1)

  var unhealthyShare: Double { size == 0 ? 0 : Double(unhealthy) / Double(size) }

  func role(of agent: AgentID) -> String { roleOf[agent] ?? "" }

  func roleSize(of agent: AgentID) -> Int { roles[role(of: agent)]?.count ?? 0 }

  /// The healthy others of its role.
  func peers(of agent: AgentID) -> [AgentID] {
    (roles[role(of: agent)] ?? []).filter { $0.isHealthy && $0.id != agent }.map(\.id)
  }

  /// The best other agent for a conversation: who has the skill, then who speaks the language, then the healthiest, then
  /// who has least to do. Nil where nobody healthy has the skill and speaks the language.
  ///
  /// - Parameter given: how many conversations rules have given each, that its own numbers do not tell yet.
  func specialist(
    other agent: AgentID, skill: String?, language: String?, given: [AgentID: Int] = [:]
  ) -> AgentID? {
    let able = roles.values.joined().filter { member in
      member.isHealthy && member.id != agent && (skill.map { member.skills.contains($0) } ?? true)
        && (language.map { member.languages.contains($0) } ?? true)
    }
    // A hair's breadth of health is no reason to give one agent everything.
    func health(_ member: Member) -> Double { (member.health * 10).rounded() }
    func load(_ member: Member) -> Double { member.load + Double(given[member.id, default: 0]) }
    return able.min { left, right in
      (-health(left), load(left), left.id.description) < (-health(right), load(right), right.id.description)
    }?.id
  }
}
