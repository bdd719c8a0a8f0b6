import Automation
import Execution
import FleetModel
import Redis
import Wire

/// Begins what a person has approved, once its agent has been looked at again: time has passed since it was proposed.
///
/// The condition must still hold, with the event's own words and the agent as it is now, and guards may refuse actions that
/// were allowed then. What is left is done exactly as it was approved. That the fleet is ill stops nothing: it is a person
/// who decides.
final class RuleApproval: DueForRule {
  private let id: ProposalID
  private let seal: Job.Seal?
  let job: Job
  let member: [UInt8]
  let score: [UInt8]
  let session: LeaseSession
  private let rules: RuleEngine
  let finished: () -> Void
  var patience = RetryPolicy()

  init(
    _ id: ProposalID, _ seal: Job.Seal?, _ job: Job, member: [UInt8], score: [UInt8], session: LeaseSession,
    rules: RuleEngine,
    finished: @escaping () -> Void
  ) {
    self.id = id
    self.seal = seal
    self.job = job
    self.member = member
    self.score = score
    self.session = session
    self.rules = rules
    self.finished = finished
  }

  var run: String { id.text }
  private var agent: AgentID { job.target }
  private var runKey: [UInt8] { session.keys.mark(run) }

  func begin() {
    var ledger = rules.view.ledger(of: agent)
    var named = NamedVersions(session, actsAlone: false)
    let requests = [
      Request("GET", session.keys.automation), Request("GET", runKey), Request("HGETALL", session.keys.agent(agent)),
      Request("HGET", session.keys.alerts, AlertID(.escalation, agent).bytes),
    ]
    let places = ledger.requests
    session.read(requests + places + named.requests) { [self] replies in
      ledger.take(replies.dropFirst(requests.count).prefix(places.count))
      named.take(replies.dropFirst(requests.count + places.count))
      guard rules.view.take(ledger) else { return begin() }
      let (automation, storedRun, agentRecord, storedAlert) = (
        replies[0].bytes ?? [], replies[1].bytes, replies[2].pairs, replies[3].bytes ?? []
      )
      var transaction = opened()
      transaction.require("GET", session.keys.automation, is: automation)
      guard let bytes = storedRun, let record = RunRecord(bytes) else {
        add(.failed, "nothing is remembered of what was approved", nil, to: &transaction)
        return write(transaction)
      }
      transaction.require("GET", runKey, is: bytes)
      RuleState.endProposal(record.rule, agent, session.keys, in: &transaction)
      guard record.isSealed(by: seal, id) else {
        let reason = "approved, but not done: the stored run is not what was approved"
        add(.failed, reason, record, isClosing: true, to: &transaction)
        drop(record, in: &transaction)
        return write(transaction) { [self] in rules.forget(record.rule, agent) }
      }
      let facts = rules.facts(record, AgentRecordCoding.decode(fields: agentRecord))
      let mode = AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry
      if let reason = fault(record, facts, mode) {
        add(.skipped, "approved, and not done: \(reason)", record, to: &transaction)
        drop(record, in: &transaction)
        return write(transaction) { [self] in rules.forget(record.rule, agent) }
      }
      let rollsBack = record.ruleActions.contains { $0.kind == .action(.rollback) }
      let input = GuardCheck.Input(facts, ledger, nil, rollsBack ? named : nil)
      let change = act(record, input, ledger, alert: storedAlert, &transaction)
      write(transaction, change) { [self] in rules.began(record.rule, agent) }
    }
  }

  /// Why nothing of it is done any more; nil if nothing speaks against it.
  private func fault(_ record: RunRecord, _ facts: RuleFacts, _ mode: AutomationMode) -> String? {
    guard mode == .on else { return "automation is \(mode.rawValue)" }
    if let fault = handFault(record, facts) { return fault }
    // Without its rule there is no condition any more, and what was approved is still what was approved.
    guard let rule = session.options.runbook.rule(record.rule) else { return nil }
    if rule.mode == .off { return "the rule is off" }
    let verdict = rule.when.judge(facts)
    return verdict.holds ? nil : "its condition no longer holds: \(verdict.reason)"
  }

  /// Of what the handler proposed of its own accord the run goes with it: where one is still known, it was begun.
  private func drop(_ record: RunRecord, in transaction: inout Transaction) {
    if OwnRule(rawValue: record.rule) != nil { transaction.change("DEL", runKey) }
  }

  /// What the handler proposed of its own accord takes back nothing that a person has set meanwhile. Where it is about more
  /// agents, each is looked at when its turn comes: see ``HandCheck``.
  private func handFault(_ record: RunRecord, _ facts: RuleFacts) -> String? {
    guard OwnRule(rawValue: record.rule) != nil, record.ruleActions.allSatisfy({ $0.target == agent }),
      let madeAt = seal?.madeAt
    else { return nil }
    return record.ruleActions.lazy.compactMap { [agent] ruleAction -> String? in
      guard ruleAction.kind == .action(.tune),
        let tuning = facts.record.tuning(of: ruleAction.arguments["parameter"] ?? ""), tuning.isByHand,
        let at = tuning.at, at >= madeAt
      else { return nil }
      return "\(tuning.by) has set \(tuning.parameter) of \(agent) since"
    }.first
  }

  private func act(
    _ record: RunRecord, _ input: GuardCheck.Input, _ ledger: PauseQuota, alert stored: [UInt8],
    _ transaction: inout Transaction
  ) -> Change {
    let result = GuardCheck(guards: session.options.runbook.guards, input: input).refusing(record.ruleActions)
    for (ruleAction, reason) in result.refused {
      add(.skipped, "guarded: \(ruleAction.words): \(reason)", record, to: &transaction)
    }
    if result.ruleActions.isEmpty {
      add(.failed, result.refusal, record, isClosing: true, to: &transaction)
      drop(record, in: &transaction)
    } else {
      begin(record, result, ledger, &transaction)
    }
    guard result.opensEscalation else { return Change() }
    return session.call(
      of: run, rule: record.rule, for: agent, stored: stored, result.refusal, in: &transaction)
  }

  private func begin(
    _ record: RunRecord, _ result: GuardCheck.Result, _ ledger: PauseQuota, _ transaction: inout Transaction
  ) {
    var record = record
    record.ruleActions = result.ruleActions
    record.refused += result.refused.map { "\($0.ruleAction.words): \($0.reason)" }
    let clears = !record.isRest && session.options.runbook.rules.contains { $0.id == record.rule && $0.clear != nil }
    transaction.change("SET", runKey, record.encoded, "PX", RuleState.stay(clears: clears).milliseconds)
    if let span = result.ruleActions.pause(of: agent) { ledger.reserve(span, in: &transaction) }
    transaction.change(
      "ZADD", session.keys.schedule, session.now, Job(.ruleAction(run: run, .ruleActions, 0), agent).encoded)
    if clears { transaction.change("HSET", session.keys.uncleared, RecoveryWatcher.field(record.rule, agent), run) }
    add(.started, "approved: \(result.ruleActions.words)", record, to: &transaction)
  }

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, _ record: RunRecord?, isClosing: Bool = false,
    to transaction: inout Transaction
  ) {
    let line = session.ruleLine(
      phase, of: run, rule: record?.rule, target: isClosing ? .none : agent, reason: record?.reason ?? "",
      detail: detail)
    transaction.add(line, session.keys)
  }
}
