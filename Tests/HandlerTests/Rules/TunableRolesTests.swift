import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// Who lets parameters be set, by role.
@Suite(.threaded) struct TunableRolesTests {
  @Test func whatIsKeptIsWhatALookThroughAllWouldFind() {
    var random = SeededRandom(seed: 5)
    var kept = TunableRoles()
    var truth: [Int: String] = [:]
    for _ in 0..<4000 {
      let position = Int.random(in: 0..<30, using: &random)
      if Bool.random(using: &random) {
        let role = "role-\(Int.random(in: 0..<5, using: &random))"
        kept.add(position, ExactText(role))
        truth[position] = role
      } else {
        kept.remove(position)
        truth[position] = nil
      }
      #expect(kept.isEmpty == truth.isEmpty)
      #expect(Set(kept.roles.map(\.text)) == Set(truth.values) && kept.roles.count == Set(truth.values).count)
      for role in 0..<5 {
        let found = kept.members(of: ExactText("role-\(role)")).sorted()
        #expect(found == truth.filter { $0.value == "role-\(role)" }.keys.sorted())
      }
    }
  }

  @Test func twoSpellingsOfALetterAreTwoRoles() {
    var kept = TunableRoles()
    kept.add(0, ExactText("caf\u{E9}"))
    kept.add(1, ExactText("cafe\u{301}"))
    #expect(kept.roles.count == 2 && kept.members(of: ExactText("caf\u{E9}")) == [0])
  }

  @Test func itFollowsWhatAgentsSayOfThemselves() throws {
    var fleet = Fleet(seed: 7, keepsHistory: false, tracksAgentChanges: true)
    let health = FleetHealth()
    var now = Instant(milliseconds: 1_795_000_000_000)
    func apply(_ type: String, _ agent: AgentID, _ data: JSONValue) throws {
      now = now + .seconds(1)
      let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
      let instant = now
      try event.encoded.withUnsafeBytes { bytes in
        _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: instant))
      }
      health.update(&fleet, at: now, silence: .seconds(30))
    }
    let share: JSONValue = ["routing_share": ["min": .number(0.2), "max": 2, "step": .number(0.1), "value": 1]]
    func found(_ role: String) -> [AgentID] {
      health.tunables.members(of: ExactText(role)).compactMap { health.members[$0]?.id }.sorted { $0.precedes($1) }
    }
    try apply("agent.created", "a-1", ["role": .string("support"), "parameters": share])
    try apply("agent.created", "a-2", ["role": .string("support")])
    try apply("agent.created", "a-3", ["role": .string("support"), "parameters": share])
    #expect(found("support") == ["a-1", "a-3"])
    try apply("agent.updated", "a-2", ["parameters": share])
    try apply("agent.updated", "a-3", ["role": .string("sales")])
    #expect(found("support") == ["a-1", "a-2"] && found("sales") == ["a-3"])
    try apply("agent.updated", "a-1", ["parameters": [:]])
    try apply("agent.deleted", "a-3", [:])
    #expect(found("support") == ["a-2"] && found("sales").isEmpty)
    #expect(health.tunables.roles.map(\.text) == ["support"])
  }

  @Test func whoLetsOnlyOtherThingsBeSetSharesNoLoad() throws {
    var fleet = Fleet(seed: 7, keepsHistory: false, tracksAgentChanges: true)
    let (health, now) = (FleetHealth(), Instant(milliseconds: 1_795_000_000_000))
    func apply(_ agent: AgentID, _ parameter: String) throws {
      let range: JSONValue = ["min": 1, "max": 9, "step": 1, "value": 2]
      var parameters = JSONObject()
      parameters[parameter] = range
      let event: JSONValue = [
        "entity_id": .string(agent.bytes), "event_type": .string("agent.updated"),
        "data": ["role": .string("support"), "parameters": .object(parameters)],
      ]
      try event.encoded.withUnsafeBytes { bytes in
        _ = fleet.apply(try EventDecoder().decode(bytes, channel: nil, receivedAt: now))
      }
      health.update(&fleet, at: now, silence: .seconds(30))
    }
    try apply("a-1", "timeout_s")
    #expect(health.sharers.isEmpty && health.tunables.roles.map(\.text) == ["support"])
    try apply("a-2", "routing_share")
    #expect(health.sharers.members(of: ExactText("support")).compactMap { health.members[$0]?.id } == ["a-2"])
    try apply("a-2", "timeout_s")
    #expect(health.sharers.isEmpty)
  }
}
