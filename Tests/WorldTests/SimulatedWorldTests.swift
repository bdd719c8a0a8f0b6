import FleetModel
import Testing

@testable import World

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

  private func send(_ action: Action, _ arguments: [String: String], in world: SimulatedWorld) {
    let now = world.serverTime
    world.publish(
      Command(
        id: CommandID("c1"), action: action, targets: [AgentID("Ada")], arguments: arguments, operator: "alice@x",
        issuedAt: now, expiresAt: now + .minutes(1)))
  }

  private func fence(_ world: SimulatedWorld) -> String? {
    guard case .string(let bytes) = world.server.model[world.keys.fence] else { return nil }
    return bytes.text
  }

  @Test func nobodyTakesALeaseThatWasGivenBackForWantOfARight() throws {
    let world = SimulatedWorld(seed: 3)
    for place in 0...2 {
      try world.addHandler("h\(place)")
      try world.startHandler(place)
    }
    world.pass(milliseconds: 3000)
    #expect((0...2).count { world.isActive($0) } == 1)
    world.server.model.denials = [Denial("HSET")]
    send(.pause, ["for": "10s"], in: world)
    world.pass(milliseconds: 8000)
    #expect(!(0...2).contains { world.isActive($0) })
    #expect(fence(world) == "1")
    world.server.model.denials = []
    world.pass(milliseconds: 3000)
    #expect(world.record(AgentID("Ada")).state == .paused)
    #expect(fence(world) == "2")
  }

  @Test func aLeaseThatComesAndGoesPutsNoCommandAside() throws {
    let world = SimulatedWorld(seed: 1)
    world.service = OutsideService(world)
    world.configure = try WorldOptions.make()
    try world.addHandler("h1")
    try world.startHandler(0)
    world.pass(milliseconds: 3000)
    world.service.isSilent = true
    send(.tune, ["parameter": "heat", "value": "3"], in: world)
    for _ in 1...8 {
      world.pass(milliseconds: 1000)
      for cable in world.openCables { cable.cut(.afterServer) }
    }
    (world.service.isSilent, world.service.isReliable) = (false, true)
    world.pass(milliseconds: 20_000)
    #expect(world.putAside.isEmpty)
    #expect(world.audit.last { $0.origin == .command(CommandID("c1")) }?.phase == .succeeded)
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
