import FleetModel

/// Moves the tuning of a role on by a minute: it takes what was seen, and answers with the state as it is to be, what
/// agents are set to, and what the audit says. It sees neither Redis nor a clock.
///
/// ```text
///   resting ─▶ asking ─▶ trying ─▶ asksAdoption ─▶ widening ─▶ resting
///      │                   │ nothing shown, or worse ─▶ closing ─▶ resting
///      └── what was adopted is worse than what the role began with, or the budget ends ─▶ returning ─▶ resting
/// ```
/// What an agent is to run with follows from the state (``Arrangement``); who runs with something else is told. So a
/// command that is lost is sent again, and a minute that is lost is missed as evidence alone.
package struct TuningRun {
  var state: RoleTuning
  let sight: Sight
  let settings: TuningSettings
  /// Of agents in pairs.
  private(set) var listed: [AgentID: Member] = [:]
  /// Whether agents are to run with something else since this minute.
  var isChanged = false
  /// Whether losses are measured in another way since this minute.
  private(set) var isRescaled = false
  var isOver = false
  var asks: Order?
  var withdraws = false
  /// Whether a pair of a trial was broken in this minute.
  private(set) var isBroken = false
  var told: (phase: AuditLine.Phase, words: String)?

  /// Takes a minute. A minute that is not later than the last one does nothing; nor do settings that are not sound.
  ///
  /// - Parameter state: must be sound.
  package static func step(_ state: RoleTuning, _ sight: Sight, _ settings: TuningSettings) -> Step {
    let isLater = sight.minute > state.minute || state.minute - sight.minute > sight.length * setBack
    guard isLater, settings.isSound, state.isSound, sight.length > .zero else { return Step(state: state) }
    var run = TuningRun(state: state, sight: sight, settings: settings)
    return run.step()
  }

  /// A minute that is further back means that the clock was set back.
  private static let setBack: Int64 = 10

  private init(state: RoleTuning, sight: Sight, settings: TuningSettings) {
    (self.state, self.sight, self.settings) = (state, sight, settings)
  }

  var now: Instant { sight.minute }
  var budget: TuningBudget { TuningBudget(settings, sight.members, state) }

  private mutating func step() -> Step {
    charge()
    rescale()
    list()
    breakPairs()
    let (triedRound, heldRound) = observe()
    move(triedRound, heldRound)
    keepBudget()
    let orders = takeOrders()
    if !orders.isEmpty { state.steps += 1 }
    return Step(
      state: isOver ? nil : state, orders: orders, asks: asks, withdraws: withdraws, phase: told?.phase,
      words: told?.words ?? (withdraws ? "an agent of it may not be changed any more" : ""))
  }

  // MARK: The minute

  private mutating func charge() {
    // Minutes may have become shorter since.
    let length = max(sight.length, state.scale?.length ?? sight.length)
    let passed = (sight.minute - state.minute).milliseconds / length.milliseconds
    let missed = Int(min(max(0, passed - 1), 1_000_000))
    state.spent = budget.spent(state.spent, state.away(settings), missed: missed)
    state.minute = sight.minute
  }

  /// What was measured in another way is no evidence any more.
  private mutating func rescale() {
    let scale = RoleTuning.Scale(length: sight.length, objective: settings.objective)
    defer { state.scale = scale }
    guard let before = state.scale, before != scale else { return }
    isRescaled = true
    state.held?.forget()
  }

  private mutating func list() {
    let agents = Set((state.held?.agents ?? []) + (state.trial?.crossover.agents ?? []))
    guard !agents.isEmpty else { return }
    for member in sight.members where agents.contains(member.agent) { listed[member.agent] = member }
  }

  /// Whether an agent may not be changed any more. One that is silent may: its silence may come from what it tries.
  private func isGone(_ agent: AgentID) -> Bool {
    guard let member = listed[agent], state.isKnown(member) else { return true }
    return !member.isFree && member.minute != .silent
  }

  /// Breaks pairs of which an agent is gone, and at the end of a half those of which an agent was told in vain what to run
  /// with.
  private mutating func breakPairs() {
    let gone = Set(listed.keys.filter(isGone))
    var (tried, held) = (gone, gone)
    let arrangement = Arrangement(state, settings)
    let disobedient = listed.filter { !Self.runs($1, with: arrangement.wanted(of: $0)) }.keys
    if case .trying(let trial) = state.phase, (trial.crossover.minute + 1) % settings.half == 0 {
      tried.formUnion(disobedient)
    }
    if let minute = state.held?.minute, (minute + 1) % RoleTuning.heldHalf(settings) == 0, sight.guardFault == nil {
      held.formUnion(disobedient)
    }
    if var trial = state.trial {
      let before = trial.crossover.pairs.count
      let left = trial.crossover.remove { tried.contains($0) || listed[$0] == nil }
      isBroken = trial.crossover.pairs.count < before
      trial.left = Array((trial.left + left).suffix(2 * Crossover.mostPairs))
      if !left.isEmpty { isChanged = true }
      state.replace(trial)
    }
    let left = state.held?.remove { [listed] in held.contains($0) || listed[$0] == nil } ?? []
    if !left.isEmpty { isChanged = true }
  }

  /// Takes the minute as evidence; tells whether a round has ended with it, of a trial and of those that are held back.
  private mutating func observe() -> (Bool, Bool) {
    let losses = listed.compactMapValues(\.loss)
    var ended = (false, false)
    let draws = (state.trial.map { state.draw(of: $0.crossover) }, state.held.map { state.draw(of: $0) })
    if case .trying(var trial) = state.phase, let draw = draws.0 {
      trial.cost = max(0, trial.cost + partnersCost(trial.crossover, losses, draw))
      ended.0 = trial.crossover.add(losses, length: settings.half, settle: settings.settle, draw)
      if trial.crossover.minute % settings.half == 0 { isChanged = true }
      state.phase = .trying(trial)
    }
    // Counts until those that took part are surely back.
    if case .asksAdoption(var trial) = state.phase, trial.crossover.minute < settings.lag {
      trial.crossover.minute += 1
      state.phase = .asksAdoption(trial)
    }
    if sight.guardFault == nil, state.held != nil, let draw = draws.1, !state.isReturning {
      let half = RoleTuning.heldHalf(settings)
      ended.1 = state.held?.add(losses, length: half, settle: settings.lag + settings.settle, draw) ?? false
      let minute = (state.held?.minute ?? 0) % half
      if minute == 0 || minute == settings.lag { isChanged = true }
    }
    return ended
  }

  /// How much more was lost in a minute of a trial than by partners, in the mean of pairs.
  private func partnersCost(_ crossover: Crossover, _ losses: [AgentID: Double], _ draw: SeededDraw) -> Double {
    let isFirst = crossover.round == 0 && crossover.minute < settings.half
    guard isFirst || crossover.minute % settings.half >= settings.settle else { return 0 }
    let others = crossover.others(draw, round: crossover.round, half: crossover.half(of: settings.half))
    let cost = zip(crossover.pairs, others).reduce(0.0) { sum, pair in
      let partner = pair.0.first == pair.1 ? pair.0.second : pair.0.first
      guard let loss = losses[pair.1], let before = losses[partner] else { return sum }
      return sum + loss - before
    }
    return cost / Double(max(1, crossover.pairs.count))
  }

  /// Goes home while the worst that can come still fits.
  private mutating func keepBudget() {
    guard !isOver, !state.isReturning, !budget.allows(state.spent, state.away(settings)) else { return }
    let words = "\(state.spent.plain) of \(settings.budget.plain) role-minutes are spent, and the worst must fit yet"
    if state.held != nil {
      goHome(words)
    } else if case .trying(let trial) = state.phase {
      close(trial, .failed, words, failed: false)
    }
  }

  // MARK: Orders

  /// In minutes: until a command was carried out and its agents' settings are known. Those that do not take it are told
  /// less and less often.
  private var repeatsAfter: Int64 { 3 << Int64(state.repeats) }

  private static let mostRepeats = 5

  private mutating func takeOrders() -> [Order] {
    guard !isOver else { return [] }
    let isDue = state.orderedAt.map { now - $0 >= sight.length * repeatsAfter || $0 > now } ?? true
    let isNew = isChanged || state.isBehind
    // Whoever runs with something else is told if that is new or was not done for a while, and an agent that could not be
    // told as soon as it can. Who may not be changed is noted at once.
    var sheet = OrderSheet(state, settings, isReturn: isGoingBack, words: orderWords)
    let strays = followStrays()
    let (paired, others) = toldFirst
    for member in paired + others where mayBeSet(member) && !isApproved(member) {
      if !member.isFree || isNew || isDue || strays.contains(member.agent) { sheet.add(member) }
    }
    addStrays(sheet.strays)
    // What is not a way back must wait while nothing may be begun.
    let orders = sight.guardFault == nil || isGoingBack ? sheet.orders : []
    guard isNew || isDue || !orders.isEmpty else { return [] }
    state.isBehind = sheet.isBehind
    state.repeats = isNew || orders.isEmpty ? 0 : min(state.repeats + 1, Self.mostRepeats)
    guard !orders.isEmpty else { return [] }
    state.orderedAt = now
    for order in orders { noteUse(order) }
    return orders
  }

  /// Agents of pairs go before others: a minute may not be enough for all, and others are measured against them.
  private var toldFirst: ([Member], [Member]) {
    let first = Set((state.held?.agents ?? []) + (state.trial?.crossover.agents ?? []))
    return (sight.members.filter { first.contains($0.agent) }, sight.members.filter { !first.contains($0.agent) })
  }

  /// Forgets strays that surely are back; gives those that may be changed since this minute.
  private mutating func followStrays() -> Set<AgentID> {
    guard !state.strays.isEmpty else { return [] }
    let agents = Set(state.strays.map(\.agent))
    var free: Set<AgentID> = []
    for member in sight.members where member.isFree && agents.contains(member.agent) { free.insert(member.agent) }
    for place in state.strays.indices where free.contains(state.strays[place].agent) || state.strays[place].minutes > 0
    {
      state.strays[place].minutes += 1
    }
    state.strays.removeAll { $0.minutes > settings.lag }
    return Set(state.strays.filter { $0.minutes == 1 }.map(\.agent))
  }

  /// Remembers agents that should run with something else and may not be changed. If there are too many, those are
  /// forgotten that have left: what they run with tells once they are back.
  private mutating func addStrays(_ agents: [AgentID]) {
    let known = Set(state.strays.map(\.agent))
    let new = agents.filter { !known.contains($0) }
    guard !new.isEmpty else { return }
    if state.strays.count + new.count > RoleTuning.mostStrays {
      let members = Set(sight.members.map(\.agent))
      state.strays.removeAll { !members.contains($0.agent) }
    }
    state.strays += new.prefix(RoleTuning.mostStrays - state.strays.count).map { RoleTuning.Stray($0) }
  }

  private mutating func noteUse(_ order: Order) {
    guard let place = state.parameters.firstIndex(where: { $0.parameter.name == order.parameter }) else { return }
    state.parameters[place].use(order.value)
  }

  /// Whether an agent was set already by what a person has approved, which is not known here yet. What it runs with does
  /// not tell: its way back may have been lost.
  private func isApproved(_ member: Member) -> Bool {
    switch state.phase {
    case .asking(let trial), .asksAdoption(let trial):
      member.approved.contains(trial.place)
        && TunedParameter.isSame(member.settings[trial.place], trial.value)
        && !(state.held?.agents.contains(member.agent) ?? false)
    case .resting, .trying, .closing, .widening, .returning: false
    }
  }

  /// Whether all members that may be changed run with what they are to run with.
  var isSettled: Bool {
    let arrangement = Arrangement(state, settings)
    return sight.members.allSatisfy { member in
      !member.isFree || !mayBeSet(member) || Self.runs(member, with: arrangement.wanted(of: member.agent))
    }
  }

  private var isGoingBack: Bool {
    switch state.phase {
    case .returning, .closing: true
    case .resting, .asking, .trying, .asksAdoption, .widening: false
    }
  }
}

extension RoleTuning {
  var isReturning: Bool { if case .returning = phase { true } else { false } }

  /// Whether all are on their way back.
  var isEnding: Bool {
    switch phase {
    case .returning: true
    case .closing: held == nil
    case .resting, .asking, .trying, .asksAdoption, .widening: false
    }
  }

  /// Puts a trial in place of the present one.
  mutating func replace(_ trial: Trial) {
    switch phase {
    case .asking: phase = .asking(trial)
    case .trying: phase = .trying(trial)
    case .closing(_, let minutes): phase = .closing(trial, minutes)
    case .asksAdoption: phase = .asksAdoption(trial)
    case .resting, .widening, .returning: break
    }
  }
}
