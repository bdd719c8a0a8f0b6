import FleetModel
import Wire

/// What a job does to its target.
extension JobRun {
  /// The run's name, also as the id by which its runtime answers.
  package var name: String { name(job.target.keyPart) }
  package var id: CommandID { CommandID(name) }
  /// The id that the version before gave it.
  package var formerID: CommandID { CommandID(name(job.target.escapedText)) }

  private func name(_ target: String) -> String { "schedule/\(job.name)/\(subject)\(target)/\(due.milliseconds)" }

  /// What tells it from others of its kind that are due for the same target in the same millisecond.
  private var subject: String {
    switch job.kind {
    case .unblock(let address): "\(address)/"
    case .endAcknowledgement(let id): "\(id.kind.type)/"
    case .resume, .endRateLimit, .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: ""
    }
  }

  /// The instruction by which the job is planned.
  package var instruction: Instruction {
    switch job.kind {
    case .resume, .restartLimit, .run, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: .resume
    case .endRateLimit: .rateLimit(0, .zero)
    case .unblock(let address): .unblock(address)
    case .endAcknowledgement(let id): .unacknowledge(id)
    }
  }

  /// The change; refused as stale if what the job was to end has ended, or was made anew with a later end.
  ///
  /// - Parameters:
  ///   - hasActuator: whether an actuator does scheduled work; otherwise its runtime is told, and has `workLimit` to
  ///     report.
  package func plan(
    _ context: PlanningContext, hasActuator: Bool, workLimit: TimeSpan
  ) throws(Refusal) -> Change {
    let concerned: Instant?
    switch job.kind {
    case .run(let work): return self.work(work, hasActuator, due: context.now + workLimit)
    case .resume: concerned = context.record.pausedUntil
    case .endRateLimit: concerned = context.record.rateLimitedUntil
    case .unblock: concerned = context.blockedUntil
    case .endAcknowledgement, .restartLimit, .jobLimit, .ruleAction, .verify, .proposalEnd, .approved: concerned = nil
    }
    if let concerned, concerned > due { throw Refusal("stale") }
    do throws(Refusal) {
      var change = try Change.plan(instruction, context)
      // The transaction takes the job out itself.
      change.scheduledJobs = []
      return change
    } catch {
      // There is nothing left to end: somebody did so before.
      throw Refusal("stale")
    }
  }

  /// Work on an agent: its actuator does it, or its runtime is told and answers by its status.
  private func work(_ work: JobName, _ hasActuator: Bool, due limit: Instant) -> Change {
    var change = Change(control: Change.Control(.job, arguments: ["job": work.rawValue]))
    change.detail = "\(work.rawValue) \(hasActuator ? "done" : "begun")"
    if !hasActuator {
      change.scheduledJobs = [Change.ScheduledJob(job: Job(.jobLimit(work, run: name), job.target), due: limit)]
    }
    return change
  }
}
