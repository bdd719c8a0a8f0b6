import Automation
import FleetModel
import Redis
import Wire

/// What is made of a run once its actions are done, or a failure has stopped them: whether they were verified, and what is
/// done next.
///
/// What is done where the verification fails was settled with the actions; whether it may be is asked now.
struct RunReview {
  let run: String
  let record: RunRecord
  /// The record as it was read.
  let stored: [UInt8]
  /// About the run's agent, as they are now, with what has become of the actions.
  let facts: OccasionFacts
  let ledger: PauseLedger
  let caps: CapLedger
  /// The switch as it was read.
  let automation: [UInt8]
  /// The agent's escalation as it was read.
  let alert: [UInt8]
  /// What is remembered of each action.
  let outcomes: [TargetMark?]
  let term: Term

  private var agent: AgentID { record.agent }

  private var rule: Rule? { term.options.runbook.rules.first { $0.id == record.rule } }

  func write(to step: inout Step) -> Change {
    step.require("GET", term.keys.mark(run), is: stored)
    step.require("GET", term.keys.automation, is: automation)
    if let why = record.stopped { return stopped(why, &step) }
    guard let verification = rule?.verification else {
      add(.unknown, "not verified: the rule is no longer there", to: &step)
      // Nobody else would take it back.
      if !record.undo.isEmpty { appoint(.undo, in: &step) }
      return Change()
    }
    let verdict = verification.when.judge(facts)
    guard verdict.holds else {
      // A pause says nothing of how the agent is.
      if let end = pauseEnd {
        again(at: end + verification.after, in: &step)
        return Change()
      }
      return doubted(verdict.reason, after: verification.after, &step)
    }
    let partial = RunSummary(record, outcomes).partial.map { "\($0.detail); " } ?? ""
    add(.succeeded, "\(partial)verified: \(verdict.reason)", to: &step)
    if !record.undo.isEmpty { appoint(.undo, in: &step) }
    return Change()
  }

  /// When the agent's pause ends; nil where it is not paused, or until somebody resumes it.
  private var pauseEnd: Instant? {
    guard facts.record.state == .paused, let end = facts.record.pausedUntil, end > term.now else { return nil }
    return end
  }

  /// Where nothing else is done, what waits to be taken back is asked for again, for a day.
  private func doubted(_ reason: String, after span: TimeSpan, _ step: inout Step) -> Change {
    if record.doubtedAt == nil { add(.failed, "not verified: \(reason)", to: &step) }
    guard record.otherwise.isEmpty, !record.undo.isEmpty else { return otherwise(&step) }
    let since = record.doubtedAt ?? term.now
    guard term.now - since >= Self.longestDoubt else {
      again(at: term.now + span, doubtedSince: since, in: &step)
      return Change()
    }
    guard facts.agent != nil else {
      add(.unknown, "not verified within \(Self.longestDoubt): its agent is gone", to: &step)
      appoint(.undo, in: &step)
      return Change()
    }
    add(.unknown, "not verified within \(Self.longestDoubt): \(reason)", to: &step)
    return called("not verified within \(Self.longestDoubt), so that it is not taken back: \(record.undo.words)", &step)
  }

  private static let longestDoubt = TimeSpan.hours(24)

  private func again(at due: Instant, doubtedSince: Instant? = nil, in step: inout Step) {
    var record = record
    record.doubtedAt = doubtedSince ?? record.doubtedAt
    let stays = (due - term.now + HandlerOptions.marksStay).milliseconds
    step.change("SET", term.keys.mark(run), record.encoded, "PX", stays)
    step.change("ZADD", term.keys.schedule, due, Job(.verify(run: run), agent).encoded)
  }

  /// A person is called where nothing else is done: what came before the failure still stands.
  private func stopped(_ why: String, _ step: inout Step) -> Change {
    let done = RuleNotice.words(of: record, .deeds, outcomes).replacing("\n", with: " ")
    let words = ["stopped: \(why)", done].filter { !$0.isEmpty }.joined(separator: ". ")
    guard !record.otherwise.isEmpty, mode == .on else { return called(words, &step) }
    let result = filtered
    begin(result, in: &step)
    return result.callsPerson || result.deeds.isEmpty ? called("\(words) \(result.refusal)", &step) : Change()
  }

  /// Begins what is done where the actions have not helped, as far as guards and the switch let it.
  private func otherwise(_ step: inout Step) -> Change {
    guard !record.otherwise.isEmpty else { return Change() }
    guard mode == .on else {
      add(.skipped, "automation is \(mode.rawValue)", target: agent, to: &step)
      return Change()
    }
    let result = filtered
    begin(result, in: &step)
    return result.callsPerson ? called(result.refusal, &step) : Change()
  }

  /// What guards leave of it. What is beyond a cap is left to the person who is called.
  private var filtered: Guarding.Result {
    let guarding = Guarding(
      guards: term.options.runbook.guards, situation: Guarding.Situation(facts, ledger, caps))
    var result = guarding.filter(record.otherwise)
    result.refused += result.proposed
    result.callsPerson = result.callsPerson || result.fleetFault != nil || !result.proposed.isEmpty
    return result
  }

  private var mode: AutomationMode { AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry }

  private func begin(_ result: Guarding.Result, in step: inout Step) {
    for (deed, reason) in result.refused {
      add(.skipped, "guarded: \(deed.words): \(reason)", target: agent, to: &step)
    }
    guard !result.deeds.isEmpty else { return }
    var record = record
    record.otherwise = result.deeds
    step.change("SET", term.keys.mark(run), record.encoded, "KEEPTTL")
    if let span = result.deeds.pause(of: agent) { ledger.reserve(span, in: &step) }
    caps.reserve(
      result.deeds, of: "\(run)/else", facts.record, for: term.options.runbook.guards.scaleUpEvery, in: &step)
    appoint(.otherwise, in: &step)
  }

  private func appoint(_ part: RunRecord.Part, in step: inout Step) {
    step.change("ZADD", term.keys.schedule, term.now, Job(.deed(run: run, part, 0), agent).encoded)
  }

  private func called(_ words: String, _ step: inout Step) -> Change {
    term.callPerson(
      AlertID(.escalation, agent), stored: alert, "rule \(record.rule): \(words)", to: rule?.limits.escalateTo,
      in: &step)
  }

  private func add(_ phase: AuditLine.Phase, _ detail: String, target: AgentID = .none, to step: inout Step) {
    let line = term.ruleLine(
      phase, of: run, rule: record.rule, target: target, reason: record.reason, detail: detail)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }
}
