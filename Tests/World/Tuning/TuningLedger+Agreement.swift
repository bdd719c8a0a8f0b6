import FleetModel
import Insight

/// Whether agents run with what stands.
extension TuningLedger {
  /// What an agent is set to, or what it runs with by itself.
  func value(_ agent: AgentID, _ parameter: TunableParameter) -> Double {
    tunings[agent]?[parameter.name]?.number ?? parameter.value
  }

  /// Whether a person has set one of the parameters.
  func isByHand(_ agent: AgentID) -> Bool { tunings[agent]?.values.contains { $0.isByHand } ?? false }

  /// Who runs with something that does not follow from what stands, in words; nil if nobody does.
  ///
  /// - Parameters:
  ///   - agents: of the role.
  ///   - others: those of them that may not be set, or could not be set a moment ago.
  func disagreement(of agents: [AgentID], except others: Set<AgentID> = []) -> String? {
    let agents = agents.filter { !others.contains($0) && !isByHand($0) && !left.contains($0) }
    for agent in agents {
      for parameter in declared {
        let value = value(agent, parameter)
        guard !mayRun(agent, with: value, parameter) else { continue }
        return "\(agent) runs with \(parameter.name) \(value.plain), and \(standing?.words ?? "nothing stands")"
      }
    }
    return pairFault(Set(agents))
  }

  private func mayRun(_ agent: AgentID, with value: Double, _ parameter: TunableParameter) -> Bool {
    guard let standing, let place = standing.parameters.firstIndex(where: { $0.name == parameter.name }) else {
      return TuningStanding.isSame(value, parameter.value)
    }
    if standing.allows(value, place) { return true }
    guard let trial = standing.trial, trial.place == place, TuningStanding.isSame(trial.value, value) else {
      return false
    }
    // What a person has approved is set before it is known here.
    return [.asking, .trying, .asksAdoption].contains(standing.phase) && trial.agents.contains(agent)
  }

  /// Of a pair one agent tries the other setting, and one is held back.
  private func pairFault(_ agents: Set<AgentID>) -> String? {
    guard let standing else { return nil }
    if standing.phase == .trying, let trial = standing.trial {
      let parameter = declared.first { $0.name == standing.parameters[trial.place].name }
      for pair in trial.pairs where pair.allSatisfy(agents.contains) {
        let count = pair.count { agent in
          parameter.map { TuningStanding.isSame(value(agent, $0), trial.value) } ?? false
        }
        if count != 1 { return "\(count) of \(pair) run with what is tried: \(standing.words)" }
      }
    }
    for pair in standing.held where pair.allSatisfy(agents.contains) && !pair.contains(where: isHome) {
      return "nobody of \(pair) is held back: \(standing.words)"
    }
    return nil
  }

  private func isHome(_ agent: AgentID) -> Bool {
    declared.allSatisfy { parameter in
      let home = standing?.parameters.first { $0.name == parameter.name }?.home ?? parameter.value
      return TuningStanding.isSame(value(agent, parameter), home)
    }
  }

  /// Agents that have left and run yet with what an order of the role has set. What a person has approved names no role
  /// that could bring it back.
  ///
  /// - Parameter agents: those that are there.
  func strays(of agents: [AgentID]) -> [AgentID] {
    agents.filter { agent in
      left.contains(agent) && !isByHand(agent)
        && declared.contains { parameter in
          tunings[agent]?[parameter.name]?.by == Self.author
            && !TuningStanding.isSame(value(agent, parameter), parameter.value)
        }
    }
  }
}
