import FleetModel
import Handler
import Insight
import Wire

/// A role whose parameters are tuned, in a world where handlers are killed, clocks are stepped, connections break and Redis
/// refuses: agents lose by their settings, leave and fall silent, and people set some by hand, answer, and switch it off.
///
/// ```text
///   tuned, with trouble ──▶ one of three ends ──▶ rest, without trouble, until all agrees ──▶ judgement
///                           off: all go back · automation off: nothing is tried · as it is: agents run with what stands
/// ```
/// Whatever happens, one change is tried at a time, by one step of one parameter and on the trial's agents alone; each
/// command of a step goes out once; nothing that a person has set is set again; each trial has its lines in the audit; and
/// what it costs stays within the budget, in stretches in which nothing keeps agents from being brought back.
/// ``TuningLedger`` checks each step as it is written.
package struct TuningStory {
  /// How it ends.
  package enum End: CaseIterable { case off, automationOff, asItIs }

  package struct Report {
    /// Trials, adoptions, and orders.
    package var tried: Int
    package var adopted: Int
    package var orders: Int
    package var end: End
    /// In minutes of the whole role, and of how many that are allowed.
    package var cost: Double
    package var budget: Double
    package var inputs: Int

    package var words: String {
      "\(tried) trials, \(adopted) adopted, \(orders) orders, cost \(cost.plain) of \(budget.plain), \(inputs) inputs, "
        + "then \(end)"
    }
  }

  package let world: SimulatedWorld
  private let crowd: TunedCrowd
  private let operators: TuningOperators
  private let trouble: Trouble
  private let isCalm: Bool
  private let budget: Double
  private let end: End
  private var ledger = Ledger()
  private var tuning: TuningLedger
  private let calm = Calm()
  private var writes = 0
  /// When something was ordered or set last, in nanoseconds.
  private var changedAt: Int64 = 0
  private var changes = 0

  /// More inputs than any seed needs.
  private static let mostInputs = 800_000
  /// Milliseconds by which all has come to rest, after the last trouble.
  private static let longestRest: Int64 = 200_000
  /// By then agents run with what was ordered, in milliseconds. A trial changes over every four seconds; what a person has
  /// approved may come in between elsewhere, and is told back a few seconds later.
  private static func takesHold(_ phase: TuningStanding.Phase) -> Int64 {
    switch phase {
    case .trying, .widening, .resting: 2500
    case .asking, .asksAdoption, .closing, .returning: 10_000
    }
  }

  /// For so long after a state in which nobody sets an agent it may run with something else.
  private static let comesBack: Int64 = 15_000
  /// One fault for so many inputs, on average. A second has about 200.
  private static let troubles: [Int?] = [nil, nil, 20_000, 6000, 2000]

  /// - Parameter isCalm: whether nothing fails.
  package init(seed: UInt64, isCalm: Bool = false) throws {
    self.isCalm = isCalm
    world = SimulatedWorld(seed: seed)
    trouble = Trouble(world, isCalm: isCalm, every: Self.troubles)
    budget = world.pick([5, 6, 30, 1440])
    end = world.pick(End.allCases)
    crowd = TunedCrowd(
      world, objective: world.pick(TunedCrowd.Objective.allCases), parameters: world.number(1...2),
      agents: world.number(8...14), budget: budget)
    operators = TuningOperators(world, crowd, budget: budget)
    tuning = TuningLedger(crowd.declared, size: crowd.agents.count, budget: budget)
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = { [operators] in operators.configure(&$0) }
    for number in 1...world.number(1...2) { try world.addHandler("h\(number)") }
  }

  package mutating func run() throws -> Report {
    world.tell("\(crowd.agents.count) agents, objective \(crowd.objective), budget \(budget), then \(end)")
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    crowd.introduce()
    crowd.isCounted = { [unowned world, calm] in calm.isCalm(at: world.now) }
    for place in world.nodes.indices { world.restart(place) }
    crowd.begin()
    let span = world.number(120_000...200_000)
    operators.plan(until: span - 20_000, isCalm: isCalm)
    let end = Int64(span) * 1_000_000
    while world.now < end {
      let next = min(end, world.now + 500_000_000)
      while world.step(until: next) {
        if try world.perhapsFail(trouble) { calm.troubledAt = world.now }
        try check()
      }
      world.move(to: next)
      try look()
    }
    try rest()
    try world.judgeRemains()
    return Report(
      tried: tuning.tried, adopted: tuning.adopted, orders: tuning.given.count, end: self.end, cost: crowd.mostCost,
      budget: budget, inputs: world.inputs)
  }

  // MARK: What must hold all the time

  /// Looks at what the last input has led to.
  private mutating func check() throws {
    guard world.inputs < Self.mostInputs else { throw Violation("it does not come to rest") }
    if let script = world.server.model.unknownScripts.first { throw Violation("no twin of the script \(script)") }
    guard writes != world.writes else { return }
    writes = world.writes
    _ = try ledger.read(world) { [crowd] in crowd.take($0) }
    tuning.left = crowd.left
    let stood = tuning.standing != nil
    try tuning.read(world)
    if stood, tuning.standing == nil { crowd.forgetCost() }
    if changes != tuning.changes { (changes, changedAt) = (tuning.changes, world.now) }
  }

  /// Looks at the role every half second.
  private mutating func look() throws {
    let tuning = tuning
    if let refusedAt = operators.refusedAt { calm.troubledAt = max(calm.troubledAt ?? 0, refusedAt) }
    crowd.isByHand = { tuning.isByHand($0) }
    operators.lastGiven = tuning.lastOrder
    operators.answer()
    if let fault = operators.fault { throw fault }
    // Noise may add a little to what was reckoned with.
    guard crowd.mostCost <= budget + 0.2 else {
      throw Violation("it has cost \(crowd.mostCost.plain) of \(budget.plain) role-minutes")
    }
    guard calm.isCalm(at: world.now), operators.mode != .off, let standing = tuning.standing,
      world.now - changedAt > Self.takesHold(standing.phase) * 1_000_000
    else { return }
    if let words = tuning.disagreement(of: crowd.members, except: crowd.unfree(within: Self.comesBack)) {
      throw Violation("nothing fails, and \(words)")
    }
  }

  // MARK: Its end

  private mutating func rest() throws {
    world.tell("rest: \(end)")
    operators.close()
    switch end {
    case .off: operators.set(.off)
    case .automationOff: operators.switchAutomation(false)
    case .asItIs: break
    }
    let end = world.now + Self.longestRest * 1_000_000
    while world.now < end {
      let next = world.now + 1_000_000_000
      while world.step(until: next) { try check() }
      world.move(to: next)
      try look()
      if unsettled == nil { return }
    }
    if let unsettled { throw Violation(unsettled) }
  }

  /// What has not come to its end yet, in words; nil if all has.
  private var unsettled: String? {
    if let lost = lost { return lost }
    if !world.scheduled.isEmpty { return "still scheduled: \(world.scheduled)" }
    if end != .asItIs, !world.unacknowledged.isEmpty { return "not acknowledged: \(world.unacknowledged)" }
    switch end {
    case .off: if let standing = tuning.standing { return "it is off, and \(standing.words)" }
    case .automationOff:
      let phases: [TuningStanding.Phase] = [.resting, .asking, .asksAdoption, .widening]
      if let standing = tuning.standing, !phases.contains(standing.phase) {
        return "automation is off, and \(standing.words)"
      }
    case .asItIs: break
    }
    if let words = tuning.disagreement(of: crowd.members) { return words }
    let strays = tuning.strays(of: crowd.leavers)
    if !strays.isEmpty { return "\(strays) have left, and run yet with what was tried" }
    for agent in crowd.members {
      for parameter in crowd.declared where crowd.setting(agent, parameter) != tuning.value(agent, parameter) {
        return "\(agent) runs with \(parameter.name) \(crowd.setting(agent, parameter)), and is to run with "
          + "\(tuning.value(agent, parameter))"
      }
    }
    return nil
  }

  /// A command that has no end, or a run that was approved; what was given a moment ago may be on its way.
  private var lost: String? {
    let now = world.serverTime
    let commands = operators.sent + tuning.given.values.filter { end != .asItIs || now - $0.issuedAt > .seconds(15) }
    return ledger.lost(of: world.putAside.isEmpty ? commands.sorted { $0.id.text < $1.id.text } : [])
  }
}

extension TuningStory {
  /// Since when nothing has failed. A class, since who counts what is lost asks it.
  private final class Calm {
    var troubledAt: Int64?
    /// By then a fault is over, another handler leads, and agents are back.
    private static let nanoseconds: Int64 = 30 * 1_000_000_000

    func isCalm(at now: Int64) -> Bool { troubledAt.map { now - $0 > Self.nanoseconds } ?? true }
  }
}
