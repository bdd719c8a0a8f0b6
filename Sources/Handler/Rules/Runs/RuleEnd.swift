import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What comes due for a rule besides its actions: the look at what they have come to, and the end of a proposal that nobody
/// has answered.
final class RuleEnd: DueForRule {
  let job: Job
  let member: [UInt8]
  let score: [UInt8]
  let session: LeaseSession
  private let view: RuleFleet
  /// The facts about an agent of a run, as they are now.
  private func facts(_ record: RunRecord, _ agent: AgentRecord) -> RuleFacts {
    view.facts(TriggerEvent(of: record), agent)
  }
  let finished: () -> Void
  var patience = RetryPolicy()

  init(
    _ job: Job, member: [UInt8], score: [UInt8], session: LeaseSession,
    view: RuleFleet, finished: @escaping () -> Void
  ) {
    self.job = job
    self.member = member
    self.score = score
    self.session = session
    self.view = view
    self.finished = finished
  }

  func begin() {
    switch job.kind {
    case .verify(let run): verify(run)
    case .proposalEnd(let id): expire(id)
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .restartLimit, .run, .jobLimit, .ruleAction, .approved:
      finished()
    }
  }

  // MARK: Verification

  private func verify(_ run: String) {
    let keys = session.keys
    let requests = [
      Request("GET", keys.mark(run)), Request("HGETALL", keys.agent(job.target)), Request("GET", keys.automation),
      Request("HGET", keys.alerts, AlertID(.escalation, job.target).bytes),
    ]
    session.read(requests) { [self] replies in
      let (storedRun, agentRecord, automation, storedAlert) = (
        replies[0].bytes, replies[1].pairs, replies[2].bytes ?? [], replies[3].bytes ?? []
      )
      guard let stored = storedRun, let record = RunRecord(stored) else { return write(opened()) }
      var facts = facts(record, AgentRecordCoding.decode(fields: agentRecord))
      var ledger = view.ledger(of: job.target)
      var caps = CapQuota(job.target, at: session.now, keys: keys)
      let marks = record.ruleActions.enumerated().map { place, ruleAction in
        keys.mark(RunRecord.id(of: run, .ruleActions, place), ruleAction.target).get
      }
      let asked = (ledger.requests.count, caps.requests.count)
      session.read(ledger.requests + caps.requests + marks) { [self] found in
        ledger.take(found.prefix(asked.0))
        caps.take(found.dropFirst(asked.0).prefix(asked.1))
        guard view.take(ledger) else { return begin() }
        let outcomes = found.suffix(marks.count).map { $0.mark.flatMap { IdempotencyRecord($0) } }
        RunOutcome.read(run, record.ruleActions.count, in: session) { [self] outcome in
          facts.run = outcome
          let review = RunVerification(
            run: run, record: record, stored: stored, facts: facts, ledger: ledger, caps: caps,
            automation: automation, alert: storedAlert, outcomes: outcomes, session: session)
          var transaction = opened()
          let change = review.write(to: &transaction)
          write(transaction, change)
        }
      }
    }
  }

  // MARK: Proposals

  private func expire(_ id: ProposalID) {
    let escalation = AlertID(.escalation, job.target)
    session.read([
      Request("HGET", session.keys.proposals, id.text), Request("HGET", session.keys.alerts, escalation.bytes),
    ]) { [self] replies in
      var transaction = opened()
      guard let stored = replies[0].bytes else { return write(transaction) }
      transaction.require("HGET", session.keys.proposals, id.text, is: stored)
      var proposal: Proposal
      do throws(ProposalCoding.Fault) {
        proposal = try ProposalCoding.decode(stored, field: Array(id.text.utf8))
      } catch {
        return drop(id, error, transaction)
      }
      guard proposal.state == .open else { return write(opened()) }
      transaction.change("HDEL", session.keys.proposals, id.text)
      proposal.state = .expired
      RuleState.end(proposal, session.keys, in: &transaction)
      var line = session.ruleLine(
        .expired, of: id.text, rule: proposal.rule, target: proposal.agent, reason: proposal.reason,
        detail: "nobody answered the proposal")
      line.proposal = proposal
      var change = Change()
      if endsInEscalation(proposal) {
        change = session.call(
          of: run, rule: proposal.rule, for: job.target, stored: replies[1].bytes ?? [],
          "nobody answered the proposal: \(proposal.reason)", in: &transaction)
      }
      change.proposal = proposal
      transaction.add(line, session.keys)
      write(transaction, change)
    }
  }

  /// What nobody could answer goes too, and that is said.
  private func drop(_ id: ProposalID, _ fault: ProposalCoding.Fault, _ transaction: Transaction) {
    var transaction = transaction
    transaction.change("HDEL", session.keys.proposals, id.text)
    let line = session.ruleLine(
      .expired, of: id.text, rule: nil, detail: "nobody could answer the proposal: it \(fault)")
    transaction.add(line, session.keys)
    write(transaction)
  }

  private func endsInEscalation(_ proposal: Proposal) -> Bool {
    session.options.runbook.rule(proposal.rule)?.approval.onExpire == .escalate
  }

  var run: String {
    switch job.kind {
    case .verify(let run): run
    case .proposalEnd(let id): id.text
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .restartLimit, .run, .jobLimit, .ruleAction, .approved:
      ""
    }
  }
}
