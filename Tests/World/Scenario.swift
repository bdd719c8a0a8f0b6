import FleetModel
import Handler
import Wire

/// One world from its beginning to its end: handlers, operators, publishers and trouble for a while, then rest, then
/// judgement.
package struct Scenario {
  package let world: SimulatedWorld
  private var ledger = Ledger()
  private let operators: Operators
  private let publishers: Publishers
  private let agents = ["Ada", "Ben", "Cleo", "Dora", "Emil", "Fay"].map { AgentID($0) }
  private let trouble: Trouble
  private var writes = 0

  /// More inputs than any seed needs: what goes on and on is at fault.
  private static let mostInputs = 400_000
  /// Milliseconds by which all has come to its end, after the last trouble.
  private static let longestRest: Int64 = 240_000

  /// - Parameter isCalm: whether nothing fails.
  package init(seed: UInt64, isCalm: Bool = false) throws {
    world = SimulatedWorld(seed: seed)
    operators = Operators(world, agents: agents)
    publishers = Publishers(world, agents: agents)
    trouble = Trouble(world, isCalm: isCalm)
    world.runtimes = SimulatedRuntimes(world, agents: agents)
    world.service = OutsideService(world)
    world.configure = try WorldOptions.make()
    for number in 1...world.number(1...3) { try world.addHandler("h\(number)") }
  }

  /// Runs it to its end.
  ///
  /// - Returns: how many inputs it had.
  @discardableResult
  package mutating func run() throws -> Int {
    publishers.introduce()
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    for place in world.nodes.indices { world.restart(place) }
    let span = world.number(5_000...30_000)
    plan(span)
    let end = world.now + Int64(span) * 1_000_000
    while world.now < end, world.step(until: end) {
      try world.perhapsFail(trouble)
      try check()
    }
    try rest()
    try Judgement(world: world, ledger: ledger, sent: operators.sent, recordable: publishers.recordable, agents: agents)
      .judge()
    return world.inputs
  }

  private func plan(_ span: Int) {
    let hasRules = world.chance(60)
    for _ in 0..<world.number(3...25) {
      world.schedule(inMilliseconds: world.number(0...span)) { [operators] in operators.act() }
    }
    for second in 0..<(span / 4000) {
      world.schedule(inMilliseconds: second * 4000) { [publishers] in publishers.report() }
    }
    guard hasRules else { return }
    for _ in 0..<world.number(1...12) {
      world.schedule(inMilliseconds: world.number(0...span)) { [publishers] in publishers.alarm() }
    }
  }

  private mutating func check() throws {
    guard world.inputs < Self.mostInputs else { throw Violation("it does not come to rest") }
    if let script = world.server.model.unknownScripts.first { throw Violation("no twin of the script \(script)") }
    guard writes != world.writes else { return }
    writes = world.writes
    if try ledger.read(world) { try checkGuards() }
  }

  /// Rules pause no more agents at once than the runbook lets them: one of those that have been known for long, and one of
  /// the newcomers, which count apart.
  private func checkGuards() throws {
    let now = world.serverTime
    let paused = agents.filter { agent in
      let record = world.record(agent)
      return record.state == .paused && record.pausedBy?.hasPrefix("rule/") == true && record.pausedUntil ?? now > now
    }
    guard paused.count <= 2 else { throw Violation("rules have paused \(paused)") }
  }

  /// Lets all that was begun come to its end, without further trouble.
  private mutating func rest() throws {
    world.tell("rest")
    world.service.isReliable = true
    let end = world.now + Self.longestRest * 1_000_000
    while world.now < end, !isThrough {
      let next = min(end, world.now + 1_000_000_000)
      while world.step(until: next) { try check() }
      world.move(to: next)
    }
    try check()
  }

  /// Whether nothing is left to be done.
  private var isThrough: Bool {
    let putAside = world.putAside
    return operators.sent.allSatisfy {
      ledger.commands[$0.command.id.text]?.closing != nil || putAside.contains($0.entry)
    }
      && world.scheduled.isEmpty
      && world.unacknowledged.isEmpty && world.untold == 0 && world.blocked.isEmpty && world.now > 45_000_000_000
      && world.isFollowed
      && agents.allSatisfy { world.record($0).state != .restarting }
  }
}
