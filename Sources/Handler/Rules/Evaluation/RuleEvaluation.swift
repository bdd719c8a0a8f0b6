import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What one rule makes of one event, and the transaction that writes it.
struct RuleEvaluation {
  let rule: Rule
  let trigger: TriggerEvent
  let decision: Decision
  /// Whether it was decided before.
  let isDecided: Bool
  private let marks: RuleState
  private let mode: AutomationMode
  private let automation: [UInt8]
  private let alertBytes: [UInt8]
  private let record: AgentRecord
  private let ledger: PauseQuota?
  private let caps: CapQuota?
  private let actions: GuardCheck.Result
  /// Whether a person is to be called for the state of the fleet, if that holds actions back.
  private let isFleetCallDue: Bool
  private let undo: [PlannedAction]
  private let otherwise: [PlannedAction]
  /// How bad the agent's worst alert is.
  private let severity: Severity
  private let session: LeaseSession
  private let now: Instant

  /// - Parameters:
  ///   - automation: the switch as it was read, and what it says.
  ///   - alert: the agent's escalation as it was read.
  ///   - ledger: nil if the rule pauses and restarts nobody; `caps` and `versions` likewise.
  init(
    rule: Rule, facts: RuleFacts, marks: RuleState, ledger: PauseQuota?, caps: CapQuota?,
    versions: NamedVersions?, automation: [UInt8], mode: AutomationMode, alert: [UInt8], severity: Severity,
    isFleetCallDue: Bool, session: LeaseSession
  ) {
    (self.rule, trigger, self.marks, self.mode, self.session) = (rule, facts.trigger, marks, mode, session)
    (self.ledger, self.caps, self.automation, self.severity) = (ledger, caps, automation, severity)
    (record, self.isFleetCallDue) = (facts.record, isFleetCallDue)
    alertBytes = alert
    now = facts.now
    isDecided = marks.isDecided
    let circumstances = DecisionContext(
      mode: mode, now: now, age: now - trigger.receivedAt, actWithin: session.options.actWithin)
    let first = Planner(rule, marks.memory(at: now), circumstances).decide(rule.judge(facts))
    if case .suppression = first.course {
      (decision, actions, undo, otherwise) = (first, GuardCheck.Result(), [], [])
      return
    }
    let guardCheck = GuardCheck(
      guards: session.options.runbook.guards, input: GuardCheck.Input(facts, ledger, caps, versions))
    let planned = rule.ruleActions.planned(for: trigger.agent, facts)
    // What a person is asked about is for that person to decide.
    actions = first.course == .propose ? guardCheck.asking(planned) : guardCheck.filter(planned)
    undo = rule.undo.planned(for: trigger.agent, facts)
    otherwise = rule.verification?.otherwise.planned(for: trigger.agent, facts) ?? []
    decision = actions.kept(first)
  }

  /// Whether writing it calls a person for the state of the fleet.
  var callsForFleet: Bool { decision.course == .act && actions.fleetFault != nil && isCalledForFleet }

  /// Whoever attacks is worth a call each time.
  private var isCalledForFleet: Bool { isFleetCallDue || trigger.type == EventKind.securityAlert.type }

  /// The place among the paused that it takes; nil if it takes none.
  var reservation: (agent: AgentID, until: Instant, ledger: PauseQuota)? {
    guard decision.course == .act, let ledger, let span = actions.ruleActions.pause(of: trigger.agent) else {
      return nil
    }
    return (trigger.agent, now + span, ledger)
  }

  /// To whom conversations go, where it acts.
  var receivers: [AgentID] {
    guard decision.course == .act else { return [] }
    return actions.ruleActions.filter { $0.kind == .action(.transfer) }.compactMap {
      $0.arguments["to"].flatMap { AgentID(outside: Array($0.utf8)) }
    }
  }

  /// What is written; nil if nothing is.
  func transaction() -> (Transaction, Change)? {
    switch decision.course {
    case .suppression(let suppression): held(suppression)
    case .dryRun: dry()
    case .act: acted()
    case .propose: proposed()
    }
  }

  private func opened() -> Transaction {
    var transaction = Transaction()
    transaction.require("GET", session.keys.automation, is: automation)
    marks.require(in: &transaction)
    return transaction
  }

  // MARK: Nothing is done

  /// What is remembered of it; that it is told is not this transaction's.
  private func held(_ suppression: Decision.Suppression) -> (Transaction, Change)? {
    switch suppression {
    case .notMet, .off, .stale, .notCleared, .limited, .guarded: return nil
    case .counting, .throttled:
      guard rule.countsAsking else { return nil }
      var transaction = opened()
      marks.addOccurrence(at: now, to: &transaction)
      return (transaction, Change())
    }
  }

  private func dry() -> (Transaction, Change)? {
    var transaction = opened()
    marks.addOccurrence(at: now, to: &transaction)
    marks.addAct(runRecord, at: now, to: &transaction)
    let asked = actions.proposed.isEmpty ? "" : "; would propose \(actions.proposed.map(\.ruleAction).words)"
    add(.skipped, "dry_run: would \(actions.ruleActions.words)\(asked)", to: &transaction)
    for refused in actions.refused { add(refused, to: &transaction) }
    return (transaction, Change())
  }

  // MARK: Something is

  private var runRecord: RunRecord {
    var record = RunRecord(
      rule: rule.id, agent: trigger.agent, event: "\(trigger.entry)", reason: decision.reason,
      ruleActions: decision.course == .propose ? actions.asked : actions.ruleActions)
    (record.severity, record.alert) = (severity, trigger.alert)
    record.verifyAfter = rule.verification?.after
    record.refused = actions.refused.map { "\($0.ruleAction.words): \($0.reason)" }
    if rule.isJudgedAgain || decision.course == .propose { record.trigger = trigger.remains }
    (record.undo, record.otherwise) = (undo, otherwise)
    return record
  }

  /// What the transaction has in common if the rule acts and if it proposes.
  private func begun(waits: TimeSpan? = nil) -> Transaction {
    var transaction = opened()
    marks.addOccurrence(at: now, to: &transaction)
    marks.addAct(runRecord, at: now, waits: waits, to: &transaction)
    return transaction
  }

  private func acted() -> (Transaction, Change)? {
    var transaction = begun()
    if let span = actions.ruleActions.pause(of: trigger.agent) { ledger?.reserve(span, in: &transaction) }
    caps?.reserve(
      actions.ruleActions, of: run, record, for: session.options.runbook.guards.scaleUpEvery, in: &transaction)
    transaction.change(
      "ZADD", session.keys.schedule, now, Job(.ruleAction(run: run, .ruleActions, 0), trigger.agent).encoded)
    let isCalled = actions.opensEscalation || (actions.fleetFault != nil && isCalledForFleet)
    let change = called(isCalled, actions.refusal, &transaction)
    add(.started, actions.ruleActions.words, alert: change.alert, to: &transaction)
    for refused in actions.refused { add(refused, to: &transaction) }
    if !actions.proposed.isEmpty { proposeRest(in: &transaction) }
    return (transaction, change)
  }

  /// Asks a person about what is beyond a cap, apart from what is done; one question at a time about an agent.
  private func proposeRest(in transaction: inout Transaction) {
    guard !marks.isRestProposed else {
      for (ruleAction, reason) in actions.proposed {
        add((ruleAction, "\(reason); what it proposed before still stands"), to: &transaction)
      }
      return
    }
    marks.addRest(for: rule.approval.lifetime, to: &transaction)
    var record = RunRecord(
      rule: rule.id, agent: trigger.agent, event: "\(trigger.entry)",
      reason: [decision.reason, actions.proposed[0].reason].filter { !$0.isEmpty }.joined(separator: "; "),
      ruleActions: actions.proposed.map(\.ruleAction))
    (record.severity, record.alert) = (severity, trigger.alert)
    (record.trigger, record.isRest) = (trigger.remains, true)
    let run = RunRecord.rest(of: run)
    let stays = RuleState.stay(clears: false).milliseconds + rule.approval.lifetime.milliseconds
    transaction.change("SET", session.keys.mark(run), record.encoded, "PX", stays)
    propose(record, run, in: &transaction)
  }

  private func proposed() -> (Transaction, Change)? {
    var transaction = begun(waits: rule.approval.lifetime)
    propose(runRecord, run, in: &transaction)
    for refused in actions.refused { add(refused, to: &transaction) }
    return (transaction, Change())
  }

  private func propose(_ record: RunRecord, _ run: String, in transaction: inout Transaction) {
    let proposal = record.proposal(ProposalID(run), madeAt: now, expiresAt: now + rule.approval.lifetime)
    transaction.change("HSET", session.keys.proposals, run, ProposalCoding.encode(proposal))
    transaction.change(
      "ZADD", session.keys.schedule, proposal.expiresAt, Job(.proposalEnd(proposal.id), trigger.agent).encoded)
    add(.proposed, "approving \(record.ruleActions.effect)", proposal: proposal, run: run, to: &transaction)
  }

  private var run: String { trigger.run(of: rule) }

  // MARK: Lines

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, alert: AlertRecord? = nil, proposal: Proposal? = nil,
    run: String? = nil, to transaction: inout Transaction
  ) {
    var line = session.ruleLine(
      phase, of: run ?? self.run, rule: rule.id, target: trigger.agent, reason: decision.reason, detail: detail)
    (line.alert, line.proposal) = (alert, proposal)
    transaction.add(line, session.keys)
  }

  private func add(_ refused: (ruleAction: PlannedAction, reason: String), to transaction: inout Transaction) {
    add(.skipped, "guarded: \(refused.ruleAction.words): \(refused.reason)", to: &transaction)
  }

  /// Calls a person: opens the agent's escalation, or counts it up.
  private func called(_ isCalled: Bool, _ words: String, _ transaction: inout Transaction) -> Change {
    guard isCalled else { return Change() }
    return session.openEscalation(
      AlertID(.escalation, trigger.agent), stored: alertBytes, "\(rule.heading): \(words)",
      to: rule.limits.escalateTo, in: &transaction)
  }
}

extension Array where Element == PlannedAction {
  /// For how long they pause an agent; nil if they do not.
  func pause(of agent: AgentID) -> TimeSpan? {
    first { $0.kind == .action(.pause) && $0.target == agent }.flatMap { TimeSpan($0.arguments["for"] ?? "15m") }
  }
}

extension Rule {
  /// Whether its condition, or one for afterwards, is judged once it has decided.
  fileprivate var isJudgedAgain: Bool { mode == .approve || verification != nil || clear != nil }
}
