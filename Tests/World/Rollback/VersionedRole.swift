import FleetModel
import Redis
import Wire

/// Agents of one role in a world that run two versions, and sometimes a third one: how often each fails follows its
/// version, message by message. What deploys versions is a service, or the runtimes do it as they are told.
final class VersionedRole {
  /// What the newer version is in truth.
  package enum Truth: CaseIterable { case worse, same, better }

  static let name = "sales"
  static let older = "1.4.1"
  static let newer = "1.4.2"
  /// As good as the better of both. People deploy it.
  static let newest = "1.4.3"

  private unowned let world: SimulatedWorld
  let truth: Truth
  let agents: [AgentID]
  /// What each runs.
  private(set) var versions: [AgentID: String] = [:]
  /// Those that take what they are told and do nothing.
  private var stubborn: Set<AgentID> = []
  private let rate: Double
  private let factor: Double

  private static let minute = 60_000

  init(_ world: SimulatedWorld, truth: Truth, isCalm: Bool) {
    (self.world, self.truth) = (world, truth)
    agents = (0..<world.number(6...10)).map { AgentID("sales-\($0)") }
    rate = world.pick([0.03, 0.08])
    factor = Double(world.pick([3, 5]))
    let count = world.number(2...agents.count - 3)
    for (place, agent) in agents.enumerated() {
      versions[agent] = place < count ? Self.newer : Self.older
      if !isCalm, world.chance(8) { stubborn.insert(agent) }
    }
  }

  /// The version that is worse than others; nil if none is.
  var bad: String? {
    switch truth {
    case .worse: Self.newer
    case .same: nil
    case .better: Self.older
    }
  }

  /// Two agents of each version at least are needed to judge it.
  var isComparable: Bool {
    guard let bad else { return false }
    let counts = Dictionary(grouping: versions.values) { $0 }.mapValues(\.count)
    return counts[bad] ?? 0 > 1 && counts.contains { $0.key != bad && $0.value > 1 }
  }

  func runs(_ version: String) -> [AgentID] { agents.filter { versions[$0] == version } }

  /// Whether nobody runs a version but agents that do not do as they are told.
  func isLeft(_ version: String) -> Bool { runs(version).allSatisfy(stubborn.contains) }

  // MARK: Reports

  /// Has each agent report once a minute, at a moment of its own.
  func begin() {
    for agent in agents {
      world.schedule(inMilliseconds: world.number(0...Self.minute - 1)) { [self] in report(agent) }
    }
  }

  private func report(_ agent: AgentID) {
    world.schedule(inMilliseconds: Self.minute) { [self] in report(agent) }
    let version = versions[agent] ?? Self.older
    let messages = world.number(150...250)
    let perMillion = Int(rate * (version == bad ? factor : 1) * 1_000_000)
    let failures = (0..<messages).count { _ in world.number(0...999_999) < perMillion }
    world.publish(
      event: "agent.metrics", of: agent,
      [
        "role": .string(Self.name), "version": .string(version),
        "error_rate": .number(Double(failures) / Double(messages)), "messages_per_minute": .integer(Int64(messages)),
      ])
  }

  // MARK: Deployments

  /// People, or what deploys versions, bring an agent to a version.
  func deploy(_ version: String, to agent: AgentID) {
    world.tell("\(agent) runs \(version)")
    versions[agent] = version
  }

  /// A service is done with it after a while.
  func carry(_ version: String, to agent: AgentID) {
    guard !stubborn.contains(agent) else { return }
    world.schedule(inMilliseconds: world.number(500...40_000)) { [self] in deploy(version, to: agent) }
  }

  /// A runtime does it itself, and says so.
  func take(_ message: ControlMessage) {
    guard message.action == .rollback, let version = message.arguments["version"], !stubborn.contains(message.agent)
    else { return }
    world.schedule(inMilliseconds: world.number(500...40_000)) { [self] in
      deploy(version, to: message.agent)
      world.publish(
        event: "agent.status", of: message.agent,
        ["state": "running", "command_id": .string(message.commandID.text), "version": .string(version)])
    }
  }
}
