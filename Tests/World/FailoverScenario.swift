import FleetModel
import Handler
import Wire

/// One world whose server has a replica and dies now and then: operators send again what they have sent, as consoles do, and
/// in the end every command has its outcome, and nothing outside was done twice.
package struct FailoverScenario {
  package let world: SimulatedWorld
  private let operators: Operators
  private let replica: Replica
  private let agents = ["Ada", "Ben", "Cleo", "Dora", "Emil", "Fay"].map { AgentID($0) }
  /// The fences by which a handler has acted, in order.
  private var fences: [Int64] = []
  private var wasActive: [Bool]
  /// How often the server was replaced.
  package private(set) var failovers = 0
  private let lag: Int

  private static let mostInputs = 400_000
  private static let longestRest: Int64 = 240_000

  /// - Parameter durability: what handlers are told; `local` lets losses happen.
  package init(seed: UInt64, durability: Durability.Setting = .automatic) throws {
    let world = SimulatedWorld(seed: seed)
    self.world = world
    operators = Operators(world, agents: agents)
    world.runtimes = SimulatedRuntimes(world, agents: agents)
    world.service = OutsideService(world)
    let configure = try WorldOptions.make()
    world.configure = {
      configure(&$0)
      $0.durability = durability
    }
    for number in 1...world.number(2...3) { try world.addHandler("h\(number)") }
    wasActive = world.nodes.map { _ in false }
    lag = world.pick([0, 0, 20, 60])
    replica = Replica(world)
  }

  /// Runs it to its end.
  ///
  /// - Returns: how many inputs it had.
  @discardableResult
  package mutating func run() throws -> Int {
    for place in world.nodes.indices { world.restart(place) }
    let span = world.number(12_000...30_000)
    for _ in 0..<world.number(5...25) {
      world.schedule(inMilliseconds: world.number(0...span)) { [operators] in operators.act() }
    }
    let end = world.now + Int64(span) * 1_000_000
    var nextFailover = world.now + Int64(world.number(3000...8000)) * 1_000_000
    while world.now < end, world.step(until: end) {
      if world.now >= nextFailover {
        failOver()
        nextFailover = world.now + Int64(world.number(4000...9000)) * 1_000_000
      }
      perhapsFail()
      try check()
    }
    try rest()
    try judge()
    return world.inputs
  }

  private mutating func failOver() {
    failovers += 1
    world.failOver(to: replica)
  }

  /// Handlers die, and the replica falls behind.
  private func perhapsFail() {
    guard lag > 0, world.number(1...2000) <= lag else { return }
    if world.chance(70) { return replica.stall(milliseconds: world.number(100...3000)) }
    let place = world.number(0...world.nodes.count - 1)
    guard world.nodes[place].service != nil else { return }
    world.kill(place, losesRequests: world.chance(50))
    world.schedule(inMilliseconds: world.number(1...3000)) { [world] in world.restart(place) }
  }

  // MARK: What must hold

  private mutating func check() throws {
    guard world.inputs < Self.mostInputs else { throw Violation("it does not come to rest") }
    if let script = world.server.model.unknownScripts.first { throw Violation("no twin of the script \(script)") }
    for place in world.nodes.indices {
      let isActive = world.isActive(place)
      defer { wasActive[place] = isActive }
      guard isActive, !wasActive[place], let fence = storedFence else { continue }
      world.tell("\(world.nodes[place].id) acts by \(fence)")
      if let last = fences.last, fence <= last { throw Violation("the fence \(fence) comes after \(last)") }
      fences.append(fence)
    }
    for key in world.service.unrepeatable where world.service.carried[key] ?? 0 > 1 {
      throw Violation("done twice outside: \(key)")
    }
  }

  private var storedFence: Int64? {
    guard case .string(let bytes) = world.server.model[world.keys.fence] else { return nil }
    return bytes.wholeNumber
  }

  /// Lets all come to its end on the last server; whoever sent a command sends it again until it is seen to be closed.
  private mutating func rest() throws {
    world.tell("rest")
    world.service.isReliable = true
    let end = world.now + Self.longestRest * 1_000_000
    while world.now < end, !open.isEmpty {
      for sent in open where world.serverTime < sent.command.expiresAt { world.publish(sent.command, to: sent.stream) }
      let next = min(end, world.now + 5_000_000_000)
      while world.step(until: next) { try check() }
      world.move(to: next)
    }
    try check()
  }

  /// Commands of which the audit tells no end.
  private var open: [Operators.Sent] {
    let closed = Set(
      world.audit.compactMap { line -> String? in
        guard case .command(let id) = line.origin, line.target == .none, line.phase != .received else { return nil }
        return id.text
      })
    return operators.sent.filter { !closed.contains($0.command.id.text) }
  }

  private func judge() throws {
    // What had expired before it was heard of again is nobody's loss: its sender knows.
    let lost = open.filter { world.serverTime < $0.command.expiresAt }
    guard lost.isEmpty else { throw Violation("lost: \(lost.map(\.command.id.text))") }
  }
}
