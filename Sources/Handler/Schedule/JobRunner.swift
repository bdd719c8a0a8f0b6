import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Carries out what a ``JobRun`` decides: the effects of a due job and its end in the schedule are one transaction, so
/// that it runs once.
final class JobRunner: TargetRunDelegate {
  let session: LeaseSession
  private let member: [UInt8]
  private let score: [UInt8]
  private let finished: () -> Void
  private var run: JobRun
  /// The agent whose restart was not confirmed, as it was read.
  private var restart: UnconfirmedRestart?

  private struct UnconfirmedRestart {
    let id: CommandID
    let command: CommandRecord?
    let snapshot: TargetSnapshot
    /// What becomes of the agent.
    let change: Change
    /// Its record as the transaction under way writes it; nil if it stays as it is.
    var after: AgentRecord?
  }

  /// If what a job ends could not be ended, or nobody knows, it is tried again after this long.
  private static let retrySpan = TimeSpan.seconds(60)

  init(_ job: Job, member: [UInt8], score: [UInt8], due: Instant, session: LeaseSession, finished: @escaping () -> Void)
  {
    run = JobRun(job, due: due)
    self.member = member
    self.score = score
    self.session = session
    self.finished = finished
  }

  func begin() { take(.begun) }

  private func take(_ input: JobRun.Input) {
    for effect in run.take(input) { perform(effect) }
  }

  private func perform(_ effect: JobRun.Effect) {
    switch effect {
    case .act: TargetRunner(job.target, of: self).begin()
    case .readRestart(let id): readRestart(id)
    case .end(let end): commit(transaction(end))
    case .log(let error):
      session.log(.error, "Redis refused a due job; trying again", ["job": run.name, "error": error])
    case .wake(let span): session.later(inMilliseconds: span) { [self] in take(.woken) }
    case .finish: finished()
    }
  }

  private var job: Job { run.job }

  // MARK: What its target asks

  var id: CommandID { run.id }
  var formerID: CommandID? { run.formerID }
  var author: String { "schedule" }
  var title: String { job.name }
  var askedAt: Instant? { run.due }
  var reason: String { "" }
  var refusedPhase: AuditLine.Phase { .skipped }
  var isDryRun: Bool { false }
  var judged: Instruction { run.instruction }

  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change {
    let context = PlanningContext(
      target: target, snapshot: snapshot, commandID: id, operator: author, now: instant,
      restartLimit: session.options.restartLimit)
    return try run.plan(context, hasActuator: hasActuator, workLimit: session.options.jobLimit)
  }

  private var hasActuator: Bool {
    guard case .run(let work) = job.kind else { return false }
    return session.actuator(of: .job, ["job": work.rawValue]) != nil
  }

  func check(in transaction: inout Transaction, isLast: Bool) { require(in: &transaction) }
  func intentWritten() {}
  func takeBack(_ target: AgentID) { take(.placeKept) }
  func settled(_ target: AgentID, _ outcome: TargetOutcome) { take(.settled) }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    take(.placing)
    if [.failed, .unknown].contains(outcome.phase), job.isEnding {
      transaction.change("ZADD", session.keys.schedule, session.now + Self.retrySpan, member)
    } else {
      transaction.change("ZREM", session.keys.schedule, member)
    }
    guard outcome.phase != .skipped else { return }
    var mark = CommandRecord(action: job.name, targets: [target], operator: author)
    mark.closed = outcome.phase
    mark.told = outcome.wasNotified ? [target] : []
    if case .run(let work) = job.kind {
      mark.arguments = ["job": work.rawValue]
      if hasActuator || outcome.phase != .succeeded {
        let report = JobReport(work, target, run: run.name, outcome, at: session.now)
        transaction.add(to: session.keys.reports, report.encoded)
      }
    }
    transaction.change("SET", session.keys.mark(run.name), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    transaction.add(line(LineDraft(phase: outcome.phase, detail: outcome.detail)), session.keys)
  }

  func line(_ draft: LineDraft) -> AuditLine {
    AuditLine(
      origin: .run(run.name), phase: draft.phase, action: job.name, target: draft.target, operator: author,
      detail: draft.detail, before: draft.before, after: draft.after, alert: draft.alert, handler: session.options.id,
      at: draft.at ?? session.now, source: source)
  }

  // MARK: Ends without a target

  private func readRestart(_ id: CommandID) {
    let keys = session.keys
    TargetSnapshot.read(job.target, mark: MarkKey(keys.mark(run.name)), for: judged, in: session) { [self] snapshot in
      let requests = [
        Request("GET", keys.mark(id.text)), keys.mark(id, job.target).get,
        Request("HGET", keys.agent(job.target), Change.restartField),
      ]
      session.read(requests) { [self] replies in
        let before = replies[1].mark.flatMap { IdempotencyRecord($0) }?.before ?? AgentRecord()
        let isItsOwn = Change.isRestart(replies[2].bytes, of: id)
        let change = Change.endingRestart(of: job.target, snapshot.record, before: before, at: session.now)
        restart = change.flatMap { change in
          guard isItsOwn else { return nil }
          let command = replies[0].bytes.flatMap { CommandRecord($0) }
          return UnconfirmedRestart(id: id, command: command, snapshot: snapshot, change: change)
        }
        take(.restartRead(isUnconfirmed: restart != nil))
      }
    }
  }

  private func transaction(_ end: JobRun.End) -> Transaction {
    var transaction = Transaction()
    require(in: &transaction)
    if case .doneBefore = end, job.isEnding {
      transaction.change("ZADD", session.keys.schedule, session.now, member)
    } else {
      transaction.change("ZREM", session.keys.schedule, member)
    }
    switch end {
    case .dropped(let reason):
      guard let reason else { break }
      transaction.add(line(LineDraft(phase: .skipped, target: job.target, detail: reason)), session.keys)
    case .doneBefore: break
    case .workFailed(let work, let run): fail(work, run, in: &transaction)
    case .restartFailed: failRestart(in: &transaction)
    }
    return transaction
  }

  private func fail(_ work: JobName, _ run: String, in transaction: inout Transaction) {
    let why = "no report of it came within \(session.options.jobLimit)"
    for target in [job.target, AgentID.none] {
      let line = AuditLine(
        origin: .run(run), phase: .failed, action: "job/\(work.rawValue)", target: target, operator: author,
        detail: why, handler: session.options.id, at: session.now, source: source)
      transaction.add(line, session.keys)
    }
    let outcome = TargetOutcome(phase: .failed, detail: why)
    transaction.add(to: session.keys.reports, JobReport(work, job.target, run: run, outcome, at: session.now).encoded)
  }

  private func failRestart(in transaction: inout Transaction) {
    guard let restart else { return }
    let (id, command, snapshot) = (restart.id, restart.command, restart.snapshot)
    snapshot.require(for: job.target, restart.change, keys: session.keys, in: &transaction)
    let after = restart.change.write(
      to: &transaction, target: job.target, version: snapshot.record.version, origin: id.text, author: author,
      now: session.now, keys: session.keys)
    self.restart?.after = after
    // Who asks later what has become of it is told so.
    if var command, command.closed != nil {
      command.closed = .failed
      let stay = HandlerOptions.marksStay.milliseconds
      transaction.change("SET", session.keys.mark(id.text), command.encoded, "PX", stay)
    }
    for target in [job.target, AgentID.none] {
      var line = AuditLine(
        origin: .command(id), batch: command?.batch, phase: .failed, action: Action.restart.rawValue, target: target,
        operator: command?.operator ?? "", reason: command?.reason ?? "",
        detail: "the restart was not confirmed within \(session.options.restartLimit)", handler: session.options.id,
        at: session.now, source: source)
      if target != .none { (line.before, line.after) = (snapshot.record, after) }
      transaction.add(line, session.keys)
    }
  }

  private func require(in transaction: inout Transaction) {
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
  }

  private func commit(_ transaction: Transaction) {
    session.run(transaction) { [self] outcome in
      switch outcome {
      case .done:
        if let after = restart?.after { session.tell(.record(job.target, after)) }
        take(.committed)
      case .conflict(.obsolete, _): take(.notCommitted(.obsolete))
      case .conflict: take(.notCommitted(.conflict))
      case .fenced: take(.notCommitted(.fenced))
      case .failed(let error): take(.notCommitted(.refused(error.text)))
      }
    }
  }

  private var source: String { String(decoding: session.keys.schedule, as: UTF8.self) }
}
