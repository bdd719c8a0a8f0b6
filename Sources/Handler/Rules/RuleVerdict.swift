import Automation
import FleetModel
import Redis
import Wire

/// What one rule makes of one event, and the step that writes it.
struct RuleVerdict {
  let rule: Rule
  let occasion: Occasion
  let decision: Decision
  /// Whether it was decided before.
  let isDecided: Bool
  private let marks: RuleMarks
  private let mode: AutomationMode
  private let automation: [UInt8]
  private let alertBytes: [UInt8]
  private let record: AgentRecord
  private let ledger: PauseLedger?
  private let caps: CapLedger?
  private let actions: Guarding.Result
  /// Whether a person is to be called for the state of the fleet, if that holds actions back.
  private let isFleetCallDue: Bool
  private let undo: [PlannedDeed]
  private let otherwise: [PlannedDeed]
  /// How bad the agent's worst alert is.
  private let severity: Severity
  private let term: Term
  private let now: Instant

  /// - Parameters:
  ///   - automation: the switch as it was read, and what it says.
  ///   - alert: the agent's escalation as it was read.
  ///   - ledger: nil if the rule pauses and restarts nobody; `caps` likewise.
  init(
    rule: Rule, facts: OccasionFacts, marks: RuleMarks, ledger: PauseLedger?, caps: CapLedger?, automation: [UInt8],
    mode: AutomationMode, alert: [UInt8], severity: Severity, isFleetCallDue: Bool, term: Term
  ) {
    (self.rule, occasion, self.marks, self.mode, self.term) = (rule, facts.occasion, marks, mode, term)
    (self.ledger, self.caps, self.automation, self.severity) = (ledger, caps, automation, severity)
    (record, self.isFleetCallDue) = (facts.record, isFleetCallDue)
    alertBytes = alert
    now = facts.now
    isDecided = marks.isDecided
    let circumstances = Circumstances(
      mode: mode, now: now, age: now - occasion.receivedAt, actWithin: term.options.actWithin)
    let first = Planner(rule, marks.memory(at: now), circumstances).decide(rule.judge(facts))
    if case .hold = first.course {
      (decision, actions, undo, otherwise) = (first, Guarding.Result(), [], [])
      return
    }
    let guarding = Guarding(
      guards: term.options.runbook.guards, situation: Guarding.Situation(facts, ledger, caps))
    let planned = rule.deeds.planned(for: occasion.agent, facts)
    // What a person is asked about is for that person to decide.
    actions = first.course == .propose ? guarding.asking(planned) : guarding.filter(planned)
    undo = rule.undo.planned(for: occasion.agent, facts)
    otherwise = rule.verification?.otherwise.planned(for: occasion.agent, facts) ?? []
    decision = actions.kept(first)
  }

  /// Whether writing it calls a person for the state of the fleet.
  var callsForFleet: Bool { decision.course == .act && actions.fleetFault != nil && isCalledForFleet }

  /// Whoever attacks is worth a call each time.
  private var isCalledForFleet: Bool { isFleetCallDue || occasion.type == EventKind.securityAlert.type }

  /// The place among the paused that it takes; nil if it takes none.
  var reservation: (agent: AgentID, until: Instant, ledger: PauseLedger)? {
    guard decision.course == .act, let ledger, let span = actions.deeds.pause(of: occasion.agent) else { return nil }
    return (occasion.agent, now + span, ledger)
  }

  /// To whom conversations go, where it acts.
  var receivers: [AgentID] {
    guard decision.course == .act else { return [] }
    return actions.deeds.filter { $0.kind == .action(.transfer) }.compactMap {
      $0.arguments["to"].flatMap { AgentID(outside: Array($0.utf8)) }
    }
  }

  /// What is written; nil where nothing is.
  func step() -> (Step, Change)? {
    switch decision.course {
    case .hold(let hold): held(hold)
    case .dryRun: dry()
    case .act: acted()
    case .propose: proposed()
    }
  }

  private func opened() -> Step {
    var step = Step()
    step.require("GET", term.keys.automation, is: automation)
    marks.require(in: &step)
    return step
  }

  // MARK: Nothing is done

  /// What is remembered of it; that it is told is not this step's.
  private func held(_ hold: Decision.Hold) -> (Step, Change)? {
    switch hold {
    case .notMet, .off, .stale, .notCleared, .limited, .guarded: return nil
    case .counting, .throttled:
      guard rule.countsAsking else { return nil }
      var step = opened()
      marks.addOccurrence(at: now, to: &step)
      return (step, Change())
    }
  }

  private func dry() -> (Step, Change)? {
    var step = opened()
    marks.addOccurrence(at: now, to: &step)
    marks.addAct(runRecord, at: now, to: &step)
    let asked = actions.proposed.isEmpty ? "" : "; would propose \(actions.proposed.map(\.deed).words)"
    add(.skipped, "dry_run: would \(actions.deeds.words)\(asked)", to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    return (step, Change())
  }

  // MARK: Something is

  private var runRecord: RunRecord {
    var record = RunRecord(
      rule: rule.id, agent: occasion.agent, event: "\(occasion.entry)", reason: decision.reason,
      deeds: decision.course == .propose ? actions.asked : actions.deeds)
    (record.severity, record.alert) = (severity, occasion.alert)
    record.verifyAfter = rule.verification?.after
    record.refused = actions.refused.map { "\($0.deed.words): \($0.reason)" }
    if rule.isJudgedAgain || decision.course == .propose { record.occasion = occasion.remains }
    (record.undo, record.otherwise) = (undo, otherwise)
    return record
  }

  /// What both beginnings have.
  private func begun(waits: TimeSpan? = nil) -> Step {
    var step = opened()
    marks.addOccurrence(at: now, to: &step)
    marks.addAct(runRecord, at: now, waits: waits, to: &step)
    return step
  }

  private func acted() -> (Step, Change)? {
    var step = begun()
    if let span = actions.deeds.pause(of: occasion.agent) { ledger?.reserve(span, in: &step) }
    caps?.reserve(actions.deeds, of: run, record, for: term.options.runbook.guards.scaleUpEvery, in: &step)
    step.change("ZADD", term.keys.schedule, now, Job(.deed(run: run, .deeds, 0), occasion.agent).encoded)
    add(.started, actions.deeds.words, to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    if !actions.proposed.isEmpty { proposeRest(in: &step) }
    let isCalled = actions.callsPerson || (actions.fleetFault != nil && isCalledForFleet)
    let change = called(isCalled, actions.refusal, &step)
    return (step, change)
  }

  /// Asks a person about what is beyond a cap, apart from what is done; one question at a time about an agent.
  private func proposeRest(in step: inout Step) {
    guard !marks.isRestProposed else {
      for (deed, reason) in actions.proposed {
        add((deed, "\(reason); what it proposed before still stands"), to: &step)
      }
      return
    }
    marks.addRest(for: rule.approval.stands, to: &step)
    var record = RunRecord(
      rule: rule.id, agent: occasion.agent, event: "\(occasion.entry)",
      reason: [decision.reason, actions.proposed[0].reason].filter { !$0.isEmpty }.joined(separator: "; "),
      deeds: actions.proposed.map(\.deed))
    (record.severity, record.alert) = (severity, occasion.alert)
    (record.occasion, record.isRest) = (occasion.remains, true)
    let run = RunRecord.rest(of: run)
    let stays = RuleMarks.stay(clears: false).milliseconds + rule.approval.stands.milliseconds
    step.change("SET", term.keys.mark(run), record.encoded, "PX", stays)
    propose(record, run, in: &step)
  }

  private func proposed() -> (Step, Change)? {
    var step = begun(waits: rule.approval.stands)
    propose(runRecord, run, in: &step)
    for refused in actions.refused { add(refused, to: &step) }
    return (step, Change())
  }

  private func propose(_ record: RunRecord, _ run: String, in step: inout Step) {
    let proposal = record.proposal(ProposalID(run), madeAt: now, expiresAt: now + rule.approval.stands)
    step.change("HSET", term.keys.proposals, run, ProposalCoding.encode(proposal))
    step.change("ZADD", term.keys.schedule, proposal.expiresAt, Job(.proposalEnd(proposal.id), occasion.agent).encoded)
    add(.proposed, "approving \(record.deeds.effect)", proposal: proposal, run: run, to: &step)
  }

  private var run: String { occasion.run(of: rule) }

  // MARK: Lines

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, proposal: Proposal? = nil, run: String? = nil, to step: inout Step
  ) {
    var line = term.ruleLine(
      phase, of: run ?? self.run, rule: rule.id, target: occasion.agent, reason: decision.reason, detail: detail)
    line.proposal = proposal
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }

  private func add(_ refused: (deed: PlannedDeed, reason: String), to step: inout Step) {
    add(.skipped, "guarded: \(refused.deed.words): \(refused.reason)", to: &step)
  }

  /// Calls a person: opens the agent's escalation, or counts it up.
  private func called(_ isCalled: Bool, _ words: String, _ step: inout Step) -> Change {
    guard isCalled else { return Change() }
    return term.callPerson(
      AlertID(.escalation, occasion.agent), stored: alertBytes, "rule \(rule.id): \(words)",
      to: rule.limits.escalateTo, in: &step)
  }
}

extension Array where Element == PlannedDeed {
  /// For how long they pause an agent; nil where they do not.
  func pause(of agent: AgentID) -> TimeSpan? {
    first { $0.kind == .action(.pause) && $0.target == agent }.flatMap { TimeSpan($0.arguments["for"] ?? "15m") }
  }
}

extension Rule {
  /// Whether its condition, or one for afterwards, is judged once it has decided.
  fileprivate var isJudgedAgain: Bool { mode == .approve || verification != nil || clear != nil }
}
