import FleetModel
import Wire

/// A fleet of which one agent leaks and one fails, and handlers that die all the while: each finding is published once.
package struct ForesightStory {
  package let world: SimulatedWorld
  private static let agents = (0..<6).map { AgentID("agent-\($0)") }
  private static let leaking = 0
  private static let failing = 1

  /// Minutes of the story.
  private static let minutes = 100
  private static let leaksFrom = 30
  private static let failsFrom = 90

  package init(seed: UInt64) throws {
    world = SimulatedWorld(seed: seed)
    world.runtimes = SimulatedRuntimes(world, agents: Self.agents)
    world.service = OutsideService(world)
    for number in 1...2 { try world.addHandler("h\(number)") }
  }

  /// - Returns: how often a handler died.
  @discardableResult
  package func run() throws -> Int {
    for place in world.nodes.indices { world.restart(place) }
    for second in stride(from: 0, to: Self.minutes * 60, by: 20) {
      world.schedule(inMilliseconds: second * 1000) { [self] in report(minute: second / 60) }
    }
    var deaths = 0
    for minute in stride(from: 5, to: Self.minutes - 1, by: 3) {
      let place = world.number(0...1)
      let at = minute * 60_000 + world.number(0...170_000)
      world.schedule(inMilliseconds: at) { [world] in
        world.kill(place, losesRequests: world.chance(50))
        world.schedule(inMilliseconds: world.number(500...4000)) { world.restart(place) }
      }
      deaths += 1
    }
    world.pass(milliseconds: Int64(Self.minutes + 3) * 60_000)
    try judge()
    return deaths
  }

  private func report(minute: Int) {
    for (number, agent) in Self.agents.enumerated() {
      var queue = 20 + Double(world.number(-20...20)) / 10
      if number == Self.leaking { queue += Double(max(0, minute - Self.leaksFrom)) }
      let errors = number == Self.failing && minute >= Self.failsFrom ? 0.9 : 0.01
      let data: JSONValue = [
        "queue_size": .number(queue), "error_rate": .number(errors + Double(world.number(-10...10)) / 10_000),
      ]
      world.publish(event: "agent.metrics", of: agent, data)
    }
  }

  private struct Finding {
    var id: String
    var type: String
    var agent: String
  }

  private var published: [Finding] {
    world.entries(world.keys.events).compactMap { entry in
      guard let json = try? JSONValue.parse(entry.payload), json["source"]?.text == "vigia",
        let id = json["event_id"]?.text, let type = json["event_type"]?.text, let agent = json["entity_id"]?.text
      else { return nil }
      return Finding(id: id, type: type, agent: agent)
    }
  }

  private func judge() throws(Violation) {
    let published = published
    for finding in published where published.count(where: { $0.id == finding.id }) > 1 {
      throw Violation("\(finding.id) was published twice")
    }
    try expect(1, "agent.health_critical", of: Self.failing, in: published)
    try expect(1, "agent.predictive_alert", of: Self.leaking, in: published)
    let sick = [Self.leaking, Self.failing].map { Self.agents[$0].description }
    if let finding = published.first(where: { !sick.contains($0.agent) }) {
      throw Violation("\(finding.id) was published of an agent that is well")
    }
  }

  private func expect(_ count: Int, _ type: String, of agent: Int, in published: [Finding]) throws(Violation) {
    let found = published.filter { $0.type == type && $0.agent == Self.agents[agent].description }
    guard found.count == count else {
      throw Violation("\(type) was published \(found.count) times, \(count) expected: \(found.map(\.id))")
    }
  }
}
