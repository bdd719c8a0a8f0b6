import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What is made of a run once its actions are done, or a failure has stopped them: whether they were verified, and what is
/// done next.
///
/// What is done if the verification fails was settled with the actions; whether it may be is asked now.
struct RunVerification {
  let run: String
  let record: RunRecord
  /// The record as it was read.
  let stored: [UInt8]
  /// About the run's agent, as they are now, with what has become of the actions.
  let facts: RuleFacts
  let ledger: PauseQuota
  let caps: CapQuota
  /// The switch as it was read.
  let automation: [UInt8]
  /// The agent's escalation as it was read.
  let alert: [UInt8]
  /// What is remembered of each action.
  let outcomes: [IdempotencyRecord?]
  let session: LeaseSession

  private var agent: AgentID { record.agent }

  private var rule: Rule? { session.options.runbook.rule(record.rule) }

  func write(to transaction: inout Transaction) -> Change {
    transaction.require("GET", session.keys.mark(run), is: stored)
    transaction.require("GET", session.keys.automation, is: automation)
    if let why = record.stopped { return stopped(why, &transaction) }
    guard let verification = rule?.verification else {
      add(.unknown, "not verified: the rule is no longer there", to: &transaction)
      // Nobody else would take it back.
      if !record.undo.isEmpty { appoint(.undo, in: &transaction) }
      return Change()
    }
    let verdict = verification.when.judge(facts)
    guard verdict.holds else {
      // A pause says nothing of how the agent is.
      if let end = pauseEnd {
        again(at: end + verification.after, in: &transaction)
        return Change()
      }
      return doubted(verdict.reason, after: verification.after, &transaction)
    }
    let partial = RunSummary(record, outcomes).partial.map { "\($0.detail); " } ?? ""
    add(.succeeded, "\(partial)verified: \(verdict.reason)", to: &transaction)
    if !record.undo.isEmpty { appoint(.undo, in: &transaction) }
    return Change()
  }

  /// When the agent's pause ends; nil if it is not paused, or until somebody resumes it.
  private var pauseEnd: Instant? {
    guard facts.record.state == .paused, let end = facts.record.pausedUntil, end > session.now else { return nil }
    return end
  }

  /// If nothing else is done, what waits to be taken back is asked for again, for a day.
  private func doubted(_ reason: String, after span: TimeSpan, _ transaction: inout Transaction) -> Change {
    if record.doubtedAt == nil { add(.failed, "not verified: \(reason)", to: &transaction) }
    guard record.otherwise.isEmpty, !record.undo.isEmpty else { return otherwise(&transaction) }
    let since = record.doubtedAt ?? session.now
    guard session.now - since >= Self.longestDoubt else {
      again(at: session.now + span, doubtedSince: since, in: &transaction)
      return Change()
    }
    guard facts.agent != nil else {
      add(.unknown, "not verified within \(Self.longestDoubt): its agent is gone", to: &transaction)
      appoint(.undo, in: &transaction)
      return Change()
    }
    add(.unknown, "not verified within \(Self.longestDoubt): \(reason)", to: &transaction)
    return called(
      "not verified within \(Self.longestDoubt), so that it is not taken back: \(record.undo.words)", &transaction)
  }

  private static let longestDoubt = TimeSpan.hours(24)

  private func again(at due: Instant, doubtedSince: Instant? = nil, in transaction: inout Transaction) {
    var record = record
    record.doubtedAt = doubtedSince ?? record.doubtedAt
    let stays = (due - session.now + HandlerOptions.marksStay).milliseconds
    transaction.change("SET", session.keys.mark(run), record.encoded, "PX", stays)
    transaction.change("ZADD", session.keys.schedule, due, Job(.verify(run: run), agent).encoded)
  }

  /// A person is called if nothing else is done: what came before the failure still stands.
  private func stopped(_ why: String, _ transaction: inout Transaction) -> Change {
    let done = RuleNotice.words(of: record, .ruleActions, outcomes).swapping("\n", for: " ")
    let words = ["stopped: \(why)", done].filter { !$0.isEmpty }.joined(separator: ". ")
    guard !record.otherwise.isEmpty, mode == .on else { return called(words, &transaction) }
    let result = filtered
    begin(result, in: &transaction)
    return result.opensEscalation || result.ruleActions.isEmpty
      ? called("\(words) \(result.refusal)", &transaction) : Change()
  }

  /// Begins what is done if the actions have not helped, as far as guards and the switch let it.
  private func otherwise(_ transaction: inout Transaction) -> Change {
    guard !record.otherwise.isEmpty else { return Change() }
    guard mode == .on else {
      add(.skipped, "automation is \(mode.rawValue)", target: agent, to: &transaction)
      return Change()
    }
    let result = filtered
    begin(result, in: &transaction)
    return result.opensEscalation ? called(result.refusal, &transaction) : Change()
  }

  /// What guards leave of it. What is beyond a cap is left to the person who is called.
  private var filtered: GuardCheck.Result {
    let guardCheck = GuardCheck(
      guards: session.options.runbook.guards, input: GuardCheck.Input(facts, ledger, caps))
    var result = guardCheck.filter(record.otherwise)
    result.refused += result.proposed
    result.opensEscalation = result.opensEscalation || result.fleetFault != nil || !result.proposed.isEmpty
    return result
  }

  private var mode: AutomationMode { AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry }

  private func begin(_ result: GuardCheck.Result, in transaction: inout Transaction) {
    for (ruleAction, reason) in result.refused {
      add(.skipped, "guarded: \(ruleAction.words): \(reason)", target: agent, to: &transaction)
    }
    guard !result.ruleActions.isEmpty else { return }
    var record = record
    record.otherwise = result.ruleActions
    transaction.change("SET", session.keys.mark(run), record.encoded, "KEEPTTL")
    if let span = result.ruleActions.pause(of: agent) { ledger.reserve(span, in: &transaction) }
    caps.reserve(
      result.ruleActions, of: "\(run)/else", facts.record, for: session.options.runbook.guards.scaleUpEvery,
      in: &transaction)
    appoint(.otherwise, in: &transaction)
  }

  private func appoint(_ part: RunRecord.Part, in transaction: inout Transaction) {
    transaction.change("ZADD", session.keys.schedule, session.now, Job(.ruleAction(run: run, part, 0), agent).encoded)
  }

  private func called(_ words: String, _ transaction: inout Transaction) -> Change {
    session.call(
      of: run, rule: record.rule, for: agent, stored: alert, words, to: rule?.limits.escalateTo, in: &transaction)
  }

  private func add(
    _ phase: AuditLine.Phase, _ detail: String, target: AgentID = .none, to transaction: inout Transaction
  ) {
    let line = session.ruleLine(
      phase, of: run, rule: record.rule, target: target, reason: record.reason, detail: detail)
    transaction.add(line, session.keys)
  }
}
