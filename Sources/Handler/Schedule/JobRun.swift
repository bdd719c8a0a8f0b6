import Execution
import FleetModel
import Logging
import Redis
import Wire

/// One due job: its effects and its end in the schedule are one transaction, so that it runs once.
final class JobRun: TargetRunDelegate {
  let session: LeaseSession
  private let job: Job
  private let member: [UInt8]
  private let score: [UInt8]
  private let due: Instant
  private let finished: () -> Void
  private var attempts = 0
  /// Whether the transaction that settles its target also deals with its place in the schedule.
  private var isCompleted = false

  /// Where what a job ends could not be ended, or nobody knows, it is tried again after this long.
  private static let retrySpan = TimeSpan.seconds(60)

  init(_ job: Job, member: [UInt8], score: [UInt8], due: Instant, session: LeaseSession, finished: @escaping () -> Void)
  {
    self.job = job
    self.member = member
    self.score = score
    self.due = due
    self.session = session
    self.finished = finished
  }

  /// The run's name, also as the id by which its runtime answers.
  private var name: String { name(job.target.keyPart) }

  private func name(_ target: String) -> String { "schedule/\(job.name)/\(subject)\(target)/\(due.milliseconds)" }

  /// What tells it from others of its kind that are due for the same target in the same millisecond.
  private var subject: String {
    switch job.kind {
    case .unblock(let address): "\(address)/"
    case .endAcknowledgement(let id): "\(id.kind.type)/"
    case .resume, .endRateLimit, .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: ""
    }
  }

  func begin() {
    switch job.kind {
    case .restartLimit(let id):
      TargetSnapshot.read(job.target, mark: MarkKey(session.keys.mark(name)), for: judged, in: session) { [self] in
        endRestart(id, $0)
      }
    case .jobLimit(let job, let run): endJob(job, run)
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .run: TargetRunner(job.target, of: self).begin()
    case .ruleAction, .verify, .proposalEnd, .approved: drop("a rule's, which is run elsewhere")
    }
  }

  // MARK: What its target asks

  var id: CommandID { CommandID(name) }
  var formerID: CommandID? { CommandID(name(job.target.escapedText)) }
  var author: String { "schedule" }
  var title: String { job.name }
  var askedAt: Instant? { due }
  var reason: String { "" }
  var refusedPhase: AuditLine.Phase { .skipped }
  var isDryRun: Bool { false }

  /// The instruction by which the job is planned.
  var judged: Instruction {
    switch job.kind {
    case .resume, .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: .resume
    case .endRateLimit: .rateLimit(0, .zero)
    case .unblock(let address): .unblock(address)
    case .endAcknowledgement(let id): .unacknowledge(id)
    }
  }

  /// The change; refused if what the job was to end has ended, or was made anew with a later end.
  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change {
    if case .run(let job) = job.kind { return run(job, at: instant) }
    let ends = [snapshot.record.pausedUntil, snapshot.record.rateLimitedUntil, snapshot.blockedUntil]
    let concerned: Instant? =
      switch job.kind {
      case .resume: ends[0]
      case .endRateLimit: ends[1]
      case .unblock: ends[2]
      case .endAcknowledgement, .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: nil
      }
    if let concerned, concerned > due { throw Refusal("stale") }
    let context = PlanningContext(
      target: target, snapshot: snapshot, commandID: id, operator: author, now: instant,
      restartLimit: session.options.restartLimit)
    do throws(Refusal) {
      var change = try Change.plan(judged, context)
      // The transaction takes the job out itself.
      change.scheduledJobs = []
      return change
    } catch {
      // There is nothing left to end: somebody did so before.
      throw Refusal("stale")
    }
  }

  /// Work on an agent: its actuator does it, or its runtime is told and answers by its status.
  private func run(_ job: JobName, at instant: Instant) -> Change {
    var change = Change(control: Change.Control(.job, arguments: ["job": job.rawValue]))
    guard !hasActuator else {
      change.detail = "\(job.rawValue) done"
      return change
    }
    change.detail = "\(job.rawValue) begun"
    let limit = Job(.jobLimit(job, run: name), self.job.target)
    change.scheduledJobs = [Change.ScheduledJob(job: limit, due: instant + session.options.jobLimit)]
    return change
  }

  private var hasActuator: Bool {
    guard case .run(let job) = job.kind else { return false }
    return session.actuator(of: .job, ["job": job.rawValue]) != nil
  }

  func check(in transaction: inout Transaction, isLast: Bool) {
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
  }
  func intentWritten() {}
  func takeBack(_ target: AgentID) { isCompleted = false }

  func settled(_ target: AgentID, _ outcome: TargetOutcome) {
    guard !isCompleted else { return finished() }
    // The same was done before for the same moment, and was scheduled anew: an end is done once more, as of now.
    var transaction = Transaction()
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
    if job.isEnding {
      transaction.change("ZADD", session.keys.schedule, session.now, member)
    } else {
      transaction.change("ZREM", session.keys.schedule, member)
    }
    run(transaction)
  }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    isCompleted = true
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
        transaction.add(to: session.keys.reports, JobReport(work, target, run: name, outcome, at: session.now).encoded)
      }
    }
    transaction.change("SET", session.keys.mark(name), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    transaction.add(to: session.keys.audit, line(LineDraft(phase: outcome.phase, detail: outcome.detail)))
  }

  func line(_ draft: LineDraft) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .run(name), phase: draft.phase, action: job.name, target: draft.target, operator: author,
        detail: draft.detail, before: draft.before, after: draft.after, alert: draft.alert, handler: session.options.id,
        at: draft.at ?? session.now, source: source))
  }

  // MARK: Limits

  /// A job's runtime has not reported in time: it failed.
  private func endJob(_ work: JobName, _ run: String) {
    let why = "no report of it came within \(session.options.jobLimit)"
    var transaction = base()
    for target in [job.target, AgentID.none] {
      let line = AuditLine(
        origin: .run(run), phase: .failed, action: "job/\(work.rawValue)", target: target, operator: author,
        detail: why,
        handler: session.options.id, at: session.now, source: source)
      transaction.add(to: session.keys.audit, AuditCoding.encode(line))
    }
    let outcome = TargetOutcome(phase: .failed, detail: why)
    transaction.add(to: session.keys.reports, JobReport(work, job.target, run: run, outcome, at: session.now).encoded)
    self.run(transaction)
  }

  /// A restart has not been confirmed in time: it failed, and the agent stands as before it.
  private func endRestart(_ id: CommandID, _ snapshot: TargetSnapshot) {
    let keys = session.keys
    let requests = [
      Request("GET", keys.mark(id.text)), keys.mark(id, job.target).get,
      Request("HGET", keys.agent(job.target), Change.restartField),
    ]
    session.read(requests) { [self] replies in
      let (command, mark, restart) = (replies[0].bytes.flatMap { CommandRecord($0) }, replies[1].mark, replies[2].bytes)
      // Its own restart has ended, and another has begun since.
      guard restart.map({ CommandID(String(decoding: $0, as: UTF8.self)) }) ?? id == id else {
        return drop(nil)
      }
      let before = mark.flatMap { IdempotencyRecord($0) }?.before ?? AgentRecord()
      guard let change = Change.endingRestart(of: job.target, snapshot.record, before: before, at: session.now) else {
        return drop(nil)
      }
      writeFailure(change, id, command, snapshot)
    }
  }

  private func writeFailure(_ change: Change, _ id: CommandID, _ command: CommandRecord?, _ snapshot: TargetSnapshot) {
    var transaction = base()
    snapshot.require(for: job.target, change, keys: session.keys, in: &transaction)
    let after = change.write(
      to: &transaction, target: job.target, version: snapshot.record.version, origin: id.text, author: "schedule",
      now: session.now, keys: session.keys)
    let why = "the restart was not confirmed within \(session.options.restartLimit)"
    // Who asks later what has become of it is told so.
    if var command, command.closed != nil {
      command.closed = .failed
      transaction.change(
        "SET", session.keys.mark(id.text), command.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    }
    for target in [job.target, AgentID.none] {
      var line = AuditLine(
        origin: .command(id), batch: command?.batch, phase: .failed, action: Action.restart.rawValue, target: target,
        operator: command?.operator ?? "", reason: command?.reason ?? "", detail: why, handler: session.options.id,
        at: session.now, source: source)
      if target != .none { (line.before, line.after) = (snapshot.record, after) }
      transaction.add(to: session.keys.audit, AuditCoding.encode(line))
    }
    run(transaction)
  }

  /// Takes it out with nothing done; a reason goes into the audit.
  private func drop(_ reason: String?) {
    var transaction = base()
    if let reason {
      transaction.add(to: session.keys.audit, line(LineDraft(phase: .skipped, target: job.target, detail: reason)))
    }
    run(transaction)
  }

  private func base() -> Transaction {
    var transaction = Transaction()
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
    transaction.change("ZREM", session.keys.schedule, member)
    return transaction
  }

  private func run(_ transaction: Transaction) {
    session.run(transaction) { [self] outcome in
      switch outcome {
      case .done, .conflict(.obsolete, _): finished()
      case .conflict:
        attempts += 1
        // It is still due, and would come again at once.
        if attempts < 20 { begin() } else { session.later(inMilliseconds: 1000, finished) }
      case .fenced: break
      case .failed(let error):
        session.log(.error, "Redis refused a due job; trying again", ["job": name, "error": error.text])
        session.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }

  private var source: String { String(decoding: session.keys.schedule, as: UTF8.self) }
}
