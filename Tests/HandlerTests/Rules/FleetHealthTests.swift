import Automation
import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// What is counted as the fleet changes is what a look through all agents would find.
@Suite(.threaded) struct FleetHealthTests {
  /// A look through all agents, as plain as can be.
  private struct Scan {
    let fleet: Fleet
    let now: Instant
    let held: [AgentID: Instant]

    var agents: [(position: Int, agent: Agent)] {
      fleet.agents.enumerated().compactMap { place, agent in agent.map { (place, $0) } }
        .filter { $0.agent.deletedAt == nil }
    }

    func isSilent(_ agent: Agent) -> Bool {
      guard agent.state == .running,
        let silentAt = agent.activity.silentAt(least: .seconds(30), heardFrom: fleet.silences.heardFrom)
      else { return false }
      return now >= silentAt
    }

    func isInTrouble(_ position: Int, _ agent: Agent) -> Bool {
      isSilent(agent)
        || fleet.alerts(ofAgentAt: position).contains {
          $0.id.kind != .escalation && !$0.isQuiet && $0.record.severity >= .high
        }
    }

    func isSettled(_ agent: Agent) -> Bool {
      agent.eventCount >= 2 && agent.lastEventAt - agent.firstEventAt >= .minutes(1)
    }

    func isHealthy(_ position: Int, _ agent: Agent) -> Bool {
      agent.state == .running && !isInTrouble(position, agent)
    }

    func counts(of role: String?) -> FleetHealth.Counts {
      var counts = FleetHealth.Counts()
      for (position, agent) in agents where role == nil || agent.role == role {
        var count = isSettled(agent) ? counts.settled : counts.new
        count.all += 1
        if agent.state != .stopped { count.size += 1 }
        if isHealthy(position, agent) { count.healthy += 1 }
        if isInTrouble(position, agent), agent.state != .stopped { count.unhealthy += 1 }
        if agent.state == .running, agent.activity.reportInterval != nil { count.reporting += 1 }
        if isSilent(agent) { count.silent += 1 }
        if held[agent.id].map({ $0 > now }) ?? false { count.held += 1 }
        if isSettled(agent) { counts.settled = count } else { counts.new = count }
      }
      return counts
    }

    func specialist(other id: AgentID, skill: String?, language: String?, given: [AgentID: Int]) -> AgentID? {
      func rank(_ agent: Agent) -> (Double, Double, String) {
        let health = agent.value(.healthScore, within: Fleet.freshness, of: now) ?? 1
        let load = agent.value(.queueSize, within: Fleet.freshness, of: now) ?? 0
        return (-(health * 10).rounded(), load + Double(given[agent.id, default: 0]), agent.id.description)
      }
      return agents.filter { position, agent in
        agent.id != id && isHealthy(position, agent) && skill.map { agent.skills.contains($0) } ?? true
          && language.map { (agent.languages + [agent.language]).contains($0) } ?? true
      }.map(\.agent).min { rank($0) < rank($1) }?.id
    }

    func backup(of id: AgentID) -> AgentID? { agents.first { AgentID($0.agent.backupFor) == id }?.agent.id }
  }

  private var fleet = Fleet(seed: 7, keepsHistory: false, tracksAgentChanges: true)
  private let health = FleetHealth()
  private var now = Instant(milliseconds: 1_795_000_000_000)
  private var held: [AgentID: Instant] = [:]
  private var given: [AgentID: Int] = [:]
  private var random = SeededRandom(seed: 42)

  private mutating func any(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
  private mutating func agent() -> AgentID { AgentID("agent-\(10 + any(40))") }

  private mutating func apply(_ type: String, _ agent: AgentID, _ data: JSONValue) throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    let instant = now
    try event.encoded.withUnsafeBytes { bytes in
      _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: instant))
    }
  }

  private static let words = ["billing", "tech", "law", "en", "es", "pt"]

  private mutating func describe() throws {
    let skills: [JSONValue] = [word(0), word(0)]
    let (role, other) = ("role-\(any(4))", "agent-\(10 + any(40))")
    let data: JSONValue = [
      "role": .string(role), "skills": .array(skills), "languages": .array([word(3)]), "backup_for": .string(other),
      "is_active": .bool(any(8) != 0),
    ]
    try apply("agent.created", agent(), data)
  }

  private mutating func word(_ first: Int) -> JSONValue { .string(Self.words[first + any(3)]) }

  /// Something happens to some agent.
  private mutating func step() throws {
    now = now + TimeSpan(milliseconds: Int64(any(20_000)))
    switch any(10) {
    case 0, 1: try describe()
    case 2: try apply("agent.deleted", agent(), [:])
    case 3:
      let states = AgentState.allCases
      var record = AgentRecord()
      (record.state, record.version) = (states[any(states.count)], Int.max / 2)
      fleet.setRecord(record, of: agent())
    case 4: try apply("agent.security_alert", agent(), ["risk_level": .string(any(2) == 0 ? "high" : "low")])
    case 5:
      let id = agent()
      let end = any(3) == 0 ? nil : now + TimeSpan(milliseconds: Int64(1 + any(90_000)))
      held[id] = end
      health.setPaused(id, until: end)
    case 6:
      let id = agent()
      health.update(&fleet, at: now, silence: .seconds(30))
      if health.member(id) != nil { given[id, default: 0] += 1 }
      health.give(to: [id])
    case 7: now = now + .seconds(Int64(any(400)))
    default:
      let id = agent()
      given[id] = nil
      try apply(
        "agent.metrics", id,
        ["health_score": .number(Double(any(11)) / 10), "queue_size": .integer(Int64(any(6))), "error_rate": 0.01])
    }
    fleet.advance(to: now)
  }

  @Test mutating func countsAndChoicesAreThoseOfAPlainScan() throws {
    for _ in 0..<4000 {
      try step()
      health.update(&fleet, at: now, silence: .seconds(30))
      held = held.filter { $0.value > now }
      // Who left has been given nothing.
      given = given.filter { health.member($0.key) != nil }
      let scan = Scan(fleet: fleet, now: now, held: held)
      try #require(health.counts == scan.counts(of: nil))
      let id = agent()
      if let known = fleet[id], known.deletedAt == nil {
        try #require(health.role(of: id) == known.role)
        try #require(health.roleCounts(of: id) == scan.counts(of: known.role))
        try #require(health.isSettled(id) == scan.isSettled(known))
      }
      try #require(health.backup(of: id) == scan.backup(of: id))
      let skill: String? = any(3) == 0 ? nil : Self.words[any(3)]
      let language: String? = any(3) == 0 ? nil : Self.words[3 + any(3)]
      try #require(
        health.specialist(other: id, skill: skill, language: language)
          == scan.specialist(other: id, skill: skill, language: language, given: given))
    }
  }

  @Test(arguments: [["agent-1", "agent-2"], ["agent-2", "agent-1"]] as [[AgentID]])
  mutating func agentsThatComeBackAtEachOthersPlacesAreKnown(_ order: [AgentID]) throws {
    for agent in ["agent-1", "agent-2"] as [AgentID] { try apply("agent.created", agent, ["role": "support"]) }
    health.update(&fleet, at: now, silence: .seconds(30))
    for agent in order { health.setPaused(agent, until: now + .days(1)) }
    for agent in ["agent-1", "agent-2"] as [AgentID] { try apply("agent.deleted", agent, [:]) }
    now = now + .minutes(30)
    fleet.advance(to: now)
    for agent in order { try apply("agent.created", agent, ["role": "support"]) }
    health.update(&fleet, at: now, silence: .seconds(30))
    for agent in order {
      #expect(health.member(agent)?.id == agent)
      #expect(health.held(besides: agent).fleet == 1)
    }
    #expect(health.counts.new.held == 2)
  }

  @Test mutating func clockThatGoesBackIsFollowed() throws {
    for _ in 0..<2 {
      try apply("agent.metrics", "agent-1", ["error_rate": 0.01])
      now = now + .seconds(5)
    }
    health.update(&fleet, at: now + .minutes(10), silence: .seconds(30))
    #expect(health.counts.new.silent == 1)
    health.update(&fleet, at: now + .seconds(5), silence: .seconds(30))
    #expect(health.counts.new.silent == 0)
  }

  /// Swift takes both spellings for the same text.
  @Test mutating func twoSpellingsOfARoleAreTwoRoles() throws {
    for (number, role) in ["caf\u{E9}", "caf\u{E9}", "cafe\u{301}"].enumerated() {
      try apply("agent.created", AgentID("agent-\(number)"), ["role": .string(role)])
    }
    health.update(&fleet, at: now, silence: .seconds(30))
    #expect(health.roles.count == 2)
    #expect(health.roleSize(of: "agent-0") == 2 && health.roleSize(of: "agent-2") == 1)
    #expect(health.healthyPeers(of: "agent-2") == 0)
  }

  @Test mutating func roleThatNobodyHasAnyMoreIsForgotten() throws {
    for number in 0..<100 { try apply("agent.updated", "agent-1", ["role": .string("role-\(number)")]) }
    health.update(&fleet, at: now, silence: .seconds(30))
    #expect(health.roles.count == 1 && health.roleSize(of: "agent-1") == 1)
  }
}
