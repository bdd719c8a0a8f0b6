import FleetModel

/// Collects who is to be set to what: one order for all agents with the same parameter and value.
struct OrderSheet {
  private struct Key: Hashable {
    let place: Int
    let value: Double
  }

  private let arrangement: Arrangement
  private let names: [String]
  private let isReturn: Bool
  private let words: String
  private var moves: Int
  private var agents: [Key: [AgentID]] = [:]
  /// Whether more was to be set than a minute may.
  private var isFull = false
  /// Who should run with something else and may not be changed now.
  private(set) var strays: [AgentID] = []

  init(_ state: RoleTuning, _ settings: TuningSettings, isReturn: Bool, words: String) {
    arrangement = Arrangement(state, settings)
    names = state.parameters.map(\.parameter.name)
    moves = isReturn ? .max : settings.moves
    (self.isReturn, self.words) = (isReturn, words)
  }

  mutating func add(_ member: TuningRun.Member) {
    let wanted = arrangement.wanted(of: member.agent)
    guard member.isFree else {
      let isShort = member.agent.bytes.count <= RoleTuning.longestID
      if isShort, !TuningRun.runs(member, with: wanted) { strays.append(member.agent) }
      return
    }
    for place in wanted.indices where !TunedParameter.isSame(member.settings[place], wanted[place]) {
      guard moves > 0 else {
        isFull = true
        return
      }
      moves -= 1
      agents[Key(place: place, value: wanted[place]), default: []].append(member.agent)
    }
  }

  /// By parameters, then by values; what does not fit comes the next minute.
  var orders: [TuningRun.Order] {
    let all = agents.sorted { ($0.key.place, $0.key.value) < ($1.key.place, $1.key.value) }.flatMap { key, agents in
      stride(from: 0, to: agents.count, by: most.agents).map { begin in
        TuningRun.Order(
          parameter: names[key.place], value: key.value,
          agents: Array(agents[begin..<min(begin + most.agents, agents.count)]),
          isReturn: isReturn, words: words)
      }
    }
    return Array(all.prefix(most.orders))
  }

  /// Whether some are left for the next minute.
  var isBehind: Bool {
    isFull || agents.values.reduce(0) { $0 + ($1.count + most.agents - 1) / most.agents } > most.orders
  }

  private var most: (orders: Int, agents: Int) {
    (isReturn ? TuningRun.Step.mostReturns : TuningRun.Step.mostOrders, TuningRun.Order.mostAgents)
  }
}
