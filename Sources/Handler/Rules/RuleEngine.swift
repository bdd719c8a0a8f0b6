import Automation
import FleetModel
import Loop
import Redis
import Wire

/// Judges events by the rules, one after the other, and begins what they decide.
///
/// A class, because what reads events and what it decides meanwhile share it.
final class RuleEngine {
  private let term: Term
  private let fleet: () -> Fleet
  private var queue = OccasionQueue()
  /// The rules that have not been asked about the first event of the queue; nil where none has.
  private var unasked: ArraySlice<Rule>?
  private var isBusy = false
  private var attempts = 0
  /// Whether a rule concerns events of each kind, and which rules a type, where that has been asked.
  private var kinds = noKinds
  private var rulesOfType: [String: [Rule]] = [:]
  private var census: (value: Census, madeAt: Instant)?
  /// The mode as it was last read, and when.
  private var mode = (value: AutomationMode.dry, readAt: MonotonicTime(nanoseconds: 0))
  private var recent = RecentMarks()
  /// What was decided since it was last taken.
  var tally = DecisionTally()
  private lazy var overflow = OverflowReport(term: term) { [unowned self] in queue.takeOverflow() }

  /// How old the census of a large fleet may be; a small one is counted anew each time.
  private static let smallFleet = 1000
  private static let censusSpan = TimeSpan.seconds(1)
  /// How old the mode may be, in milliseconds, to leave an event alone by; to act it is read anew.
  private static let modeSpan = 1000.0
  /// For how long a reason to do nothing is not told again.
  static let holdSpan = TimeSpan.minutes(15)

  /// What rules have acted on and has not cleared since.
  private lazy var clearing = Clearing(term: term) { [unowned self] in
    facts($0, $1)
  } cleared: { [unowned self] in
    recent.forget($0, $1)
  }

  init(term: Term, fleet: @escaping () -> Fleet) {
    self.term = term
    self.fleet = fleet
  }

  func start() { clearing.start() }

  /// Whether anything is to be known of each event's agent.
  var watchesAgents: Bool { !clearing.isIdle }

  /// When any agent sent metrics last.
  var metricsAt: Instant?

  /// An event of an agent has been applied.
  func applied(_ agent: AgentID) { clearing.look(at: agent) }

  private var runbook: Runbook { term.options.runbook }

  /// Whether any rule concerns events of a kind; of a kind that vigia does not know nobody can tell before its type is.
  func concerns(_ kind: EventKind) -> Bool {
    if let known = kinds[Int(kind.rawValue)] { return known }
    let concerned = kind.type.map { !runbook.rules(on: $0).isEmpty } ?? !runbook.rules.isEmpty
    kinds[Int(kind.rawValue)] = concerned
    return concerned
  }

  /// The runbook is another one.
  func runbookChanged() {
    (kinds, rulesOfType, unasked) = (Self.noKinds, [:], nil)
    recent.forgetAll()
  }

  private static let noKinds = [Bool?](repeating: nil, count: EventKind.allCases.count)

  /// The facts about a run's agent, for what is judged after its actions.
  func facts(_ record: RunRecord, _ agent: AgentRecord) -> OccasionFacts {
    OccasionFacts(
      occasion: Occasion(of: record), agent: fleet()[record.agent], record: agent, census: currentCensus(),
      knownBackup: term.knownBackup(record.agent), now: term.now, feedback: feedback(of: record.agent))
  }

  /// The entry of the oldest event that is not decided: whoever acts next begins with it.
  var oldest: StreamID? { queue.first?.entry }

  func take(_ occasion: Occasion) {
    guard queue.append(occasion) else { return overflow.appoint() }
    if !isBusy { next() }
  }

  /// Goes through the queue until Redis has to be asked.
  private func next() {
    isBusy = true
    while !term.isOver, let occasion = queue.first {
      guard let rule = ruleToAsk(about: occasion) else {
        queue.removeFirst()
        continue
      }
      attempts = 0
      return decide(rule, occasion) { [weak self] in self?.next() }
    }
    if term.isOver { queue = OccasionQueue() }
    isBusy = false
  }

  /// The next rule whose say on an event is not known yet.
  private func ruleToAsk(about occasion: Occasion) -> Rule? {
    var rest = unasked ?? rules(on: occasion.type)[...]
    while let rule = rest.popFirst() {
      unasked = rest
      guard let decision = known(rule, occasion) else { return rule }
      tally.count(rule, decision)
    }
    unasked = nil
    return nil
  }

  private func rules(on type: String) -> [Rule] {
    if let known = rulesOfType[type] { return known }
    // Publishers may make up types without end.
    if rulesOfType.count > 1000 { rulesOfType.removeAll() }
    let rules = runbook.rules(on: type)
    rulesOfType[type] = rules
    return rules
  }

  /// A decision to do nothing that is certain, and told where it is to be: most of a flood comes to no more.
  private func known(_ rule: Rule, _ occasion: Occasion) -> Decision? {
    if rule.mode == .off { return Decision(.hold(.off), "the rule is off") }
    guard rule.when.isAboutEventAlone else { return nil }
    let facts = OccasionFacts(
      occasion: occasion, agent: fleet()[occasion.agent], record: AgentRecord(), census: Census(), knownBackup: nil,
      now: term.now)
    let verdict = rule.when.judge(facts)
    guard verdict.holds else { return Decision(.hold(.notMet), verdict.reason) }
    let now = MonotonicTime.now
    guard !rule.countsAsking, now.milliseconds(since: mode.readAt) < Self.modeSpan,
      let marks = recent.marks(rule, occasion.agent, at: now)
    else { return nil }
    let circumstances = Circumstances(
      mode: mode.value, now: term.now, age: term.now - occasion.receivedAt, actWithin: term.options.actWithin)
    let decision = Planner(rule, marks.memory(at: term.now), circumstances).decide(verdict)
    guard case .hold(let hold) = decision.course, hold == .off || marks.held == hold.rawValue else { return nil }
    return decision
  }

  // MARK: One rule

  private func decide(_ rule: Rule, _ occasion: Occasion, _ done: @escaping () -> Void) {
    let keys = term.keys
    let isDry = mode.value != .on || rule.mode == .dryRun
    var marks = RuleMarks(rule, occasion, keys, isDry: isDry)
    let census = currentCensus()
    let role = Array(census.role(of: occasion.agent).utf8)
    let requests = [
      Request("GET", keys.automation), Request("HGETALL", keys.agent(occasion.agent)),
      Request("ZCOUNT", keys.mark(Array("paused/".utf8) + role), "(\(term.now.milliseconds)", "+inf"),
      Request("HGET", keys.mark("standing-in"), occasion.agent.bytes),
      Request("HGET", keys.alerts, AlertID(.escalation, occasion.agent).bytes),
    ]
    term.read(requests + marks.requests) { [weak self] replies in
      guard let self, !term.isOver else { return }
      let mode = replies[0].text.flatMap(AutomationMode.init(rawValue:)) ?? .dry
      let isOther = (mode == .on) != (self.mode.value == .on)
      self.mode = (mode, .now)
      guard !isOther else {
        // Its memory is another one.
        recent.forgetAll()
        return decide(rule, occasion, done)
      }
      marks.take(replies[requests.count...])
      recent.keep(marks, rule, occasion.agent, at: .now)
      let verdict = RuleVerdict(
        rule: rule, occasion: occasion, marks: marks, replies: replies, census: census, mode: mode, term: term,
        agent: fleet()[occasion.agent], severity: severity(of: occasion.agent),
        silence: metricsAt.map { self.term.now - $0 }, feedback: feedback(of: occasion.agent))
      conclude(verdict, done) { [weak self] in self?.decide(rule, occasion, done) }
    }
  }

  /// What its users said lately, where they were unhappy.
  private func feedback(of agent: AgentID) -> [Incident] {
    fleet().incidents.satisfaction.filter { $0.kind == .feedback && $0.agent == agent }.suffix(Deed.mostOfEach)
  }

  private func severity(of agent: AgentID) -> Severity {
    let fleet = fleet()
    return fleet.position(of: agent).flatMap { fleet.alerts(ofAgentAt: $0).first?.record.severity } ?? .low
  }

  private func currentCensus() -> Census {
    let fleet = fleet()
    if let census, fleet.count > Self.smallFleet, term.now - census.madeAt < Self.censusSpan { return census.value }
    let fresh = Census(fleet, at: term.now)
    census = (fresh, term.now)
    return fresh
  }

  private func conclude(_ verdict: RuleVerdict, _ done: @escaping () -> Void, again: @escaping () -> Void) {
    guard !verdict.isDecided else { return done() }
    let decision = verdict.decision
    guard let (step, change) = verdict.step() else {
      tally.count(verdict.rule, decision)
      return done()
    }
    recent.forget(verdict.rule.id, verdict.occasion.agent)
    term.run(step, carrying: change) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        tally.count(verdict.rule, decision)
        let isHold = if case .hold = decision.course { true } else { false }
        term.log(
          isHold ? .debug : .info, "a rule was judged",
          ["rule": verdict.rule.id, "agent": "\(verdict.occasion.agent)", "decision": decision.words])
        if decision.course == .act, verdict.rule.clear != nil {
          clearing.watch(verdict.rule.id, verdict.occasion.agent)
        }
        term.onSchedule()
        done()
      case .refused:
        attempts += 1
        if attempts < 20 { again() } else { done() }
      case .over: break
      case .failed(let error):
        term.log(.error, "Redis refused a rule's decision; trying again", ["error": error.text])
        term.later(inMilliseconds: 500, again)
      }
    }
  }
}
