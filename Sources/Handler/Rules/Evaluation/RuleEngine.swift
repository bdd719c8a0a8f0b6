import Automation
import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Judges events by the rules, one after the other, and begins what they decide.
///
/// A class, because what reads events and what it decides meanwhile share it.
final class RuleEngine {
  private let session: LeaseSession
  let view: RuleFleet
  private var queue = TriggerQueue()
  /// The rules that have not been asked about the first event of the queue; nil if none has.
  private var unasked: ArraySlice<PreparedRule>?
  private var isBusy = false
  /// The mode as it was last read, and when.
  private var mode = (value: AutomationMode.dry, readAt: MonotonicTime(nanoseconds: 0)) {
    didSet { repeats.turn = nil }
  }
  private var recent = RuleStateCache()
  private let repeats: RepeatFilter
  private var runbook: RulesByType { repeats.rules }
  /// Whether events were settled by the mode as it was read, since it was last looked at.
  private var usesMode = false
  /// What was decided since it was last taken.
  private var tally = DecisionTally()
  /// Told that nothing waits to be judged.
  var onDrained: () -> Void = {}
  /// What goes on once there is room for more events.
  private var waiting: [() -> Void] = []
  private lazy var writer = EvaluationWriter(session: session)
  private let held: SuppressionReporter
  private lazy var watch = FleetHealthMonitor(session: session, held: held)

  /// Of how many events the marks are read at once.
  private static let mostAhead = 512
  /// How old the mode may be, in milliseconds, to leave an event alone by; to act it is read anew.
  private static let modeSpan = 1000.0
  /// For how long a reason to do nothing is not told again.
  static let holdSpan = TimeSpan.minutes(15)
  /// For how long a decision to do nothing may be repeated without being made anew, at the most.
  private static let repeatSpan = TimeSpan.minutes(1)

  /// What rules have acted on and has not cleared since.
  private lazy var clearing = RecoveryWatcher(session: session) { [unowned self] in
    facts($0, $1)
  } cleared: { [unowned self] in
    forget($0, $1)
  } watches: { [repeats] in
    repeats.watchesAgents = $0
  }

  /// - Parameter repeats: what settles events as they are read, by what this engine tells it.
  init(session: LeaseSession, knowledge: any FleetKnowledge, repeats: RepeatFilter) {
    self.session = session
    self.repeats = repeats
    view = RuleFleet(session: session, knowledge: knowledge)
    held = SuppressionReporter(session: session)
    held.onWritten = { [weak self] in self?.tellOfRoom() }
  }

  func start() {
    session.addObserver(self)
    clearing.start()
  }

  /// The switch was turned: the very next event goes by it.
  private func forgetMode() {
    mode.readAt = MonotonicTime(nanoseconds: 0)
    forgetAll()
  }

  private func forgetAll() {
    recent.forgetAll()
    repeats.forgetAll()
  }

  /// What was remembered of a rule and an agent does not stand any more.
  func forget(_ rule: String, _ agent: AgentID) {
    if let rule = runbook.rule(rule) { recent.forget(rule, agent) }
    if let (position, _) = view.place(of: agent) { repeats.forget(position) }
  }

  /// Looks at the fleet as a whole, where it is time to, and at the switch while events are settled by it.
  func watchFleet() {
    watch.look { view.finding }
    if session.hasReadEvents { session.owner?.rulesAreHeld(view.reason) }
    guard usesMode else { return }
    usesMode = false
    session.read([Request("GET", session.keys.automation)]) { [weak self] in self?.took(mode: $0[0]) }
  }

  /// - Returns: whether rules act or do not as before; otherwise their memory is another one.
  @discardableResult
  private func took(mode reply: Reply) -> Bool {
    let new = reply.text.flatMap(AutomationMode.init(rawValue:)) ?? .dry
    if let bytes = reply.bytes, reply.text.flatMap(AutomationMode.init(rawValue:)) == nil {
      session.passOver("the switch of automation", session.keys.automation, bytes)
    }
    let isSame = (new == .on) == (mode.value == .on)
    if !isSame || new != mode.value { forgetAll() }
    mode = (new, .now)
    return isSame
  }

  /// An event of an agent has been applied.
  func applied(_ agent: AgentID) { clearing.look(at: agent) }

  /// What a person has approved has begun.
  func began(_ rule: String, _ agent: AgentID) {
    forget(rule, agent)
    clearing.watch(rule, agent)
  }

  /// The runbook is another one.
  func runbookChanged() {
    unasked = nil
    runbook.moveCounts(to: &tally)
    repeats.take(RulesByType(session.options.runbook, session.keys))
    queue.forgetMatches()
    forgetAll()
  }

  /// The facts about a run's agent, for what is judged after its actions.
  func facts(_ record: RunRecord, _ agent: AgentRecord) -> RuleFacts {
    view.facts(TriggerEvent(of: record), agent)
  }

  /// The entry of the oldest event that is not decided: the next handler begins with it.
  var oldest: StreamID? { [held.oldest, queue.oldest].compactMap(\.self).min() }

  func take(_ trigger: TriggerEvent) {
    queue.append(trigger)
    if !isBusy { next() }
  }

  /// Looks at the clocks and the mode, once for all events of a turn of the loop.
  func beginTurn() -> RepeatFilter.Turn {
    let now = session.now
    let turn = RepeatFilter.Turn(now: now, oldest: now - session.options.actWithin, knowsMode: isModeKnown(at: .now))
    if turn.knowsMode { usesMode = true }
    repeats.turn = turn
    session.loop.later { [repeats] in repeats.turn = nil }
    return turn
  }

  /// Whether the mode was read lately enough to leave an event alone by it.
  private func isModeKnown(at now: MonotonicTime) -> Bool { now.milliseconds(since: mode.readAt) < Self.modeSpan }

  // MARK: Room

  /// Whether so many events wait, to be judged or to be told, that no more are to be read.
  var isFull: Bool { queue.isFull || held.isFull }

  /// Calls `work` once there is room for more events: at once, if there is.
  func whenRoomy(_ work: @escaping () -> Void) {
    if isFull { waiting.append(work) } else { work() }
  }

  private func tellOfRoom() {
    guard !waiting.isEmpty, queue.isRoomy, held.isRoomy, !session.isOver else { return }
    let all = waiting
    waiting = []
    for work in all { session.loop.later(work) }
  }

  // MARK: What was decided

  var hasTally: Bool { runbook.counted > 0 || !tally.isEmpty }

  /// Whether so much was decided that it should be saved soon.
  var hasMuchTally: Bool { runbook.counted >= 1000 }

  /// What was decided since the last call.
  func takeTally() -> DecisionTally {
    runbook.moveCounts(to: &tally)
    return tally.take()
  }

  /// What could not be written is to be taken again.
  func giveBack(_ counts: DecisionTally) { tally.add(counts) }

  // MARK: One event after the other

  /// Goes through the queue until Redis has to be asked.
  private func next() {
    isBusy = true
    while !session.isOver, let trigger = queue.first {
      switch ask(about: trigger) {
      case .nothing:
        queue.removeFirst()
        tellOfRoom()
      case .marks: return readAhead()
      case .all: return decideFirst()
      }
    }
    if session.isOver { queue = TriggerQueue() }
    isBusy = false
    onDrained()
  }

  /// Decides by all there is to know, under the rule that is next.
  private func decideFirst() {
    guard let trigger = queue.first, let rule = unasked?.popFirst() else { return next() }
    writer.start()
    decide(rule, trigger) { [weak self] in self?.next() }
  }

  /// What is to be asked of Redis next about an event.
  private enum Wanted {
    case nothing
    /// The marks of its rules.
    case marks
    /// All that a decision on it goes by.
    case all
  }

  private func ask(about trigger: TriggerEvent) -> Wanted {
    var rest = unasked ?? runbook[trigger.type][...]
    while let rule = rest.first {
      unasked = rest
      switch known(rule, trigger, at: rest.startIndex) {
      case .settled(let suppression): if let suppression { runbook.count(rule, .suppression(suppression)) }
      case .unread: return .marks
      case .open: return .all
      }
      rest = rest.dropFirst()
    }
    unasked = nil
    return .nothing
  }

  // MARK: What is known beforehand

  private enum Knowledge {
    /// Nothing is done; nil if the event was decided before.
    case settled(Decision.Suppression?)
    /// The marks may tell, and have not been read.
    case unread
    case open
  }

  /// Finds decisions to do nothing that are certain: a flood comes to little else.
  ///
  /// - Parameter place: which of the rules on the event it is.
  private func known(_ rule: PreparedRule, _ trigger: TriggerEvent, at place: Int) -> Knowledge {
    if rule.rule.mode == .off { return .settled(.off) }
    guard let holds = holds(rule, trigger, at: place) else { return .open }
    guard holds else { return .settled(.notMet) }
    let (now, time) = (MonotonicTime.now, session.now)
    // What is too old counts as asked for under no rule.
    let isStale = time - trigger.receivedAt > session.options.actWithin
    guard !rule.countsAsking || isStale, isModeKnown(at: now) else { return .open }
    usesMode = true
    guard let marks = recent.marks(rule, trigger.agent, at: now) else { return .unread }
    let circumstances = DecisionContext(
      mode: mode.value, now: time, age: time - trigger.receivedAt, actWithin: session.options.actWithin,
      guarded: rule.isHeldWhileIll ? view.fault : nil)
    let memory = marks.memory(at: time)
    guard let decision = Planner(rule.rule, memory, circumstances).suppression(),
      case .suppression(let suppression) = decision.course
    else {
      return .open
    }
    guard suppression.isTold, marks.held != suppression else {
      remember(rule, trigger, suppression, memory, at: time)
      return .settled(suppression)
    }
    guard marks.isOf(trigger.entry) else {
      // Whether the event itself was acted on before is not known.
      recent.forget(rule, trigger.agent)
      return .unread
    }
    guard !marks.isDecided else { return .settled(nil) }
    tell(trigger, decision, suppression, marks)
    remember(rule, trigger, suppression, memory, at: time)
    return .settled(suppression)
  }

  /// Has repeats of an event settled as they are read, for as long as the decision is certain to be the same.
  private func remember(
    _ rule: PreparedRule, _ trigger: TriggerEvent, _ suppression: Decision.Suppression, _ memory: RuleHistory,
    at now: Instant
  ) {
    guard let (position, first) = view.place(of: trigger.agent) else { return }
    let most = now + Self.repeatSpan
    let end: Instant
    switch suppression {
    case .stale, .notCleared: end = most
    case .throttled: end = min(most, memory.throttleEnd(rule.rule) ?? now)
    case .limited: end = min(most, memory.limitEnd(rule.rule) ?? now)
    // These pass by themselves, and nobody tells when.
    case .off: end = now + .seconds(1)
    case .guarded: end = now + TimeSpan(milliseconds: 250)
    case .notMet, .counting: return
    }
    repeats.remember(rule, trigger.kind, position, first: first, suppression, until: end)
  }

  /// Whether the condition holds; nil if the event and its agent alone do not tell it.
  ///
  /// - Parameter place: which of the rules on the event it is.
  private func holds(_ rule: PreparedRule, _ trigger: TriggerEvent, at place: Int) -> Bool? {
    guard rule.isJudgedInMemory else { return nil }
    if let matches = trigger.matches { return matches & 1 << UInt64(place) != 0 }
    return rule.rule.when.holds(view.knownFacts(trigger, asksForAgent: rule.asksForAgent))
  }

  private func tell(
    _ trigger: TriggerEvent, _ decision: Decision, _ suppression: Decision.Suppression, _ marks: RuleState
  ) {
    var marks = marks
    held.add(SuppressionReporter.Held(trigger: trigger, decision: decision, suppression: suppression, marks: marks))
    marks.tell(suppression)
    recent.keep(marks, at: .now)
  }

  /// Reads the marks of the next events at once.
  private func readAhead() {
    var reading = RuleStateReader()
    var wanted: Set<Wish> = []
    let isDry = mode.value != .on
    let now = MonotonicTime.now
    for trigger in queue.ahead(Self.mostAhead) {
      for (place, rule) in runbook[trigger.type].enumerated()
      where rule.rule.mode != .off && recent.marks(rule, trigger.agent, at: now) == nil
        && wanted.insert(Wish(rule: ObjectIdentifier(rule), agent: trigger.agent)).inserted
        && holds(rule, trigger, at: place) == true
      {
        reading.add(RuleState(rule, trigger, isDry: isDry || rule.rule.mode == .dryRun))
      }
    }
    // The verdict was another one a moment ago.
    guard !reading.isEmpty || unasked?.first == nil else { return decideFirst() }
    session.read(reading.requests) { [weak self] replies in
      guard let self, !session.isOver else { return }
      let now = MonotonicTime.now
      for marks in reading.marks(replies) { recent.keep(marks, at: now) }
      next()
    }
  }

  /// A rule and an agent whose marks are asked for.
  private struct Wish: Hashable {
    var rule: ObjectIdentifier
    var agent: AgentID
  }

  // MARK: One rule

  private func decide(_ rule: PreparedRule, _ trigger: TriggerEvent, _ done: @escaping () -> Void) {
    let keys = session.keys
    let isDry = mode.value != .on || rule.rule.mode == .dryRun
    var marks = RuleState(rule, trigger, isDry: isDry)
    // Of a rule that pauses nobody nothing is asked about pauses, and so on.
    var ledger = rule.mayTakeAway ? view.ledger(of: trigger.agent) : nil
    var caps = rule.mayReachCaps ? CapQuota(trigger.agent, at: session.now, keys: keys) : nil
    let (places, counts) = (ledger?.requests ?? [], caps?.requests ?? [])
    let requests = [
      Request("GET", keys.automation), Request("HGETALL", keys.agent(trigger.agent)),
      Request("HGET", keys.alerts, AlertID(.escalation, trigger.agent).bytes),
    ]
    session.read(requests + places + counts + marks.requests) { [weak self] replies in
      guard let self, !session.isOver else { return }
      guard took(mode: replies[0]) else { return decide(rule, trigger, done) }
      let mode = mode.value
      ledger?.take(replies.dropFirst(requests.count).prefix(places.count))
      caps?.take(replies.dropFirst(requests.count + places.count).prefix(counts.count))
      if let ledger, !view.take(ledger) { return decide(rule, trigger, done) }
      marks.take(replies.dropFirst(requests.count + places.count + counts.count))
      for (key, value) in marks.odd { session.passOver("a rule's mark", key, value) }
      recent.keep(marks, at: .now)
      let facts = view.facts(trigger, AgentRecordCoding.decode(fields: replies[1].pairs))
      let verdict = RuleEvaluation(
        rule: rule.rule, facts: facts, marks: marks, ledger: ledger, caps: caps, automation: replies[0].bytes ?? [],
        mode: mode, alert: replies[2].bytes ?? [], severity: view.severity(of: trigger.agent),
        isFleetCallDue: held.isCallDue(SuppressionReporter.fleet), session: session)
      conclude(verdict, marks, done) { [weak self] in self?.decide(rule, trigger, done) }
    }
  }

  private func conclude(
    _ verdict: RuleEvaluation, _ marks: RuleState, _ done: @escaping () -> Void, again: @escaping () -> Void
  ) {
    guard !verdict.isDecided else { return done() }
    let decision = verdict.decision
    if case .suppression(let suppression) = decision.course, suppression.isTold, marks.held != suppression {
      tell(verdict.trigger, decision, suppression, marks)
    }
    guard let (transaction, change) = verdict.transaction() else {
      tally.count(verdict.rule, decision)
      return done()
    }
    forget(verdict.rule.id, verdict.trigger.agent)
    writer.write(
      verdict, transaction, change, written: { [weak self] in self?.written(verdict, done) }, again: again, done: done)
  }

  private func written(_ verdict: RuleEvaluation, _ done: () -> Void) {
    let (rule, agent, decision) = (verdict.rule, verdict.trigger.agent, verdict.decision)
    tally.count(rule, decision)
    view.health.give(to: verdict.receivers)
    if let (agent, end, ledger) = verdict.reservation { view.reserved(agent, until: end, ledger) }
    if verdict.callsForFleet { held.noteCall(SuppressionReporter.fleet) }
    session.log(.info, "a rule was judged", ["rule": rule.id, "agent": "\(agent)", "decision": decision.words])
    if decision.course == .act, rule.clear != nil { clearing.watch(rule.id, agent) }
    session.tell(.schedule)
    done()
  }
}

extension RuleEngine: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .automation: forgetMode()
    // What held its rule back stands no longer.
    case .proposalEnded(let proposal): forget(proposal.rule, proposal.agent)
    case .alert, .record, .schedule, .notices: break
    }
  }
}

extension RuleHistory {
  /// When the last of a rule's throttles ends.
  fileprivate func throttleEnd(_ rule: Rule) -> Instant? {
    zip(rule.throttle, throttles).compactMap { throttle, last in
      last.flatMap { last in throttle.onceWithin.map { last + $0 } }
    }.max()
  }

  /// When the rule may act again as far as its limits go. Whoever else acts meanwhile can only put that off.
  fileprivate func limitEnd(_ rule: Rule) -> Instant? {
    func end(_ times: [Instant], _ limit: Rule.Count?) -> Instant? {
      guard let limit, limit.count > 0, times.count >= limit.count else { return nil }
      return times.sorted()[times.count - limit.count] + limit.within
    }
    return [end(actedOnAgent, rule.limits.perAgent), end(acted, rule.limits.rate)].compactMap(\.self).max()
  }
}
