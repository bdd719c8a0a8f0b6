import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What follows an action of a run, in the transaction that ends it: the next one, the look at what they have come to,
/// or the closing line.
struct RunContinuation {
  let run: String
  let part: RunRecord.Part
  let place: Int
  /// The agent in whose lane it runs.
  let lane: AgentID
  let record: RunRecord
  let session: LeaseSession
  /// What has become of the actions before this one, if that is asked for.
  var earlier: [IdempotencyRecord?] = []
  /// What the switch says, where it lets no further action begin.
  var stoppedBy: AutomationMode?
  /// Whether a pause that is not done leaves the agent paused all the same, as far as is known.
  var keepsPlace = true

  private var ruleAction: PlannedAction { record.ruleActions(of: part)[place] }

  func goOn(after outcome: TargetOutcome, in transaction: inout Transaction) {
    settlePlace(outcome.phase, in: &transaction)
    remember(outcome.phase, in: &transaction)
    let isBad = outcome.phase == .failed || outcome.phase == .unknown
    if isBad, ruleAction.onError == .stop {
      return stop("\(ruleAction.name) \(outcome.phase.rawValue): \(outcome.detail)", in: &transaction)
    }
    if place + 1 < record.ruleActions(of: part).count, stoppedBy == nil {
      return appoint(.ruleAction(run: run, part, place + 1), at: session.now, in: &transaction)
    }
    guard part == .ruleActions else { return }
    if let span = record.verifyAfter { return appoint(.verify(run: run), at: session.now + span, in: &transaction) }
    if let stoppedBy { return close(.skipped, "stopped: automation is \(stoppedBy.rawValue)", in: &transaction) }
    conclude(earlier.map { $0.map { ($0.phase, $0.detail) } } + [(outcome.phase, outcome.detail)], in: &transaction)
  }

  /// Says what was done, and of what was not, why.
  private func conclude(_ outcomes: [(phase: AuditLine.Phase, detail: String)?], in transaction: inout Transaction) {
    let summary = RunSummary(record, outcomes)
    close(summary.phase, summary.detail, in: &transaction)
  }

  /// What was done can be taken back, and nothing else: somebody else's would be.
  private func remember(_ phase: AuditLine.Phase, in transaction: inout Transaction) {
    guard part == .ruleActions, phase == .succeeded, !record.undo.isEmpty else { return }
    var record = record
    record.done.insert(place)
    transaction.change("SET", session.keys.mark(run), record.encoded, "KEEPTTL")
  }

  /// A place among the paused is counted once the agent is, and free again if it is not.
  private func settlePlace(_ phase: AuditLine.Phase, in transaction: inout Transaction) {
    guard ruleAction.kind == .action(.pause), ruleAction.target == record.agent else { return }
    if phase == .succeeded {
      PauseQuota.count(record.agent, at: session.now, keys: session.keys, in: &transaction)
    } else if phase != .unknown, !keepsPlace {
      PauseQuota.release(record.agent, keys: session.keys, in: &transaction)
    }
  }

  /// Goes no further. What was done so far stands, so the run is looked at at once: what is to be done if it fails is,
  /// or a person is called.
  private func stop(_ why: String, in transaction: inout Transaction) {
    var record = record
    record.stopped = why
    if part != .ruleActions { record.otherwise = [] }
    transaction.change("SET", session.keys.mark(run), record.encoded, "KEEPTTL")
    appoint(.verify(run: run), at: session.now, in: &transaction)
    close(.failed, "stopped: \(why)", in: &transaction)
  }

  private func appoint(_ kind: Job.Kind, at due: Instant, in transaction: inout Transaction) {
    transaction.change("ZADD", session.keys.schedule, due, Job(kind, lane).encoded)
  }

  private func close(_ phase: AuditLine.Phase, _ detail: String, in transaction: inout Transaction) {
    let line = session.ruleLine(phase, of: run, rule: record.rule, reason: record.reason, detail: detail)
    transaction.add(line, session.keys)
  }
}
