import FleetModel
import Insight
import Wire

/// Agents of one role in a world, and their runtimes: what they lose follows their settings, with noise. They do as they
/// are told a little later, and report.
final class TunedCrowd {
  /// By what an agent loses.
  enum Objective: CaseIterable {
    /// A longer timeout is better.
    case follows
    /// It is, and from a moment on it is worse.
    case falls
    /// Settings make no difference.
    case flat
    /// Everything is lost with any other setting than the first.
    case hostile
    /// Another setting is better until more than half of the role runs with it; then everything is lost.
    case lures
  }

  private unowned let world: SimulatedWorld
  let objective: Objective
  let declared: [TunableParameter]
  let agents: [AgentID]
  private let budget: Double
  /// What agents run with.
  private var settings: [AgentID: [String: Double]] = [:]
  /// When the last of what an agent was told is done, so that it is done in order.
  private var busyUntil: [AgentID: Int64] = [:]
  private var paused: Set<AgentID> = []
  private var silentUntil: [AgentID: Int64] = [:]
  /// Agents that say nothing any more, or are of another role.
  private(set) var left: Set<AgentID> = []
  private var gone: Set<AgentID> = []
  private var hasTurned = false
  /// When each agent was in a state last in which nobody sets it.
  private var unfreeAt: [AgentID: Int64] = [:]
  /// Agents that a person has set: what they lose is not tuning's.
  var isByHand: (AgentID) -> Bool = { _ in false }
  /// Whether what is lost counts: while something fails nobody may be able to bring agents back.
  var isCounted: () -> Bool = { true }
  /// What it has cost beyond what agents at home lost, less what is forgotten, in minutes of the whole role.
  private var cost = 0.0
  private(set) var mostCost = 0.0

  /// How often agents report, in milliseconds: about as often as they are judged.
  private static let tells = 750
  private static let best = 35.0
  /// When the best timeout of ``Objective/falls`` changes, in nanoseconds.
  private static let fallsAt: Int64 = 90 * 1_000_000_000
  /// By this value of the metric everything is lost. It is far below what alarms anybody.
  static let worst = 0.02

  static let timeout = TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20)
  static let warmth = TunableParameter(name: "warmth", minimum: 0, maximum: 1, step: 0.1, value: 0.7)

  init(_ world: SimulatedWorld, objective: Objective, parameters: Int, agents count: Int, budget: Double) {
    (self.world, self.objective, self.budget) = (world, objective, budget)
    declared = Array([Self.timeout, Self.warmth].compactMap(\.self).prefix(parameters))
    agents = (0..<count).map { AgentID("agent-\($0)") }
  }

  func introduce() {
    for agent in agents { world.publish(event: "agent.created", of: agent, description(role: TuningLedger.role)) }
  }

  /// - Parameter narrows: whether it declares other bounds than the others of its role.
  private func description(role: String, narrows: Bool = false) -> JSONValue {
    var parameters = JSONObject()
    for parameter in declared {
      let most = narrows ? parameter.maximum - 2 * parameter.step : parameter.maximum
      parameters[parameter.name] = [
        "min": .number(parameter.minimum), "max": .number(most), "step": .number(parameter.step),
        "value": .number(parameter.value),
      ]
    }
    return ["role": .string(role), "parameters": .object(parameters)]
  }

  // MARK: What happens to agents

  func pauseReports(of agent: AgentID, milliseconds: Int) {
    world.tell("\(agent) falls silent for \(milliseconds) ms")
    silentUntil[agent] = world.now + Int64(milliseconds) * 1_000_000
  }

  /// An agent takes no part any more: it has another role, declares other bounds, or is deleted.
  func leave(_ agent: AgentID, by way: Int) {
    guard !left.contains(agent) else { return }
    // It says so until it is heard.
    guard world.isServerUp else {
      return world.schedule(inMilliseconds: 1000) { [self] in leave(agent, by: way) }
    }
    left.insert(agent)
    switch way {
    case 0: world.publish(event: "agent.updated", of: agent, description(role: "sales"))
    case 1: world.publish(event: "agent.updated", of: agent, description(role: TuningLedger.role, narrows: true))
    default:
      gone.insert(agent)
      world.publish(event: "agent.deleted", of: agent, [:])
    }
  }

  /// Agents of the role, as far as they say anything.
  var members: [AgentID] { agents.filter { !left.contains($0) } }
  /// Those that have left, and are there.
  var leavers: [AgentID] { agents.filter { left.contains($0) && !gone.contains($0) } }

  /// Agents that could not be set at a moment of the last milliseconds.
  func unfree(within milliseconds: Int64) -> Set<AgentID> {
    Set(agents.filter { agent in unfreeAt[agent].map { world.now - $0 < milliseconds * 1_000_000 } ?? false })
  }

  // MARK: Runtimes

  func take(_ message: ControlMessage) {
    let span = Int64(world.number(5...800)) * 1_000_000
    let due = max(busyUntil[message.agent] ?? 0, world.now + span)
    busyUntil[message.agent] = due
    world.schedule(at: due) { [self] in obey(message) }
  }

  private func obey(_ message: ControlMessage) {
    switch message.verb {
    case .action(.tune):
      guard let name = message.arguments["parameter"] else { return }
      settings[message.agent, default: [:]][name] = message.arguments["value"].flatMap { Double($0) }
    case .action(.pause): paused.insert(message.agent)
    case .action(.resume): paused.remove(message.agent)
    default: return
    }
    guard !gone.contains(message.agent) else { return }
    let state = paused.contains(message.agent) ? "paused" : "running"
    world.publish(
      event: "agent.status", of: message.agent,
      ["state": .string(state), "command_id": .string(message.commandID.text)])
  }

  func setting(_ agent: AgentID, _ parameter: TunableParameter) -> Double {
    settings[agent]?[parameter.name] ?? parameter.value
  }

  private func isHome(_ agent: AgentID) -> Bool {
    declared.allSatisfy { TuningStanding.isSame(setting(agent, $0), $0.value) }
  }

  // MARK: What is lost

  /// Lets agents work and report.
  func begin() {
    world.schedule(inMilliseconds: Self.tells) { [self] in
      live()
      begin()
    }
  }

  private func live() {
    for agent in agents where paused.contains(agent) || silentUntil[agent] ?? 0 > world.now || isByHand(agent) {
      unfreeAt[agent] = world.now
    }
    let working = members.filter { !paused.contains($0) && silentUntil[$0] ?? 0 <= world.now }
    let share = Double(working.count { !isHome($0) }) / Double(max(1, working.count))
    if share > 0.5 { hasTurned = true }
    if share == 0 { hasTurned = false }
    var losses: [AgentID: Double] = [:]
    for agent in working {
      let loss = min(max(loss(of: agent) + Double(world.number(-100...100)) / 3000, 0), 1)
      losses[agent] = loss
      world.publish(event: "agent.metrics", of: agent, ["error_rate": .number(loss * Self.worst)])
    }
    for agent in leavers where silentUntil[agent] ?? 0 <= world.now {
      world.publish(event: "agent.metrics", of: agent, ["error_rate": .number(0.1 * Self.worst)])
    }
    charge(losses)
  }

  private func loss(of agent: AgentID) -> Double {
    let isHome = isHome(agent)
    switch objective {
    case .follows, .falls:
      let isBad = objective == .falls && world.now > Self.fallsAt
      guard let timeout = Self.timeout else { return 0 }
      let off = (setting(agent, timeout) - (isBad ? timeout.minimum : Self.best)) / 15
      return 0.05 + 0.25 * off * off
    case .flat: return 0.2
    case .hostile: return isHome ? 0.05 : 1
    case .lures: return hasTurned ? (isHome ? 0 : 1) : isHome ? 0.25 : 0.05
    }
  }

  private func charge(_ losses: [AgentID: Double]) {
    let minutes = Double(Self.tells) / Double(TunedCrowd.span.milliseconds)
    cost = max(0, cost - budget / 1440 * minutes)
    guard isCounted() else { return }
    let counted = losses.filter { !isByHand($0.key) }
    let (stayed, away) = (counted.filter { isHome($0.key) }, counted.filter { !isHome($0.key) })
    let mean = stayed.isEmpty ? 0 : stayed.values.reduce(0, +) / Double(stayed.count)
    let extra = away.values.reduce(0) { $0 + $1 - mean } / Double(max(1, members.count))
    cost = max(0, cost + extra * minutes)
    mostCost = max(mostCost, cost)
  }

  /// What counts as a minute of the budget.
  static let span = TimeSpan.seconds(1)

  /// The role is taken up anew: what it costs is counted anew.
  func forgetCost() { cost = 0 }
}
