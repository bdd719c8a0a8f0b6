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
/// knows which agent runs with what. Of minutes that nobody saw the worst is taken.
struct TuningBudget {
  /// Which agents are away.
  enum Away {
    case nobody
    case these(Set<AgentID>)
    case allBut(Set<AgentID>)

    func contains(_ agent: AgentID) -> Bool {
      switch self {
      case .nobody: false
      case .these(let agents): agents.contains(agent)
      case .allBut(let agents): !agents.contains(agent)
      }
    }

    /// The part of the role.
    func share(of members: [TuningRun.Member]) -> Double {
      if case .nobody = self { return 0 }
      return members.isEmpty ? 1 : Double(members.count { contains($0.agent) }) / Double(members.count)
    }
  }

  private let settings: TuningSettings
  private let members: [TuningRun.Member]

  init(_ settings: TuningSettings, _ members: [TuningRun.Member]) {
    (self.settings, self.members) = (settings, members)
  }

  /// What a minute has cost, in role-minutes. If nobody at home has told of a loss, they count as losing nothing.
  func cost(_ away: Away) -> Double {
    if case .nobody = away { return 0 }
    var (sum, count, homeSum, homeCount) = (0.0, 0.0, 0.0, 0.0)
    for member in members {
      guard let loss = member.loss else { continue }
      if away.contains(member.agent) {
        (sum, count) = (sum + loss, count + 1)
      } else {
        (homeSum, homeCount) = (homeSum + loss, homeCount + 1)
      }
    }
    return (sum - count * (homeCount > 0 ? homeSum / homeCount : 0)) / Double(max(1, members.count))
  }

  /// What is spent after a minute, and minutes that nobody saw.
  func spent(_ before: Double, _ away: Away, missed: Int) -> Double {
    let unseen = away.share(of: members) * Double(missed)
    // Nothing more could be done about it than to go home.
    let missedCost = max(0, min(unseen, settings.budget - before))
    return max(0, before + missedCost + cost(away) - settings.budget / 1440 * Double(1 + missed))
  }

  /// Whether the worst that can come fits.
  func allows(_ spent: Double, _ away: Away) -> Bool {
    spent + Double(settings.lag) * away.share(of: members) <= settings.budget
  }
}

extension RoleTuning {
  /// Who is away from home, or may be yet.
  func away(_ settings: TuningSettings) -> TuningBudget.Away {
    if let held { return .allBut(Set(control(held, settings))) }
    switch phase {
    case .resting, .asking, .widening, .returning: return .nobody
    case .closing(let trial, _), .asksAdoption(let trial): return .these(Set(trial.crossover.agents + trial.left))
    case .trying(let trial):
      let crossover = trial.crossover
      let isNew = crossover.round == 0 && crossover.minute < settings.half
      let isSettling = crossover.minute % settings.half < settings.settle
      return .these(Set((isSettling && !isNew ? crossover.agents : others(crossover, settings)) + trial.left))
    }
  }
}
