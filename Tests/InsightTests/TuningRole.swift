import FleetModel
import Insight
import Testing

/// A role of agents and the machine that tunes it; commands are carried out at once. A class, since what a test requires
/// changes it.
final class TuningRole {
  var settings = TuningSettings()
  var mode = Autonomy.auto
  var answer = TuningRun.Answer.none
  var guardFault: String?
  /// Of the agents, by places.
  var values: [[Double]]
  var isFree: [Bool]
  /// Agents whose first parameter was set by an approved proposal.
  var approved: Set<Int> = []
  /// Agents that a person has set.
  var byHand: Set<Int> = []
  /// Agents that take no setting.
  var deaf: Set<Int> = []
  /// Agents that have left, and run with what was tried.
  var strangers: [AgentID] = []
  var state: RoleTuning?
  var minute = 0
  /// Of a minute as it is told.
  var length = TimeSpan.minutes(1)
  /// All that was answered.
  private(set) var steps: [TuningRun.Step] = []

  static let timeout = TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20)
  static let rate = TunableParameter(name: "rate_limit", minimum: 1, maximum: 9, step: 1, value: 5)

  let parameters: [TunableParameter]

  init(_ count: Int, _ parameters: [TunableParameter?] = [timeout]) {
    self.parameters = parameters.compactMap(\.self)
    values = Array(repeating: self.parameters.map(\.value), count: count)
    isFree = Array(repeating: true, count: count)
  }

  static func agent(_ place: Int) -> AgentID { AgentID("agent-\(place)") }

  func members(_ loss: (Int, [Double]) -> TuningRun.Member.Minute) -> [TuningRun.Member] {
    values.indices.map { place in
      var member = TuningRun.Member(
        agent: Self.agent(place), settings: values[place], isFree: isFree[place], minute: loss(place, values[place]))
      if approved.contains(place) { member.approved = [0] }
      member.isByHand = byHand.contains(place)
      return member
    }
  }

  func at(_ minute: Int) -> Instant { Instant(milliseconds: Int64(minute) * 60_000) }

  /// Lets a minute pass, and carries out what is ordered.
  @discardableResult
  func pass(_ loss: (Int, [Double]) -> TuningRun.Member.Minute) -> TuningRun.Step? {
    minute += 1
    let members = members(loss)
    guard let present = state else {
      if mode != .off { state = RoleTuning(parameters, seed: 7, members: members, at: at(minute)) }
      return nil
    }
    var sight = TuningRun.Sight(
      at(minute), members: members, mode: mode, answer: answer, guardFault: guardFault, length: length)
    sight.strangers = strangers
    let step = TuningRun.step(present, sight, settings)
    state = step.state
    for order in step.orders { obey(order) }
    steps.append(step)
    return step
  }

  /// Does what a person has approved.
  func approve(_ order: TuningRun.Order) {
    obey(order)
    for agent in values.indices where order.agents.contains(Self.agent(agent)) { approved.insert(agent) }
  }

  func obey(_ order: TuningRun.Order) {
    guard let place = parameters.firstIndex(where: { $0.name == order.parameter }) else { return }
    for agent in values.indices where !deaf.contains(agent) && order.agents.contains(Self.agent(agent)) {
      values[agent][place] = order.value
      approved.remove(agent)
    }
  }

  /// Lets minutes pass until a step is one, so many at the most.
  func pass(
    atMost minutes: Int, _ loss: (Int, [Double]) -> TuningRun.Member.Minute,
    until isOne: (TuningRun.Step) -> Bool
  ) -> TuningRun.Step? {
    for _ in 0..<minutes { if let step = pass(loss), isOne(step) { return step } }
    return nil
  }

  func pass(minutes: Int, _ loss: (Int, [Double]) -> TuningRun.Member.Minute) {
    for _ in 0..<minutes { pass(loss) }
  }

  /// How many agents run with a value of the first parameter.
  func count(of value: Double) -> Int { values.count { $0[0] == value } }
}

/// A loss that grows with how far the first value is from a best one; every third agent loses more all the time.
func loss(bestAt best: Double, _ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
  .loss(0.1 + (place.isMultiple(of: 3) ? 0.05 : 0) + 0.01 * abs(values[0] - best))
}
