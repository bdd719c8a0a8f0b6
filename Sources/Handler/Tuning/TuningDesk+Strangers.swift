import FleetModel
import Insight

/// Agents that take no part any more, and what is said of a role of which nothing is tried.
extension TuningDesk {
  private struct Key: Hashable {
    let place: Int
    let value: Double
  }

  /// After so many spans they are told again.
  private static let repeatsAfter: Int64 = 10

  /// An agent that takes no part any more, and what a parameter of it is set to.
  struct WayBack {
    let agent: AgentID
    /// Of the parameter, among the role's.
    let place: Int
    let value: Double
  }

  /// The ways back of agents that run with what was tried, and have another role since, or other bounds: to what the role
  /// began with, or to their own value if they allow that no more.
  ///
  /// - Parameter members: those that take part.
  func waysBack(of role: TunedRole, besides members: [TuningRun.Member], _ fleet: any TunedFleet) -> [WayBack] {
    let parameters = role.tuning.parameters
    let found = fleet.tunedStrangers(
      to: role.role, parameters.map(\.parameter), besides: Set(members.map(\.agent)), isLeftAlone)
    return found.compactMap { stranger in
      guard parameters[stranger.place].knows(stranger.value) else { return nil }
      let (home, declared) = (parameters[stranger.place].home, stranger.declared)
      let wanted = (declared.minimum...declared.maximum).contains(home) ? home : declared.value
      guard !TunedParameter.isSame(stranger.value, wanted) else { return nil }
      return WayBack(agent: stranger.agent, place: stranger.place, value: wanted)
    }
  }

  /// Has agents go back, again and again until they are: the role stands for so long.
  func bringBack(_ role: inout TunedRole, by ways: [WayBack], _ step: inout TuningRun.Step, at now: Instant) {
    let parameters = role.tuning.parameters
    guard !ways.isEmpty || !role.toldBack.isEmpty else { return }
    var told: [AgentID: Instant] = [:]
    var agents: [Key: [AgentID]] = [:]
    for way in ways {
      let at = role.toldBack[way.agent]
      let isDue = at.map { now - $0 >= options.every * Self.repeatsAfter || $0 > now } ?? true
      told[way.agent] = isDue ? now : at
      if isDue { agents[Key(place: way.place, value: way.value), default: []].append(way.agent) }
    }
    role.toldBack = told
    guard !agents.isEmpty else { return }
    if step.orders.isEmpty { step.state?.steps += 1 }
    let sorted = agents.sorted { ($0.key.place, $0.key.value) < ($1.key.place, $1.key.value) }
    step.orders += sorted.map { key, agents in
      TuningRun.Order(
        parameter: parameters[key.place].parameter.name, value: key.value, agents: agents, isReturn: true,
        words: "takes no part any more in what is tried in \(role.role.text), and goes back")
    }
  }
}

extension TunedRole {
  /// Notes why nothing is tried, after a step.
  mutating func setWhy(_ state: RoleTuning?, _ sight: TuningRun.Sight) {
    why = nil
    guard let state, case .resting = state.phase else { return }
    let free = sight.members.count(where: \.isFree)
    why =
      sight.guardFault
      ?? (free < TuningDesk.fewest ? "only \(free) of \(sight.members.count) agents may be set at present" : nil)
  }
}
