import FleetModel

/// What the audit says.
extension TuningRun {
  func name(of trial: RoleTuning.Trial) -> String { state.parameters[trial.place].parameter.name }

  func beginWords(_ trial: RoleTuning.Trial) -> String {
    let count = trial.crossover.pairs.count
    return "tries \(name(of: trial)) \(trial.value.plain) instead of \(state.parameters[trial.place].base.plain) "
      + "on \(count) of \(sight.members.count) agents, beside \(count) others"
  }

  func adoptWords(_ trial: RoleTuning.Trial) -> String {
    "\(name(of: trial)) \(trial.value.plain) is better: \(evidenceWords(trial.crossover))"
  }

  /// `error_rate 0.021 instead of 0.034 in 3 rounds of 4 pairs; evidence 61, 20 is enough`.
  ///
  /// - Parameter isWorse: whether that is what decides.
  func evidenceWords(_ crossover: Crossover, isWorse: Bool = false) -> String {
    let tally = crossover.tally
    let (evidence, enough) =
      isWorse ? (crossover.worse, Self.worseEvidence) : (crossover.better, 1 / settings.alpha)
    return "\(settings.words(tally.meanOther, insteadOf: tally.meanBefore)) in \(crossover.round) rounds of "
      + "\(crossover.pairs.count) pairs; evidence \(evidence.value.plain), "
      + "\(enough.plain) is enough"
  }

  func costWords(_ trial: RoleTuning.Trial) -> String {
    "in minutes of losing everything it has cost each of its agents \(trial.cost.plain) more than its partner"
  }

  /// Who could not be brought back.
  func leftWords(_ left: [AgentID], minutes: Int) -> String {
    let all = Set(sight.members.map(\.agent)).union(left).count
    return "\(left.count) of \(all) agents could not be brought back within \(sight.length * Int64(minutes)): "
      + "look at \(left.prefix(3).map { "\($0)" }.joined(separator: ", "))"
  }

  func fallWords(_ held: Crossover) -> String {
    "\(settings.words(held.tally.meanBefore, insteadOf: held.tally.meanOther)) of agents that run as before; evidence "
      + "\(held.better.value.plain), \(Self.fallEvidence.plain) is enough"
  }

  func homeWords(_ why: String) -> String {
    let values = state.parameters.filter { !$0.isHome }.map {
      "\($0.parameter.name) \($0.home.plain) instead of \($0.base.plain)"
    }
    return values.isEmpty ? "goes back: \(why)" : "goes back to \(values.joined(separator: ", ")): \(why)"
  }

  /// Of an order: why agents are set.
  var orderWords: String {
    switch state.phase {
    case .trying(let trial):
      let crossover = trial.crossover
      return "round \(crossover.round + 1) of \(settings.rounds), half \(crossover.half(of: settings.half) + 1): "
        + beginWords(trial)
    case .widening(let widening):
      let part = Int((widening.share * 100).rounded())
      let name = state.parameters[widening.place].parameter.name
      return told?.words ?? "\(name) \(state.parameters[widening.place].base.plain) for \(part) % of the role"
    case .returning, .closing: return told?.words ?? "goes back to what the others run with"
    case .resting, .asking, .asksAdoption: return told?.words ?? heldWords
    }
  }

  private var heldWords: String {
    guard let held = state.held else { return "runs with what its role runs with" }
    return "\(held.pairs.count) of \(sight.members.count) agents run as before, by turns"
  }
}

extension RoleTuning {
  /// How it stands, for people: `tries timeout_s 25 instead of 20, round 3: error_rate 0.021 instead of 0.034, evidence 7.2`.
  package func words(_ settings: TuningSettings) -> String {
    switch phase {
    case .resting: isHome ? "nothing is tried" : adopted
    case .asking(let trial): "asks to try \(change(trial))"
    case .trying(let trial):
      trial.crossover.tally.count == 0
        ? "tries \(change(trial)), round \(trial.crossover.round + 1)"
        : "tries \(change(trial)), round \(trial.crossover.round + 1): "
          + settings.words(trial.crossover.tally.meanOther, insteadOf: trial.crossover.tally.meanBefore)
          + ", evidence \(trial.crossover.better.value.plain)"
    case .closing(let trial, _): "has tried \(change(trial)), which ends"
    case .asksAdoption(let trial): "asks to adopt \(change(trial))"
    case .widening(let widening):
      "adopts \(parameters[widening.place].parameter.name) \(parameters[widening.place].base.plain) instead of "
        + "\(widening.from.plain), \(Int((widening.share * 100).rounded())) % so far"
    case .returning: "all go back to what they ran with"
    }
  }

  private func change(_ trial: Trial) -> String {
    let tuned = parameters[trial.place]
    return "\(tuned.parameter.name) \(trial.value.plain) instead of \(tuned.base.plain)"
  }

  private var adopted: String {
    let values = parameters.filter { !$0.isHome }.map {
      "\($0.parameter.name) \($0.base.plain) instead of \($0.home.plain)"
    }
    return "runs with \(values.joined(separator: ", "))"
  }
}
