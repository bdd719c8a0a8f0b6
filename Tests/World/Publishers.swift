import FleetModel
import Wire

/// The services of agents: they report what they measure, and say when something is wrong.
final class Publishers {
  private unowned let world: SimulatedWorld
  private let agents: [AgentID]
  /// How often each message may be recorded that was said on a channel.
  ///
  /// Once for each time that it was said; once more if no handler had the lease then: one that hears it, loses the channel
  /// and takes over later has no marker to know by that another has written it meanwhile.
  private(set) var recordable: [[UInt8]: Int] = [:]

  init(_ world: SimulatedWorld, agents: [AgentID]) {
    (self.world, self.agents) = (world, agents)
  }

  /// The fleet introduces itself, as if it had been there for minutes.
  func introduce() {
    for span in [130, 65] {
      let past = world.serverTime.milliseconds - Int64(span) * 1000
      for (number, agent) in agents.enumerated() {
        let data: JSONValue = ["name": .string(agent.description), "role": "support", "replicas_max": 9]
        let message: JSONValue = [
          "entity_id": .string(agent.bytes), "event_type": "agent.created", "data": data,
        ]
        world.server.run([
          "XADD".bytes, world.keys.events, "\(past)-\(number)".bytes, Keys.dataField, message.encoded,
        ])
      }
    }
  }

  /// Every agent says how it is.
  func report() {
    for agent in agents {
      say("agent.metrics", agent, ["error_rate": .number(0.01), "messages_per_minute": .integer(40)])
    }
  }

  /// Something is wrong with one of them.
  func alarm() {
    let agent = world.pick(agents)
    switch world.number(0...3) {
    case 0: say("agent.performance_degraded", agent, ["error_rate": .number(0.3)])
    case 1: say("agent.high_traffic", agent, ["queue_size": .integer(400), "messages_per_minute": .integer(500)])
    case 2:
      say(
        "agent.security_alert", agent,
        ["alert_type": "probe", "risk_level": "high", "suspicious_ips": .array(addresses())])
    default: say("agent.health_critical", agent, ["health_score": .number(0.2), "issues_detected": ["errors"]])
    }
  }

  private func addresses() -> [JSONValue] {
    (0...world.number(0...2)).map { .string("203.0.113.\(3 * $0 + world.number(1...3))".bytes) }
  }

  /// Some speak to the stream, some to a channel that the handler records.
  private func say(_ event: String, _ agent: AgentID, _ data: JSONValue) {
    if world.chance(70) { return world.publish(event: event, of: agent, data) }
    guard world.isServerUp else { return }
    let message: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(event), "data": data]
    world.tell("\(agent) says on a channel \(event)")
    recordable[message.encoded, default: 0] += world.hasLeader ? 1 : 2
    world.server.run(["PUBLISH".bytes, event.bytes, message.encoded])
  }
}
