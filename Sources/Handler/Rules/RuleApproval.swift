import Automation
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
  let term: Term
  private let rules: RuleEngine
  let finished: () -> Void
  var patience = Patience()

  init(
    _ id: ProposalID, _ seal: Job.Seal?, _ job: Job, member: [UInt8], score: [UInt8], term: Term, rules: RuleEngine,
    finished: @escaping () -> Void
  ) {
    self.id = id
    self.seal = seal
    self.job = job
    self.member = member
    self.score = score
    self.term = term
    self.rules = rules
    self.finished = finished
  }

  var run: String { id.text }
  private var agent: AgentID { job.target }
  private var runKey: [UInt8] { term.keys.mark(run) }
  private var alert: AlertID { AlertID(.escalation, agent) }

  func begin() {
    var ledger = rules.view.ledger(of: agent)
    let requests = [
      Request("GET", term.keys.automation), Request("GET", runKey), Request("HGETALL", term.keys.agent(agent)),
      Request("HGET", term.keys.alerts, alert.bytes),
    ]
    term.read(requests + ledger.requests) { [self] replies in
      ledger.take(replies.dropFirst(requests.count))
      guard rules.view.take(ledger) else { return begin() }
      let automation = replies[0].bytes ?? []
      var step = opened()
      step.require("GET", term.keys.automation, is: automation)
      guard let bytes = replies[1].bytes, let record = RunRecord(bytes) else {
        add(.failed, "nothing is remembered of what was approved", nil, to: &step)
        return write(step)
      }
      step.require("GET", runKey, is: bytes)
      RuleMarks.endProposal(record.rule, agent, term.keys, in: &step)
      guard record.isSealed(by: seal, id) else {
        let reason = "approved, but not done: the stored run is not what was approved"
        add(.failed, reason, record, isClosing: true, to: &step)
        return write(step) { [self] in rules.forget(record.rule, agent) }
      }
      let facts = rules.facts(record, AgentRecordCoding.decode(fields: replies[2].pairs))
      let mode = AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry
      if let reason = fault(record, facts, mode) {
        add(.skipped, "approved, and not done: \(reason)", record, to: &step)
        return write(step) { [self] in rules.forget(record.rule, agent) }
      }
      let change = act(record, facts, ledger, alert: replies[3].bytes ?? [], &step)
      write(step, change) { [self] in rules.began(record.rule, agent) }
    }
  }

  /// Why nothing of it is done any more; nil where nothing speaks against it.
  private func fault(_ record: RunRecord, _ facts: OccasionFacts, _ mode: AutomationMode) -> String? {
    guard mode == .on else { return "automation is \(mode.rawValue)" }
    // Without its rule there is no condition any more, and what was approved is still what was approved.
    guard let rule = term.options.runbook.rules.first(where: { $0.id == record.rule }) else { return nil }
    if rule.mode == .off { return "the rule is off" }
    let verdict = rule.when.judge(facts)
    return verdict.holds ? nil : "its condition no longer holds: \(verdict.reason)"
  }

  private func act(
    _ record: RunRecord, _ facts: OccasionFacts, _ ledger: PauseLedger, alert stored: [UInt8], _ step: inout Step
  ) -> Change {
    let guarding = Guarding(guards: term.options.runbook.guards, situation: Guarding.Situation(facts, ledger))
    let result = guarding.refusing(record.deeds)
    for (deed, reason) in result.refused { add(.skipped, "guarded: \(deed.words): \(reason)", record, to: &step) }
    if result.deeds.isEmpty {
      add(.failed, result.refusal, record, isClosing: true, to: &step)
    } else {
      begin(record, result, ledger, &step)
    }
    guard result.callsPerson else { return Change() }
    return term.callPerson(alert, stored: stored, "rule \(record.rule): \(result.refusal)", in: &step)
  }

  private func begin(_ record: RunRecord, _ result: Guarding.Result, _ ledger: PauseLedger, _ step: inout Step) {
    var record = record
    record.deeds = result.deeds
    record.refused += result.refused.map { "\($0.deed.words): \($0.reason)" }
    let clears = !record.isRest && term.options.runbook.rules.contains { $0.id == record.rule && $0.clear != nil }
    step.change("SET", runKey, record.encoded, "PX", RuleMarks.stay(clears: clears).milliseconds)
    if let span = result.deeds.pause(of: agent) { ledger.reserve(span, in: &step) }
    step.change("ZADD", term.keys.schedule, term.now, Job(.deed(run: run, .deeds, 0), agent).encoded)
    if clears { step.change("HSET", term.keys.uncleared, Clearing.field(record.rule, agent), run) }
    add(.started, "approved: \(result.deeds.words)", record, to: &step)
  }

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, _ record: RunRecord?, isClosing: Bool = false, to step: inout Step
  ) {
    let line = term.ruleLine(
      phase, of: run, rule: record?.rule, target: isClosing ? .none : agent, reason: record?.reason ?? "",
      detail: detail)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }
}
