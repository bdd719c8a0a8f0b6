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
  private let view: FleetView
  /// The facts about an agent of a run, as they are now.
  private func facts(_ record: RunRecord, _ agent: AgentRecord) -> OccasionFacts {
    view.facts(Occasion(of: record), agent)
  }
  let finished: () -> Void
  var patience = Patience()

  init(
    _ job: Job, member: [UInt8], score: [UInt8], term: Term,
    view: FleetView, finished: @escaping () -> Void
  ) {
    self.job = job
    self.member = member
    self.score = score
    self.term = term
    self.view = view
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
    let keys = term.keys
    let requests = [
      Request("GET", keys.mark(run)), Request("HGETALL", keys.agent(job.target)), Request("GET", keys.automation),
      Request("HGET", keys.alerts, AlertID(.escalation, job.target).bytes),
    ]
    term.read(requests) { [self] replies in
      guard let stored = replies[0].bytes, let record = RunRecord(stored) else { return write(opened()) }
      var facts = facts(record, AgentRecordCoding.decode(fields: replies[1].pairs))
      var ledger = view.ledger(of: job.target)
      var caps = CapLedger(job.target, at: term.now, keys: keys)
      let marks = record.deeds.enumerated().map { place, deed in
        keys.mark(RunRecord.id(of: run, .deeds, place), deed.target).get
      }
      let asked = (ledger.requests.count, caps.requests.count)
      term.read(ledger.requests + caps.requests + marks) { [self] found in
        ledger.take(found.prefix(asked.0))
        caps.take(found.dropFirst(asked.0).prefix(asked.1))
        guard view.take(ledger) else { return begin() }
        let outcomes = found.suffix(marks.count).map { $0.mark.flatMap { TargetMark($0) } }
        RunOutcome.read(run, record.deeds.count, in: term) { [self] outcome in
          facts.run = outcome
          let review = RunReview(
            run: run, record: record, stored: stored, facts: facts, ledger: ledger, caps: caps,
            automation: replies[2].bytes ?? [], alert: replies[3].bytes ?? [], outcomes: outcomes, term: term)
          var step = opened()
          let change = review.write(to: &step)
          write(step, change)
        }
      }
    }
  }

  // MARK: Proposals

  private func expire(_ id: ProposalID) {
    let alertID = AlertID(.escalation, job.target)
    term.read([
      Request("HGET", term.keys.proposals, id.text), Request("HGET", term.keys.alerts, alertID.bytes),
    ]) { [self] replies in
      var step = opened()
      guard let stored = replies[0].bytes else { return write(step) }
      step.require("HGET", term.keys.proposals, id.text, is: stored)
      var proposal: Proposal
      do throws(ProposalCoding.Fault) {
        proposal = try ProposalCoding.decode(stored, field: Array(id.text.utf8))
      } catch {
        return drop(id, error, step)
      }
      guard proposal.state == .open else { return write(opened()) }
      step.change("HDEL", term.keys.proposals, id.text)
      proposal.state = .expired
      RuleMarks.endProposal(proposal.rule, proposal.agent, term.keys, in: &step)
      var line = term.ruleLine(
        .expired, of: id.text, rule: proposal.rule, target: proposal.agent, reason: proposal.reason,
        detail: "nobody answered the proposal")
      line.proposal = proposal
      var change = Change()
      if endsInEscalation(proposal) { change = escalate(proposal, alertID, replies[1].bytes ?? [], &step) }
      change.proposal = proposal
      step.add(to: term.keys.audit, AuditCoding.encode(line))
      write(step, change)
    }
  }

  /// What nobody could answer goes too, and that is said.
  private func drop(_ id: ProposalID, _ fault: ProposalCoding.Fault, _ step: Step) {
    var step = step
    step.change("HDEL", term.keys.proposals, id.text)
    let line = term.ruleLine(.expired, of: id.text, rule: nil, detail: "nobody could answer the proposal: it \(fault)")
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    write(step)
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
