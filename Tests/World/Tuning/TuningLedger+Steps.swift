import FleetModel
import Insight

/// What a step may come to.
extension TuningLedger {
  /// Commands are told apart by a number that rises with each step that has some: they come with their step, or not at all.
  func checkCount(
    _ before: TuningStanding?, _ after: TuningStanding?, _ commands: [Command]
  ) throws(Violation) {
    guard let after else {
      guard before != nil || commands.isEmpty else { throw Violation("nothing stands, and commands are given") }
      return
    }
    let expected = (before?.steps ?? 0) + (commands.isEmpty ? 0 : 1)
    guard after.steps == expected else {
      throw Violation("step \(after.steps) stands where \(expected) is next, with \(commands.count) commands")
    }
  }

  /// What a role runs with changes by what was tried, or back to what it began with.
  func checkValues(_ before: TuningStanding?, _ after: TuningStanding) throws(Violation) {
    for (place, tuned) in after.parameters.enumerated() {
      guard let bounds = declared.first(where: { $0.name == tuned.name }), bounds.minimum == tuned.bounds.lowerBound,
        bounds.maximum == tuned.bounds.upperBound, bounds.step == tuned.step
      else { throw Violation("nobody declares \(tuned.name) in \(tuned.bounds)") }
      guard tuned.bounds.contains(tuned.base), tuned.bounds.contains(tuned.home) else {
        throw Violation("\(tuned.name) is \(tuned.base.plain), beyond \(tuned.bounds)")
      }
      guard let before, before.parameters.indices.contains(place) else {
        guard TuningStanding.isSame(tuned.base, tuned.home) else {
          throw Violation("\(tuned.name) begins away from home, at \(tuned.base.plain)")
        }
        continue
      }
      let old = before.parameters[place]
      guard old.name == tuned.name, TuningStanding.isSame(old.home, tuned.home) else {
        throw Violation("\(old.name) had its home at \(old.home.plain), and has it at \(tuned.home.plain)")
      }
      guard !TuningStanding.isSame(old.base, tuned.base) else { continue }
      let isBack = TuningStanding.isSame(tuned.base, tuned.home) && [.returning, .closing].contains(after.phase)
      let isTried = before.trial.map { $0.place == place && TuningStanding.isSame($0.value, tuned.base) } ?? false
      guard isBack || isTried && after.phase == .widening && after.widening?.place == place else {
        throw Violation("\(tuned.name) goes from \(old.base.plain) to \(tuned.base.plain), which was not tried")
      }
    }
  }

  /// One trial at a time, of one step of one parameter, by at most a half of the role.
  func checkTrial(_ before: TuningStanding?, _ after: TuningStanding) throws(Violation) {
    if let widening = after.widening {
      try checkStep(from: widening.from, to: after.parameters[widening.place].base, after.parameters[widening.place])
    }
    guard let trial = after.trial else { return }
    let isOpen = [.asking, .trying, .asksAdoption].contains(after.phase)
    let tuned = after.parameters[trial.place]
    if isOpen { try checkStep(from: tuned.base, to: trial.value, tuned) }
    guard trial.pairs.count <= max(1, size / 4), trial.agents.count == 2 * trial.pairs.count else {
      throw Violation("\(trial.pairs) take part of \(size) agents")
    }
    guard !isOpen || trial.agents.isDisjoint(with: after.held.joined()) else {
      throw Violation("\(trial.pairs) take part, of whom some are held back: \(after.held)")
    }
    if let old = before?.trial, old.number == trial.number {
      guard old.place == trial.place, TuningStanding.isSame(old.value, trial.value),
        trial.agents.isSubset(of: old.agents)
      else { throw Violation("the trial of \(old) goes on as one of \(trial)") }
    } else if let before, before.phase != .resting {
      throw Violation("a trial begins while \(before.phase.rawValue) stands")
    }
  }

  private func checkStep(
    from old: Double, to new: Double, _ tuned: TuningStanding.Parameter
  ) throws(Violation) {
    let isOne = abs(new - old) <= tuned.step * (1 + 1e-9) && !TuningStanding.isSame(new, old)
    guard isOne, tuned.bounds.contains(new) else {
      throw Violation("\(tuned.name) goes from \(old.plain) to \(new.plain), by steps of \(tuned.step.plain)")
    }
  }

  /// While something is tried or was adopted, what was spent fits; or else all are on their way back.
  func checkBudget(_ after: TuningStanding) throws(Violation) {
    let isAway = after.phase == .trying || after.phase == .widening || after.phase == .resting && !after.held.isEmpty
    guard isAway, after.spent > budget + 1e-9 else { return }
    let words = "\(after.spent.plain) of \(budget.plain) role-minutes are spent"
    throw Violation("\(after.phase.rawValue) stands, and \(words)")
  }

  /// Who is set to what follows from what stands.
  func checkOrders(_ commands: [Command], _ state: TuningStanding?) throws(Violation) {
    var tried: [AgentID] = []
    for command in commands {
      guard let state, command.action == .tune, let value = command.arguments["value"].flatMap({ Double($0) }),
        let place = state.parameters.firstIndex(where: { $0.name == command.arguments["parameter"] })
      else { throw Violation("nobody declares what \(command.id) sets: \(command.arguments)") }
      guard state.parameters[place].bounds.contains(value) else {
        throw Violation("\(command.id) sets \(value.plain), beyond \(state.parameters[place].bounds)")
      }
      guard !command.reason.isEmpty else { throw Violation("\(command.id) has no reason") }
      let agents = command.targets.filter { !left.contains($0) }
      guard !agents.isEmpty, !state.allows(value, place) else { continue }
      guard state.phase == .trying, let trial = state.trial, trial.place == place,
        TuningStanding.isSame(trial.value, value)
      else { throw Violation("\(state.phase.rawValue) stands, and \(value.plain) is ordered to \(agents)") }
      tried += agents
    }
    guard let trial = state?.trial, !tried.isEmpty else { return }
    for agent in tried where !trial.agents.contains(agent) {
      throw Violation("\(agent) is set to \(trial.value.plain), and takes no part in the trial")
    }
    for pair in trial.pairs where pair.allSatisfy(tried.contains) {
      throw Violation("both of \(pair) are set to \(trial.value.plain) at once")
    }
  }
}

extension TuningStanding {
  /// Whether agents may be set to a value of a parameter, beside those that try another one.
  func allows(_ value: Double, _ place: Int) -> Bool {
    let tuned = parameters[place]
    if Self.isSame(value, tuned.home) { return true }
    if phase == .returning { return false }
    if Self.isSame(value, tuned.base) { return true }
    return widening.map { $0.place == place && Self.isSame($0.from, value) } ?? false
  }
}
