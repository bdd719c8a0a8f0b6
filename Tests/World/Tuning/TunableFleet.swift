import FleetModel
import Insight

/// Agents of one role whose losses depend on a setting, minute by minute, and a handler's machine that tunes it: commands
/// take effect late, and minutes are told late, as in the field. What is lost is counted by the agents' own minutes.
package struct TunableFleet {
  /// What an agent loses in a minute, 0…1.
  package protocol Objective {
    /// - Parameters:
    ///   - settings: what each agent runs with.
    ///   - home: what all ran with at first.
    mutating func losses(of settings: [Double], home: Double, minute: Int) -> [Double]
  }

  package struct Outcome: Equatable {
    /// Of all agents and minutes.
    package var loss = 0.0
    /// Adoptions, ways back, trials that were begun, and settings that were made.
    package var adopted = 0
    package var returned = 0
    package var tried = 0
    package var moves = 0
    /// The most that it has cost from any minute on beyond what agents at home lost in the same minutes, less what is
    /// forgotten meanwhile: in role-minutes.
    package var worstCost = 0.0
    /// What all run with at the end.
    package var base = 0.0

    package init() {}
  }

  package static let parameter = TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20)

  package var settings = TuningSettings()
  package var mode = Autonomy.auto
  /// How many minutes pass until a command takes effect, and until a closed minute is told.
  package var commandDelay = 1
  package var tellDelay = 1

  /// The chance that an agent cannot be set from a minute on, for a quarter of an hour. It is paused, and loses nothing.
  package var unrest = 0.0
  /// Whether it works on instead, and tells what it loses. What it loses meanwhile is beyond the bound, as nobody can bring
  /// it back.
  package var worksOn = false

  private let agents: [AgentID]
  private let seed: UInt64
  private let home: Double

  package init(agents count: Int, seed: UInt64, home: Double = 20) {
    agents = (0..<count).map { AgentID("agent-\($0)") }
    (self.seed, self.home) = (seed, home)
  }

  /// Lets so many minutes pass.
  package func run(_ objective: some Objective, minutes: Int) -> Outcome {
    var (objective, outcome) = (objective, Outcome())
    guard let parameter = Self.parameter else { return outcome }
    let places = Dictionary(uniqueKeysWithValues: agents.enumerated().map { ($1, $0) })
    var recorded = agents.map { _ in home }
    var effective: [[Double]] = []
    var told: [[Double?]] = []
    var state: RoleTuning?
    var cost = 0.0
    var random = SeededRandom(seed: seed ^ 0x5041_5553)
    var pausedUntil = agents.map { _ in 0 }
    for minute in 0..<minutes {
      // What was recorded so many minutes ago is in force.
      effective.append(recorded)
      let inForce = effective[max(0, minute - commandDelay)]
      let losses = objective.losses(of: inForce, home: home, minute: minute)
      outcome.loss += losses.reduce(0, +)
      let isPaused = pausedUntil.map { $0 > minute }
      cost = max(0, cost + Self.cost(losses, inForce, home, isPaused) - settings.budget / 1440)
      outcome.worstCost = max(outcome.worstCost, cost)
      told.append(zip(losses, isPaused).map { $1 && !worksOn ? nil : $0 })
      for place in agents.indices where unrest > 0 && !isPaused[place] {
        if Double(random.next() >> 11) * 0x1p-53 < unrest { pausedUntil[place] = minute + 15 }
      }
      guard minute >= tellDelay else { continue }
      let members = agents.indices.map { place in
        TuningRun.Member(
          agent: agents[place], settings: [recorded[place]], isFree: pausedUntil[place] <= minute,
          minute: told[minute - tellDelay][place].map { .loss($0) } ?? .idle)
      }
      let at = Instant(milliseconds: Int64(minute - tellDelay + 1) * 60_000)
      guard mode != .off else { continue }
      guard let present = state else {
        state = RoleTuning([parameter], seed: seed, members: members, at: at)
        continue
      }
      var sight = TuningRun.Sight(at, members: members, mode: mode)
      if mode == .propose { sight.answer = .approved }
      let step = TuningRun.step(present, sight, settings)
      state = step.state
      outcome.count(step)
      for order in step.orders {
        for agent in order.agents { if let place = places[agent] { recorded[place] = order.value } }
      }
    }
    outcome.base = state?.parameters[0].base ?? home
    return outcome
  }

  /// What a role loses whose agents all keep a setting.
  package static func fixed(_ setting: Double, agents: Int, seed: UInt64, minutes: Int) -> Double {
    var fleet = TunableFleet(agents: agents, seed: seed, home: setting)
    fleet.mode = .off
    return fleet.run(ShiftingObjective(agents: agents, seed: seed), minutes: minutes).loss
  }

  /// The setting at which it loses least, as is known afterwards.
  package static func bestFixed(agents: Int, seed: UInt64, minutes: Int) -> (setting: Double, loss: Double) {
    var best = (setting: 0.0, loss: Double.infinity)
    for setting in stride(from: 5.0, through: 60, by: 5) {
      let loss = fixed(setting, agents: agents, seed: seed, minutes: minutes)
      if loss < best.loss { best = (setting, loss) }
    }
    return best
  }

  /// What a minute cost those away from home, that may be set, beyond the mean of those at home.
  private static func cost(_ losses: [Double], _ settings: [Double], _ home: Double, _ isPaused: [Bool]) -> Double {
    let places = settings.indices.filter { !isPaused[$0] }
    let (away, stayed) = (places.filter { settings[$0] != home }, places.filter { settings[$0] == home })
    guard !away.isEmpty else { return 0 }
    let mean = stayed.isEmpty ? 0 : stayed.reduce(0) { $0 + losses[$1] } / Double(stayed.count)
    return away.reduce(0) { $0 + losses[$1] - mean } / Double(settings.count)
  }
}

extension TunableFleet.Outcome {
  fileprivate mutating func count(_ step: TuningRun.Step) {
    moves += step.orders.reduce(0) { $0 + $1.agents.count }
    switch step.phase {
    case .started: tried += 1
    case .succeeded: adopted += 1
    case .failed where step.words.hasPrefix("goes back"): returned += 1
    default: break
    }
  }
}
