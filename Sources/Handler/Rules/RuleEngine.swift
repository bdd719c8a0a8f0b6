import Automation
import FleetModel
import Redis
import Wire

/// Judges events by the rules, one after the other, and begins what they decide.
///
/// A class, because what reads events and what it decides meanwhile share it.
final class RuleEngine {
  private let term: Term
  private let fleet: () -> Fleet
  /// Events that have not been decided, oldest first.
  private var queue: [Occasion] = []
  private var queueStart = 0
  /// Whether a rule concerns events of each kind, where that has been asked.
  private var kinds = noKinds
  private var isBusy = false
  private var attempts = 0
  private var census: (value: Census, madeAt: Instant)?
  /// The mode as it was last read.
  private var mode = AutomationMode.dry

  /// How old the census of a large fleet may be; a small one is counted anew each time.
  private static let smallFleet = 1000
  private static let censusSpan = TimeSpan.seconds(1)
  /// For how long a reason to do nothing is not told again.
  static let holdSpan = TimeSpan.minutes(15)

  /// What rules have acted on and has not cleared since.
  private lazy var clearing = Clearing(term: term) { [unowned self] in facts($0, $1) }

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
  func runbookChanged() { kinds = Self.noKinds }

  private static let noKinds = [Bool?](repeating: nil, count: EventKind.allCases.count)

  /// The facts about a run's agent, for what is judged after its actions.
  func facts(_ record: RunRecord, _ agent: AgentRecord) -> OccasionFacts {
    OccasionFacts(
      occasion: Occasion(of: record), agent: fleet()[record.agent], record: agent, census: currentCensus(),
      knownBackup: term.knownBackup(record.agent), now: term.now, feedback: feedback(of: record.agent))
  }

  /// The entry of the oldest event that is not decided: whoever acts next begins with it.
  var oldest: StreamID? { queueStart < queue.count ? queue[queueStart].entry : nil }

  func take(_ occasion: Occasion) {
    queue.append(occasion)
    if !isBusy { next() }
  }

  private func next() {
    guard queueStart < queue.count, !term.isOver else {
      (queue, queueStart, isBusy) = ([], 0, false)
      return
    }
    isBusy = true
    let occasion = queue[queueStart]
    judge(occasion, runbook.rules(on: occasion.type)[...])
  }

  /// One rule after the other; then the next event.
  private func judge(_ occasion: Occasion, _ rules: ArraySlice<Rule>) {
    guard !term.isOver else { return }
    guard let rule = rules.first else {
      queueStart += 1
      if queueStart > 1024 {
        queue.removeFirst(queueStart)
        queueStart = 0
      }
      // Not from within itself: a long queue of events that nothing comes of would otherwise be as deep.
      return term.loop.later { [weak self] in self?.next() }
    }
    attempts = 0
    decide(rule, occasion) { [weak self] in self?.judge(occasion, rules.dropFirst()) }
  }

  // MARK: One rule

  private func decide(_ rule: Rule, _ occasion: Occasion, _ done: @escaping () -> Void) {
    let keys = term.keys
    let isDry = mode != .on || rule.mode == .dryRun
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
      guard (mode == .on) == (self.mode == .on) else {
        // Its memory is another one.
        self.mode = mode
        return decide(rule, occasion, done)
      }
      self.mode = mode
      marks.take(replies[requests.count...])
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
    guard let (step, change) = verdict.step() else { return done() }
    term.run(step, carrying: change) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
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
