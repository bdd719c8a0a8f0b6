import FleetModel

/// What tuning costs a role, minute by minute, and what it can cost yet.
///
/// ```text
///   cost of a minute   = sum of (own loss - mean loss of those at home) over agents away from home / agents of the role
///   spent              = what it was + cost - what is forgotten a minute, at least 0
///   set aside          = lag * agents away / agents of the role          no loss is more than 1
///   all go home before   spent + set aside > budget
/// ```
/// So over any stretch of minutes what is lost away from home, beyond what those at home lose in the same minutes, is no
/// more than the budget and what is forgotten meanwhile, whatever the losses are: also if they are chosen by somebody who
/// knows which agent runs with what. Of minutes that nobody saw the worst is taken. An agent that works on and that nobody
/// may set cannot be brought back: what it loses beyond the bound meanwhile is charged, but not known before.
struct TuningBudget {
  /// Which agents are away.
  enum Away {
    case these(Set<AgentID>)
    case allBut(Set<AgentID>)

    func contains(_ agent: AgentID) -> Bool {
      switch self {
      case .these(let agents): agents.contains(agent)
      case .allBut(let agents): !agents.contains(agent)
      }
    }

    /// The part of the role.
    func share(of members: [TuningRun.Member]) -> Double {
      if case .these(let agents) = self, agents.isEmpty { return 0 }
      return members.isEmpty ? 1 : Double(members.count { contains($0.agent) }) / Double(members.count)
    }
  }

  private let settings: TuningSettings
  private let members: [TuningRun.Member]
  private let state: RoleTuning

  init(_ settings: TuningSettings, _ members: [TuningRun.Member], _ state: RoleTuning) {
    (self.settings, self.members, self.state) = (settings, members, state)
  }

  /// What a minute has cost, in role-minutes. If nobody at home has told of a loss, they count as losing nothing. An agent
  /// that should be home and is not counts as away; one that somebody else has set counts as neither.
  func cost(_ away: Away) -> Double {
    let homes = state.parameters.map(\.home)
    var (sum, count, homeSum, homeCount) = (0.0, 0.0, 0.0, 0.0)
    for member in members {
      guard let loss = member.loss, state.isKnown(member) else { continue }
      if away.contains(member.agent) || !TuningRun.runs(member, with: homes) {
        (sum, count) = (sum + loss, count + 1)
      } else {
        (homeSum, homeCount) = (homeSum + loss, homeCount + 1)
      }
    }
    return (sum - count * (homeCount > 0 ? homeSum / homeCount : 0)) / Double(max(1, members.count))
  }

  /// What is spent after a minute, and minutes that nobody saw. Those take it to the budget at the most: nothing more
  /// could be done about it than to go home.
  func spent(_ before: Double, _ away: Away, missed: Int) -> Double {
    let forgotten = settings.budget / 1440
    let unseen = before + (away.share(of: members) - forgotten) * Double(missed)
    return max(0, max(0, min(unseen, max(before, settings.budget))) + cost(away) - forgotten)
  }

  /// Whether the worst that can come fits.
  func allows(_ spent: Double, _ away: Away) -> Bool {
    spent + Double(settings.lag) * away.share(of: members) <= settings.budget
  }
}

extension RoleTuning {
  /// Who is away from home, or may be yet.
  func away(_ settings: TuningSettings) -> TuningBudget.Away {
    let strays = strays.map(\.agent)
    if let held { return .allBut(Set(control(held, settings)).subtracting(strays)) }
    return .these(Set(triedOrBack(settings) + strays))
  }

  private func triedOrBack(_ settings: TuningSettings) -> [AgentID] {
    switch phase {
    // The settings tell: what is approved is set before it is known here.
    case .resting, .asking, .widening, .returning: return []
    case .closing(let trial, _): return trial.crossover.agents + trial.left
    case .asksAdoption(let trial):
      return trial.crossover.minute < settings.lag ? trial.crossover.agents + trial.left : []
    case .trying(let trial):
      let crossover = trial.crossover
      let isNew = crossover.round == 0 && crossover.minute < settings.half
      let isSettling = crossover.minute % settings.half < settings.lag
      return (isSettling && !isNew ? crossover.agents : others(crossover, settings)) + trial.left
    }
  }
}
