import Automation
import FleetModel
import Redis
import Wire

/// Begins what a person has approved, once its agent has been looked at again: time has passed since it was proposed.
///
/// The condition must still hold, with the event's own words and the agent as it is now, and guards may refuse actions that
/// were allowed then. What is left is done exactly as it was approved. That the fleet is ill stops nothing: it is a person
/// who decides.
final class RuleApproval {
  private let id: ProposalID
  private let agent: AgentID
  private let member: [UInt8]
  private let score: [UInt8]
  private let term: Term
  private let rules: RuleEngine
  private let finished: () -> Void
  private var patience = Patience()

  init(
    _ id: ProposalID, agent: AgentID, member: [UInt8], score: [UInt8], term: Term, rules: RuleEngine,
    finished: @escaping () -> Void
  ) {
    self.id = id
    self.agent = agent
    self.member = member
    self.score = score
    self.term = term
    self.rules = rules
    self.finished = finished
  }

  private var run: String { id.text }
  private var runKey: [UInt8] { term.keys.mark(run) }
  private var alert: AlertID { AlertID(.escalation, agent) }

  func begin() {
    var ledger = PauseLedger(agent, role: rules.role(of: agent), at: term.now, keys: term.keys)
    let requests = [
      Request("GET", term.keys.automation), Request("GET", runKey), Request("HGETALL", term.keys.agent(agent)),
      Request("HGET", term.keys.alerts, alert.bytes),
    ]
    term.read(requests + ledger.requests) { [self] replies in
      ledger.take(replies.dropFirst(requests.count))
      let automation = replies[0].bytes ?? []
      var step = Step()
      step.require("ZSCORE", term.keys.schedule, member, is: score)
      step.require("GET", term.keys.automation, is: automation)
      step.change("ZREM", term.keys.schedule, member)
      guard let bytes = replies[1].bytes, let record = RunRecord(bytes) else {
        add(.failed, "nothing is remembered of what was approved", nil, to: &step)
        return write(step)
      }
      step.require("GET", runKey, is: bytes)
      let facts = rules.facts(record, AgentRecordCoding.decode(fields: replies[2].pairs))
      let mode = AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry
      if let reason = fault(record, facts, mode) {
        add(.skipped, "approved, and not done: \(reason)", record, to: &step)
        return write(step)
      }
      let change = act(record, facts, ledger, alert: replies[3].bytes ?? [], &step)
      write(step, change)
    }
  }

  /// Why nothing of it is done any more; nil where nothing speaks against it.
  private func fault(_ record: RunRecord, _ facts: OccasionFacts, _ mode: AutomationMode) -> String? {
    guard mode == .on else { return "automation is \(mode.rawValue)" }
    // Without its rule there is no condition any more, and what was approved is still what was approved.
    guard let rule = term.options.runbook.rules.first(where: { $0.id == record.rule }) else { return nil }
    if rule.mode == .off { return "the rule is off" }
    let verdict = rule.when.judge(facts)
    return verdict.holds ? nil : "not_met: \(verdict.reason)"
  }

  private func act(
    _ record: RunRecord, _ facts: OccasionFacts, _ ledger: PauseLedger, alert stored: [UInt8], _ step: inout Step
  ) -> Change {
    let guarding = Guarding(
      guards: term.options.runbook.guards,
      situation: Guarding.Situation(census: facts.census, agent: facts.agent, ledger: ledger))
    let result = guarding.refusing(record.deeds, for: agent)
    for (deed, reason) in result.refused { add(.skipped, "guarded: \(deed): \(reason)", record, to: &step) }
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
    record.refused += result.refused.map { "\($0.deed): \($0.reason)" }
    step.change("SET", runKey, record.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    if let span = result.deeds.pause(of: agent) { ledger.reserve(span, in: &step) }
    step.change("ZADD", term.keys.schedule, term.now, Job(.deed(run: run, .deeds, 0), agent).encoded)
    add(.started, "approved: \(result.deeds.words)", record, to: &step)
  }

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, _ record: RunRecord?, isClosing: Bool = false, to step: inout Step
  ) {
    let line = AuditLine(
      origin: .run(run), rule: record?.rule, phase: phase, action: "rule", target: isClosing ? .none : agent,
      operator: "rule/\(record?.rule ?? "")", reason: record?.reason ?? "", detail: detail, handler: term.options.id,
      at: term.now, source: String(decoding: term.keys.events, as: UTF8.self))
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }

  private func write(_ step: Step, _ change: Change = Change()) {
    term.run(step, carrying: [change]) { [self] outcome in
      switch outcome {
      case .done, .refused(1, _):
        term.onSchedule()
        finished()
      case .refused: begin()
      case .over: break
      case .failed(let error):
        guard patience.allows(error) else {
          let line = AuditLine(
            origin: .run(run), phase: .failed, action: "rule", target: agent, handler: term.options.id, at: term.now,
            source: String(decoding: term.keys.events, as: UTF8.self))
          return term.giveUp(member, score, line, error, finished: finished)
        }
        term.log(.error, "Redis refused what was approved; trying again", ["run": run, "error": error.text])
        term.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }
}
