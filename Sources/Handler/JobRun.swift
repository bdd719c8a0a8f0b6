import FleetModel
import Redis
import Wire

/// One due job: its effects and its end in the schedule are one step, so that it runs once.
final class JobRun {
  private let job: Job
  private let member: [UInt8]
  private let score: [UInt8]
  private let due: Instant
  private let term: Term
  private let finished: () -> Void
  private var attempts = 0

  init(_ job: Job, member: [UInt8], score: [UInt8], due: Instant, term: Term, finished: @escaping () -> Void) {
    self.job = job
    self.member = member
    self.score = score
    self.due = due
    self.term = term
    self.finished = finished
  }

  /// The run's name, also as the id by which its runtime answers.
  private var name: String { "schedule/\(job.name)/\(job.target)/\(due.milliseconds)" }

  /// As what it is planned.
  private var instruction: Instruction {
    switch job.kind {
    case .resume, .restartLimit: .resume
    case .endRateLimit: .rateLimit(0, .zero)
    case .unblock(let address): .unblock(address)
    case .endAcknowledgement(let id): .unacknowledge(id)
    }
  }

  func begin() {
    Situation.read(job.target, mark: term.keys.mark(name), for: instruction, in: term) { [self] situation in
      if case .restartLimit(let id) = job.kind { return endRestart(id, situation) }
      do throws(Refusal) {
        carryOut(try plan(situation), situation)
      } catch {
        drop(error.reason)
      }
    }
  }

  /// The change; refused where what the job was to end has ended, or was made anew with a later end.
  private func plan(_ situation: Situation) throws(Refusal) -> Change {
    let record = situation.record
    switch job.kind {
    case .resume:
      if let end = record.pausedUntil, end > due { throw Refusal("stale") }
    case .endRateLimit:
      if let end = record.rateLimitedUntil, end > due { throw Refusal("stale") }
    case .unblock:
      if let end = situation.blockedUntil, end > due { throw Refusal("stale") }
    case .endAcknowledgement, .restartLimit: break
    }
    let scene = Scene(
      target: job.target, record: record, alert: situation.alert, blockedUntil: situation.blockedUntil,
      commandID: CommandID(name), operator: "schedule", now: term.now, restartLimit: term.options.restartLimit)
    do throws(Refusal) {
      return try Change.plan(instruction, scene)
    } catch {
      // There is nothing left to end: somebody did so before.
      throw Refusal("stale")
    }
  }

  private func carryOut(_ change: Change, _ situation: Situation) {
    var step = base()
    var change = change
    // The step takes the job out itself.
    change.appointments = []
    situation.require(for: job.target, change, keys: term.keys, in: &step)
    let now = term.now
    let after = change.write(
      to: &step, target: job.target, version: situation.record.version, origin: name, author: "schedule", now: now,
      keys: term.keys)
    var mark = CommandMark(action: job.name, targets: [job.target], operator: "schedule")
    mark.closed = .succeeded
    mark.told = [job.target]
    step.change("SET", term.keys.mark(name), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let before = after == nil ? nil : situation.record
    if job.target != .none {
      step.add(to: term.keys.audit, line(.succeeded, job.target, change.detail, before: before, after: after))
    }
    step.add(to: term.keys.audit, line(.succeeded, .none, change.detail))
    run(step)
  }

  /// A restart has not been confirmed in time: it failed, and the agent stands as before it.
  private func endRestart(_ id: CommandID, _ situation: Situation) {
    guard situation.record.state == .restarting else { return drop(nil) }
    let keys = term.keys
    term.read([Request("GET", keys.mark(id.text)), Request("GET", keys.mark(id, job.target))]) { [self] replies in
      let before = replies[1].bytes.flatMap { TargetMark($0) }?.before ?? AgentRecord()
      var change = Change(after: situation.record)
      change.after?.state = before.state
      // A pause that a restart interrupted goes on where its time is not up.
      if before.state == .paused {
        if let end = before.pausedUntil, end > term.now {
          change.after?.pausedUntil = end
          change.appointments = [Change.Appointment(job: Job(.resume, job.target), due: end)]
        } else {
          change.after?.state = .running
        }
      }
      let command = replies[0].bytes.flatMap { CommandMark($0) }
      writeFailure(change, id, command, situation)
    }
  }

  private func writeFailure(_ change: Change, _ id: CommandID, _ command: CommandMark?, _ situation: Situation) {
    var step = base()
    situation.require(for: job.target, change, keys: term.keys, in: &step)
    let after = change.write(
      to: &step, target: job.target, version: situation.record.version, origin: id.text, author: "schedule",
      now: term.now, keys: term.keys)
    let why = "the restart was not confirmed within \(term.options.restartLimit)"
    for target in [job.target, AgentID.none] {
      var line = AuditLine(
        origin: .command(id), phase: .failed, action: Action.restart.rawValue, target: target,
        operator: command?.operator ?? "", reason: command?.reason ?? "", detail: why, handler: term.options.id,
        at: term.now, source: source)
      if target != .none { (line.before, line.after) = (situation.record, after) }
      step.add(to: term.keys.audit, AuditCoding.encode(line))
    }
    run(step)
  }

  /// Takes it out with nothing done; a reason goes into the audit.
  private func drop(_ reason: String?) {
    var step = base()
    if let reason { step.add(to: term.keys.audit, line(.skipped, job.target, reason)) }
    run(step)
  }

  private func base() -> Step {
    var step = Step()
    step.require("ZSCORE", term.keys.schedule, member, is: score)
    step.change("ZREM", term.keys.schedule, member)
    return step
  }

  private func run(_ step: Step) {
    term.run(step) { [self] outcome in
      switch outcome {
      case .done, .refused(1, _): finished()
      case .refused:
        attempts += 1
        if attempts < 20 { begin() } else { finished() }
      case .over: break
      case .failed(let error):
        term.log(.error, "Redis refused a due job; trying again", ["job": name, "error": error.text])
        term.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }

  private var source: String { String(decoding: term.keys.schedule, as: UTF8.self) }

  private func line(
    _ phase: AuditLine.Phase, _ target: AgentID, _ detail: String, before: AgentRecord? = nil,
    after: AgentRecord? = nil
  ) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .run(name), phase: phase, action: job.name, target: target, operator: "schedule", detail: detail,
        before: before, after: after, handler: term.options.id, at: term.now, source: source))
  }
}
