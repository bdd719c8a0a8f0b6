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
  let session: LeaseSession
  let view: RuleFleet
  var queue = TriggerQueue()
  /// The rules that have not been asked about the first event of the queue; nil if none has.
  var unasked: ArraySlice<PreparedRule>?
  private var isBusy = false
  /// The mode as it was last read, and when.
  var mode = (value: AutomationMode.dry, readAt: MonotonicTime(nanoseconds: 0)) {
    didSet { repeats.turn = nil }
  }
  var recent = RuleStateCache()
  let repeats: RepeatFilter
  var runbook: RulesByType { repeats.rules }
  /// Whether events were settled by the mode as it was read, since it was last looked at.
  var usesMode = false
  /// What was decided since it was last taken.
  var tally = DecisionTally()
  /// Told that nothing waits to be judged.
  var onDrained: () -> Void = {}
  /// What goes on once there is room for more events.
  private var waiting: [() -> Void] = []
  lazy var writer = EvaluationWriter(session: session)
  let held: SuppressionReporter
  private lazy var watch = FleetHealthMonitor(session: session, held: held)

  /// Of how many events the marks are read at once.
  static let mostAhead = 512
  /// How old the mode may be, in milliseconds, to leave an event alone by; to act it is read anew.
  private static let modeSpan = 1000.0
  /// For how long a reason to do nothing is not told again.
  static let holdSpan = TimeSpan.minutes(15)
  /// For how long a decision to do nothing may be repeated without being made anew, at the most.
  static let repeatSpan = TimeSpan.minutes(1)

  /// What rules have acted on and has not cleared since.
  lazy var clearing = RecoveryWatcher(session: session) { [unowned self] in
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
  func took(mode reply: Reply) -> Bool {
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
  func isModeKnown(at now: MonotonicTime) -> Bool { now.milliseconds(since: mode.readAt) < Self.modeSpan }

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
  func next() {
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
  func decideFirst() {
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
}

extension RuleEngine: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .automation: forgetMode()
    // What held its rule back stands no longer.
    case .proposalEnded(let proposal): forget(proposal.rule, proposal.agent)
    case .alert, .alertsSaved, .record, .schedule, .unheard, .notices, .queueHands, .conversations, .maintenance: break
    }
  }
}
