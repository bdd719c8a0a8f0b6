import FleetModel
import Handler
import Wire

/// A role whose load is shared anew in a dry run first: what is only told, nobody follows. Once automation is on, changes
/// come as if nobody had been told anything.
package struct LoadDryRun {
  private let world: SimulatedWorld
  private let crowd: LoadCrowd

  private static let dry = 12
  private static let settle = TimeSpan.seconds(10)

  package init(seed: UInt64) throws {
    world = SimulatedWorld(seed: seed)
    crowd = LoadCrowd(world)
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = {
      ($0.load.mode, $0.load.settle) = (.auto, Self.settle)
      $0.insight.isOn = false
    }
    try world.addHandler("h1")
  }

  /// - Parameter seconds: for so long automation is on.
  /// - Returns: how many changes were told of in the dry run, and how many runtimes were given after it.
  package func run(seconds: Int) throws -> (told: Int, given: Int) {
    world.server.run(["SET".bytes, world.keys.automation, "dry".bytes])
    crowd.introduce()
    world.restart(0)
    crowd.begin()
    try live(until: Self.dry * 60)
    guard crowd.told.isEmpty else { throw Violation("a dry run has changed something") }
    let told = world.audit.count { $0.phase == .skipped && $0.rule == OwnRule.load.rawValue }
    let now = world.serverTime
    world.publish(
      Command(
        id: CommandID("on"), action: .automation, arguments: ["mode": "on"], operator: "ana@ops", issuedAt: now,
        expiresAt: now + .minutes(5)))
    try live(until: Self.dry * 60 + seconds)
    return (told, crowd.told.count)
  }

  private func live(until second: Int) throws {
    let end = Int64(second) * 1_000_000_000
    while world.now < end {
      let next = min(world.now + 500_000_000, end)
      while world.step(until: next) {}
      world.move(to: next)
      try crowd.hear()
    }
  }
}
