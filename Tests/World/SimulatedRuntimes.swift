import FleetModel
import Wire

/// The runtimes of all agents: each does what the control stream says, after a while, and says so in an event. Some do not.
final class SimulatedRuntimes {
  private unowned let world: SimulatedWorld
  private let agentsThatDoNotObey: Set<AgentID>

  init(_ world: SimulatedWorld, agents: [AgentID]) {
    self.world = world
    agentsThatDoNotObey = Set(agents.filter { _ in world.chance(10) })
  }

  func take(_ message: ControlMessage) {
    guard !agentsThatDoNotObey.contains(message.agent), !world.chance(5) else { return }
    let span = world.chance(10) ? world.number(3000...9000) : world.number(5...1500)
    world.schedule(inMilliseconds: span) { [self] in report(message) }
  }

  private func report(_ message: ControlMessage) {
    guard case .action(let action) = message.verb, let state = Self.state(after: action) else { return }
    let replicas = message.arguments["replicas"].flatMap { Int64($0) }
    let data: JSONValue = [
      "state": .string(state), "command_id": .string(message.commandID.text),
      "replicas": replicas.map { .integer($0) },
    ]
    world.publish(event: "agent.status", of: message.agent, data)
    // Runtimes repeat themselves.
    if world.chance(10) { world.publish(event: "agent.status", of: message.agent, data) }
  }

  private static func state(after action: Action) -> String? {
    switch action {
    case .pause: "paused"
    case .drain: "draining"
    case .resume, .restart, .scale, .rateLimit, .tune, .rollback, .activateBackup, .deactivateBackup, .rebalance:
      "running"
    case .escalate, .transfer, .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .notify, .acknowledge,
      .unacknowledge, .silence, .unsilence, .close, .approve, .reject, .undo, .automation, .take, .handBack,
      .closeConversation, .planMaintenance, .cancelMaintenance:
      nil
    }
  }
}
