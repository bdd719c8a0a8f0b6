import Automation
import FleetModel
import Redis
import Wire

/// What comes due for a rule besides its actions: the look at what they have come to, and the end of a proposal that nobody
/// has answered.
final class RuleEnd: DueForRule {
  let job: Job
  let member: [UInt8]
  let score: [UInt8]
  let term: Term
  /// The facts about an agent of a run, as they are now.
  private let facts: (RunRecord, AgentRecord) -> OccasionFacts
  let finished: () -> Void
  var patience = Patience()

  init(
    _ job: Job, member: [UInt8], score: [UInt8], term: Term,
    facts: @escaping (RunRecord, AgentRecord) -> OccasionFacts, finished: @escaping () -> Void
  ) {
    self.job = job
    self.member = member
    self.score = score
    self.term = term
    self.facts = facts
    self.finished = finished
  }

  func begin() {
    switch job.kind {
    case .verify(let run): verify(run)
    case .proposalEnd(let id): expire(id)
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .restartLimit, .run, .jobLimit, .deed, .approved:
      finished()
    }
  }

  // MARK: Verification

  private func verify(_ run: String) {
    term.read([Request("GET", term.keys.mark(run)), Request("HGETALL", term.keys.agent(job.target))]) {
      [self] replies in
      guard let record = replies[0].bytes.flatMap({ RunRecord($0) }) else { return write(opened()) }
      let agent = AgentRecordCoding.decode(fields: replies[1].pairs)
      RunOutcome.read(run, record.deeds.count, in: term) { [self] outcome in
        var step = opened()
        judge(record, run, agent, outcome, &step)
        write(step)
      }
    }
  }

  private func judge(
    _ record: RunRecord, _ run: String, _ agent: AgentRecord, _ outcome: RunOutcome, _ step: inout Step
  ) {
    guard let rule = term.options.runbook.rules.first(where: { $0.id == record.rule }),
      let verification = rule.verification
    else { return add(.unknown, "not verified: the rule is no longer there", record, run, to: &step) }
    var facts = facts(record, agent)
    facts.run = outcome
    let verdict = verification.when.judge(facts)
    add(
      verdict.holds ? .succeeded : .failed, "\(verdict.holds ? "verified" : "not verified"): \(verdict.reason)", record,
      run, to: &step)
    let part = verdict.holds ? RunRecord.Part.undo : .otherwise
    guard !record.deeds(of: part).isEmpty else { return }
    step.change("ZADD", term.keys.schedule, term.now, Job(.deed(run: run, part, 0), job.target).encoded)
  }

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, _ record: RunRecord, _ run: String, to step: inout Step
  ) {
    let line = term.ruleLine(phase, of: run, rule: record.rule, reason: record.reason, detail: detail)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }

  // MARK: Proposals

  private func expire(_ id: ProposalID) {
    let alertID = AlertID(.escalation, job.target)
    term.read([
      Request("HGET", term.keys.proposals, id.text), Request("HGET", term.keys.alerts, alertID.bytes),
    ]) { [self] replies in
      var step = opened()
      let stored = replies[0].bytes ?? []
      guard var proposal = ProposalCoding.decode(stored), proposal.state == .open else { return write(step) }
      step.require("HGET", term.keys.proposals, id.text, is: stored)
      step.change("HDEL", term.keys.proposals, id.text)
      proposal.state = .expired
      var line = term.ruleLine(
        .expired, of: id.text, rule: proposal.rule, target: proposal.agent, reason: proposal.reason,
        detail: "nobody answered the proposal")
      line.proposal = proposal
      var change = Change()
      if endsInEscalation(proposal) { change = escalate(proposal, alertID, replies[1].bytes ?? [], &step) }
      step.add(to: term.keys.audit, AuditCoding.encode(line))
      write(step, change)
    }
  }

  private func endsInEscalation(_ proposal: Proposal) -> Bool {
    term.options.runbook.rules.first { $0.id == proposal.rule }?.approval.onExpire == .escalate
  }

  private func escalate(_ proposal: Proposal, _ id: AlertID, _ stored: [UInt8], _ step: inout Step) -> Change {
    term.callPerson(
      id, stored: stored, "nobody answered what rule \(proposal.rule) proposed: \(proposal.reason)", in: &step)
  }

  var run: String {
    switch job.kind {
    case .verify(let run): run
    case .proposalEnd(let id): id.text
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .restartLimit, .run, .jobLimit, .deed, .approved: ""
    }
  }
}
