import FleetModel
import Handler
import Wire

/// A fleet of which agents leak: the queue of each grows until a restart, and from its level on the agent is unhealthy. Of
/// some the growth ends by itself, and nothing would have happened. What of that maintenance avoids is measured by the
/// agents' own minutes, not by what the handler thinks.
///
/// Each agent has an idle backup. If an agent has been unhealthy for `reaction`, a person restarts it, with maintenance and
/// without.
package struct LeakingFleet {
  package struct Outcome: Equatable {
    /// Minutes in which an agent was at or above its level, summed over all agents.
    package var unhealthyMinutes = 0.0
    /// Restarts by windows, and by people.
    package var windows = 0
    package var byPeople = 0
    /// Of the restarts by windows those of agents whose growth would have ended by itself.
    package var needless = 0

    package init() {}
  }

  package static let reaction = TimeSpan.minutes(15)
  package static let minutes = 180
  package static let pairs = 6
  static let level = 100.0

  package let world: SimulatedWorld
  private let runtimes: LeakingRuntimes

  package init(seed: UInt64, mode: Autonomy) throws {
    world = SimulatedWorld(seed: seed)
    var random = SeededRandom(seed: seed ^ 0x4C45_414B)
    runtimes = LeakingRuntimes(world, (0..<Self.pairs).map { LeakingRuntimes.Leak($0, &random) })
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = { $0.maintenance.mode = mode }
    try world.addHandler("h1")
  }

  package func run() throws -> Outcome {
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    runtimes.introduce()
    world.restart(0)
    for second in stride(from: 2, to: Self.minutes * 60, by: 20) {
      world.schedule(inMilliseconds: second * 1000) { [runtimes] in runtimes.report() }
    }
    var last = StreamID.zero
    for second in 1...Self.minutes * 60 {
      world.pass(milliseconds: Int64(second) * 1000 - world.now / 1_000_000)
      for (id, payload) in world.entries(world.keys.control, after: last) {
        last = id
        if let message = ControlCoding.decode(payload) { runtimes.take(message) }
      }
    }
    return runtimes.outcome
  }
}

/// The runtimes of such a fleet: a class, since the world's agenda holds it.
final class LeakingRuntimes {
  /// One agent's queue over time.
  struct Leak {
    let agent: AgentID
    let backup: AgentID
    /// When it begins, by how much it grows a minute, and where that ends by itself.
    let begins: Double
    let slope: Double
    let ends: Double
    /// When it was mended.
    var mendedAt: Double?
    var isUp = true

    private static let usual = 20.0

    init(_ number: Int, _ random: inout SeededRandom) {
      (agent, backup) = (AgentID("worker-\(number)"), AgentID("spare-\(number)"))
      begins = Double.random(in: 20...60, using: &random)
      slope = Double.random(in: 0.8...1.6, using: &random)
      // Every third has grown for an hour at most, and stays below its level.
      ends = number % 3 == 2 ? Double.random(in: 50...85, using: &random) : 220
    }

    var isHarmless: Bool { ends < LeakingFleet.level }

    func queue(at minute: Double) -> Double {
      guard mendedAt == nil, minute > begins else { return Self.usual }
      let grown = Self.usual + (minute - begins) * slope
      guard isHarmless, grown > ends else { return min(grown, ends) }
      // It falls as fast as it grew.
      return max(Self.usual, ends - (grown - ends))
    }
  }

  private unowned let world: SimulatedWorld
  private var leaks: [Leak]
  private var unhealthySince: [AgentID: Double] = [:]
  private(set) var outcome = LeakingFleet.Outcome()

  init(_ world: SimulatedWorld, _ leaks: [Leak]) { (self.world, self.leaks) = (world, leaks) }

  private var minute: Double { Double(world.now / 1_000_000) / 60_000 }

  func introduce() {
    for leak in leaks {
      world.publish(event: "agent.created", of: leak.agent, ["role": "worker"])
      world.publish(
        event: "agent.created", of: leak.backup, ["role": "worker", "backup_for": .string(leak.agent.bytes)])
    }
  }

  /// Every 20 seconds: all say how they are, and what they are counts.
  func report() {
    for place in leaks.indices {
      let leak = leaks[place]
      say(leak.backup, 20)
      guard leak.isUp else { continue }
      let queue = leak.queue(at: minute)
      say(leak.agent, queue)
      judge(place, queue)
    }
  }

  private func say(_ agent: AgentID, _ queue: Double) {
    let noise = Double(world.number(-15...15)) / 10
    world.publish(
      event: "agent.metrics", of: agent, ["queue_size": .number(max(0, queue + noise)), "error_rate": .number(0.01)])
  }

  private func judge(_ place: Int, _ queue: Double) {
    let agent = leaks[place].agent
    guard queue >= LeakingFleet.level else {
      unhealthySince[agent] = nil
      return
    }
    outcome.unhealthyMinutes += 1.0 / 3
    let since = unhealthySince[agent] ?? minute
    unhealthySince[agent] = since
    guard minute - since >= Double(LeakingFleet.reaction.seconds) / 60 else { return }
    leaks[place].mendedAt = minute
    outcome.byPeople += 1
  }

  /// A runtime does as it is told, after a while, and says so.
  func take(_ message: ControlMessage) {
    guard let action = message.action, let place = leaks.firstIndex(where: { $0.agent == message.agent }) else {
      return
    }
    switch action {
    case .drain: answer(message, "draining", in: world.number(10_000...90_000))
    case .restart:
      leaks[place].isUp = false
      outcome.windows += 1
      if leaks[place].isHarmless { outcome.needless += 1 }
      world.schedule(inMilliseconds: 5000) { [self] in
        (leaks[place].isUp, leaks[place].mendedAt) = (true, minute)
        answer(message, "running", in: 10)
      }
    default: answer(message, "running", in: world.number(100...1500))
    }
  }

  private func answer(_ message: ControlMessage, _ state: String, in span: Int) {
    world.schedule(inMilliseconds: span) { [world] in
      world.publish(
        event: "agent.status", of: message.agent,
        ["state": .string(state), "command_id": .string(message.commandID.text)])
    }
  }
}
