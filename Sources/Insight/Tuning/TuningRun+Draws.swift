import FleetModel

/// Which setting is tried next, and by whom.
extension TuningRun {
  /// Whether the worst of a whole role that runs with something else, but for those that are held back, fits into the
  /// budget.
  var hasRoom: Bool {
    let count = max(1, sight.members.count)
    let strays = state.strays.map(\.agent)
    let home =
      state.held.map { Set(state.control($0, settings)).subtracting(strays).count }
      ?? TuningSettings.heldPairs(of: count)
    return state.spent + Double(settings.lag) * (1 - Double(min(home, count)) / Double(count)) <= settings.budget
  }

  /// Whether too few are left that run with what is known here, and nothing of what was done must be remembered: it may be
  /// taken up anew, with what the others run with as home.
  var isDeserted: Bool {
    guard state.isHome, state.held == nil, state.spent == 0, leftBehind.isEmpty else { return false }
    let rests = state.parameters.contains { $0.up.restsUntil > now || $0.down.restsUntil > now }
    return !rests && sight.members.count { state.isKnown($0) } < TuningSettings.fewestMembers
  }

  /// The parameter and the way in which most was gained last, of those that do not rest; where nothing is known, any. Nil
  /// if all rest.
  var nextDirection: (place: Int, goesUp: Bool, value: Double)? {
    let draw = SeededDraw(seed: state.seed, state.draws)
    var best: (place: Int, goesUp: Bool, value: Double)?
    var bestKey = (-Double.infinity, 0, UInt64(0))
    for (place, tuned) in state.parameters.enumerated() {
      for goesUp in [true, false] where tuned[goesUp].restsUntil <= now {
        guard let value = tuned.next(goesUp: goesUp) else { continue }
        let rank = draw.rank(of: AgentID("\(tuned.parameter.name) \(goesUp)"))
        let key = (tuned[goesUp].gain, -tuned[goesUp].failures, rank)
        if best == nil || key > bestKey { (best, bestKey) = ((place, goesUp, value), key) }
      }
    }
    return best
  }

  /// Pairs of agents that are drawn, two and two as alike as they come.
  ///
  /// - Parameters:
  ///   - number: another one for each draw.
  ///   - toldOfLoss: whether they must have lost something in this very minute.
  func drawPairs(
    _ count: Int, number: Int, began: Int = 0, except others: Set<AgentID>, toldOfLoss: Bool = true
  ) -> [Crossover.Pair] {
    let arrangement = Arrangement(state, settings)
    var usual: [AgentID: Double] = [:]
    var agents: [AgentID] = []
    for member in sight.members where member.isFree && state.isKnown(member) && !others.contains(member.agent) {
      guard !toldOfLoss || member.loss != nil, member.minute != .silent,
        Self.runs(member, with: arrangement.wanted(of: member.agent))
      else { continue }
      agents.append(member.agent)
      if let loss = member.usual, loss.isFinite { usual[member.agent] = loss }
    }
    let draw = SeededDraw(seed: state.seed, number)
    let drawn = draw.draw(2 * min(count, agents.count / 2), of: agents)
    let alike = drawn.map { (usual[$0] ?? .infinity, draw.rank(of: $0), $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    return stride(from: 0, to: alike.count - 1, by: 2).map { place in
      Crossover.Pair(alike[place].2, alike[place + 1].2, began: began)
    }
  }

  static func runs(_ member: Member, with values: [Double]) -> Bool {
    zip(member.settings, values).allSatisfy { TunedParameter.isSame($0, $1) }
  }

  /// Draws agents in place of those that are held back no more. They are held back for long: what they do in this minute
  /// does not count.
  mutating func fillHeld(except others: [AgentID]) {
    guard let held = state.held else { return }
    let missing = TuningSettings.heldPairs(of: sight.members.count) - held.pairs.count
    guard missing > 0 else { return }
    state.draws += 1
    let pairs = drawPairs(
      missing, number: state.draws, began: held.round, except: Set(others + held.agents), toldOfLoss: false)
    guard !pairs.isEmpty else { return }
    state.held?.pairs += pairs
    isChanged = true
  }
}
