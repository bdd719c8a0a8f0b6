import FleetModel

/// Which agent of a role is to run with what: follows from the state.
struct Arrangement {
  private let state: RoleTuning
  /// Those that run with what the role began with, while others do not.
  private var atHome: Set<AgentID> = []
  /// Those that try another setting.
  private var trying: Set<AgentID> = []
  private let draw: SeededDraw
  private let homes: [Double]
  private let bases: [Double]

  init(_ state: RoleTuning, _ settings: TuningSettings) {
    self.state = state
    (homes, bases) = (state.parameters.map(\.home), state.parameters.map(\.base))
    draw = SeededDraw(seed: state.seed, Self.number(of: state.phase))
    if let held = state.held { atHome = Set(state.atHome(held, settings)) }
    if case .trying(let trial) = state.phase { trying = Set(state.others(trial.crossover, settings)) }
  }

  private static func number(of phase: RoleTuning.Phase) -> Int {
    if case .widening(let widening) = phase { widening.number } else { 0 }
  }

  /// What an agent is to run with, by the places of the parameters.
  func wanted(of agent: AgentID) -> [Double] {
    if atHome.contains(agent) { return homes }
    var values = bases
    switch state.phase {
    case .returning: return homes
    case .trying(let trial):
      if trying.contains(agent) { values[trial.place] = trial.value }
    case .widening(let widening):
      let isIn = widening.share >= 1 || widening.first.contains(agent) || draw.part(of: agent) < widening.share
      if !isIn { values[widening.place] = widening.from }
    case .resting, .asking, .closing, .asksAdoption: break
    }
    return values
  }
}

extension RoleTuning {
  /// What an agent of the role is to run with, by the places of ``parameters``.
  package func wanted(of agent: AgentID, _ settings: TuningSettings) -> [Double] {
    Arrangement(self, settings).wanted(of: agent)
  }

  /// The halves of those that are held back are longer: they change over for ever.
  static func heldHalf(_ settings: TuningSettings) -> Int { 3 * settings.half }

  func draw(of crossover: Crossover) -> SeededDraw { SeededDraw(seed: seed, crossover.number) }

  /// Those that run with a trial's setting.
  func others(_ crossover: Crossover, _ settings: TuningSettings) -> [AgentID] {
    crossover.others(draw(of: crossover), round: crossover.round, half: crossover.half(of: settings.half))
  }

  /// Those that run with what the role began with. Who comes back is there before its partner leaves: somebody is home
  /// all the time.
  func atHome(_ held: Crossover, _ settings: TuningSettings) -> [AgentID] {
    let half = held.half(of: Self.heldHalf(settings))
    let now = held.others(draw(of: held), round: held.round, half: half)
    guard isOverlapping(held, settings) else { return now }
    return now + held.othersBefore(draw(of: held), half: half)
  }

  /// Those that surely are back for long enough to be measured against. While a half begins that is its leavers alone: who
  /// comes may not have been told yet, though it is to be at home by ``atHome(_:_:)``.
  func control(_ held: Crossover, _ settings: TuningSettings) -> [AgentID] {
    let half = held.half(of: Self.heldHalf(settings))
    let isFirst = held.round == 0 && half == 0
    return isOverlapping(held, settings) && !isFirst
      ? held.othersBefore(draw(of: held), half: half) : held.others(draw(of: held), round: held.round, half: half)
  }

  private func isOverlapping(_ held: Crossover, _ settings: TuningSettings) -> Bool {
    held.minute - held.half(of: Self.heldHalf(settings)) * Self.heldHalf(settings) < settings.lag
  }
}
