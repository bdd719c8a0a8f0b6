import FleetModel
import Testing
import World

@Suite struct SimulatedWorldTests {
  /// The lines of a world in which one handler pauses one agent.
  private func pause(seed: UInt64) throws -> (world: SimulatedWorld, lines: [String]) {
    let world = SimulatedWorld(seed: seed)
    var lines: [String] = []
    world.trace = { lines.append($0) }
    try world.addHandler("h1")
    try world.startHandler(0)
    world.pass(milliseconds: 3000)
    let now = world.serverTime
    world.publish(
      Command(
        id: CommandID("c1"), action: .pause, targets: [AgentID("Ada")], arguments: ["for": "10s"], operator: "alice@x",
        issuedAt: now, expiresAt: now + .minutes(1)))
    world.pass(milliseconds: 3000)
    world.trace = nil
    return (world, lines)
  }

  @Test func oneHandlerTakesTheLeaseAndPausesAnAgent() throws {
    let (world, lines) = try pause(seed: 1)
    #expect(world.isActive(0), "\(lines.joined(separator: "\n"))")
    let own = world.audit.filter { $0.origin == .command(CommandID("c1")) }
    #expect(own.map(\.phase) == [.received, .succeeded, .succeeded])
    #expect(world.record(AgentID("Ada")).state == .paused)
    #expect(world.control.map(\.agent) == [AgentID("Ada")])
    world.pass(milliseconds: 15_000)
    #expect(world.record(AgentID("Ada")).state == .running)
  }
}
