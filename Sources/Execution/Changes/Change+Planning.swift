import FleetModel

extension Change {
  /// What an instruction changes on one target; refused with the reason if the target does not allow it.
  package static func plan(_ instruction: Instruction, _ context: PlanningContext) throws(Refusal) -> Change {
    switch instruction {
    case .pause(let span): pause(context, until: context.now + span)
    case .resume: try resume(context)
    case .drain(let span): try drain(context, until: context.now + span)
    case .restart: try restart(context)
    case .scale(let scale): try self.scale(scale, context)
    case .rateLimit(let perMinute, let span): try rateLimit(perMinute, context, until: context.now + span)
    case .activateBackup(let backup): try activate(backup, context)
    case .deactivateBackup(let backup): try deactivate(backup, context)
    case .escalate(let team, let severity): escalate(to: team, severity, context)
    case .block(let address, let span): block(address, context, until: context.now + span)
    case .unblock(let address): try unblock(address, context)
    case .acknowledge(let id, let span, let note): try acknowledge(id, for: span, note: note, context)
    case .unacknowledge(let id): try unacknowledge(id, context)
    case .acknowledgeQueue(let id, let note): try acknowledge(id, note: note, context)
    case .unacknowledgeQueue(let id): try unacknowledge(id, context)
    case .silence(let id, let span, let note): try silence(id, for: span, note: note, context)
    case .unsilence(let id): try unsilence(id, context)
    case .close(let id, let note): try close(id, note: note, context)
    case .rebalance(let others, let share): rebalance(to: others, share: share)
    case .transfer(let conversation, let agent, let skill, let notes):
      try transfer(conversation, to: agent, skill: skill, notes: notes, context)
    case .offerCoupon(let conversations, let campaign): offerCoupon(conversations, campaign)
    case .tune(let parameter, let value): tune(parameter, value, context)
    case .rollback(let version): try rollback(to: version, context)
    case .schedule(let job, .after(let span)): try schedule(job, at: context.now + span, context)
    case .schedule(let job, .at(let instant)): try schedule(job, at: instant, context)
    case .cancel(let job): try cancel(job, context)
    case .automation(let mode): automate(mode.rawValue, context)
    case .approve(let id, let digest): try settle(id, digest, isApproved: true, context)
    case .reject(let id, let digest): try settle(id, digest, isApproved: false, context)
    case .notify(let channel, let text): try notify(channel, text, context)
    case .take(let id): try take(id, context)
    case .handBack(let id, let note): try handBack(id, note: note, context)
    case .closeConversation(let id, let note): try close(id, note: note, context)
    case .planMaintenance(let time, let drain, let backup, let window):
      try planMaintenance(at: time, for: drain, backup: backup, window: window, context)
    case .cancelMaintenance(let window): try cancelMaintenance(window, context)
    case .undo: throw Refusal("undo is planned from what it takes back")
    }
  }

  package static func pause(_ context: PlanningContext, until end: Instant) -> Change {
    var after = context.record
    after.state = .paused
    (after.pausedUntil, after.pausedBy, after.pausedAt) = (end, context.operator, context.now)
    let span = end - context.now
    return Change(
      after: after, control: Control(action: .pause, arguments: ["for": span.description], until: end),
      scheduledJobs: [ScheduledJob(job: Job(.resume, context.target), due: end)], detail: "paused for \(span.rounded)")
  }

  /// It takes no new conversations; those that are open end or move. It ends by itself, as a pause does.
  private static func drain(_ context: PlanningContext, until end: Instant) throws(Refusal) -> Change {
    guard context.record.state == .running || context.record.state == .draining else {
      throw Refusal("\(context.target) cannot be drained: it is \(context.record.state.rawValue)")
    }
    var after = context.record
    after.state = .draining
    (after.pausedUntil, after.pausedBy, after.pausedAt) = (end, context.operator, context.now)
    let span = end - context.now
    return Change(
      after: after, control: Control(action: .drain, arguments: ["for": span.description], until: end),
      scheduledJobs: [ScheduledJob(job: Job(.resume, context.target), due: end)], detail: "draining for \(span.rounded)"
    )
  }

  package static func resume(_ context: PlanningContext) throws(Refusal) -> Change {
    guard context.record.state.isHeld else {
      throw Refusal("\(context.target) is not paused: it is \(context.record.state.rawValue)")
    }
    var after = context.record
    after.state = .running
    (after.pausedUntil, after.pausedBy, after.pausedAt) = (nil, nil, nil)
    return Change(
      after: after, control: Control(action: .resume),
      scheduledJobs: [ScheduledJob(job: Job(.resume, context.target), due: nil)], detail: "resumed")
  }

  private static func restart(_ context: PlanningContext) throws(Refusal) -> Change {
    guard context.record.state != .restarting else { throw Refusal("\(context.target) is already restarting") }
    var after = context.record
    after.state = .restarting
    after.pausedUntil = nil
    let limit = Job(.restartLimit(context.commandID), context.target)
    return Change(
      after: after, control: Control(action: .restart),
      scheduledJobs: [
        ScheduledJob(job: limit, due: context.now + context.restartLimit),
        ScheduledJob(job: Job(.resume, context.target), due: nil),
      ],
      detail: "told to restart")
  }

  /// No agent has more: what its publisher says of it may be any number.
  package static let mostReplicas = InstructionReader.mostCount

  private static func scale(_ scale: Instruction.Scale, _ context: PlanningContext) throws(Refusal) -> Change {
    var after = context.record
    var words: [String] = []
    var arguments: [String: String] = [:]
    if let replicas = scale.replicas {
      let before = context.record.replicas ?? 1
      let wanted =
        switch replicas {
        case .exactly(let count): count
        case .by(let difference): before.addingReportingOverflow(difference).partialValue
        }
      guard wanted >= 0 else { throw Refusal("\(before) replicas by \(wanted &- before) would leave \(wanted)") }
      guard wanted <= mostReplicas else { throw Refusal("\(wanted) replicas are more than \(mostReplicas)") }
      after.replicas = wanted
      arguments["replicas"] = "\(wanted)"
      words.append("replicas \(before) → \(wanted)")
    }
    if let cpu = scale.cpu {
      after.cpu = cpu
      arguments["cpu"] = "\(cpu)"
      words.append("cpu \(context.record.cpu.map { "\($0)" } ?? "unset") → \(cpu)")
    }
    if let memory = scale.memory {
      after.memory = memory
      arguments["memory"] = "\(memory)"
      words.append("memory \(context.record.memory.map { "\($0)" } ?? "unset") → \(memory) MiB")
    }
    return Change(
      after: after, control: Control(action: .scale, arguments: arguments), detail: words.joined(separator: ", "))
  }

  package static func rateLimit(_ perMinute: Int, _ context: PlanningContext, until end: Instant) throws(Refusal)
    -> Change
  {
    var after = context.record
    let job = Job(.endRateLimit, context.target)
    let arguments = ["per_minute": "\(perMinute)"]
    guard perMinute > 0 else {
      guard let limit = context.record.rateLimit, limit > 0 else {
        throw Refusal("\(context.target) has no rate limit")
      }
      after.rateLimit = nil
      after.rateLimitedUntil = nil
      return Change(
        after: after, control: Control(action: .rateLimit, arguments: arguments),
        scheduledJobs: [ScheduledJob(job: job, due: nil)], detail: "no rate limit any more")
    }
    after.rateLimit = perMinute
    after.rateLimitedUntil = end
    return Change(
      after: after, control: Control(action: .rateLimit, arguments: arguments, until: end),
      scheduledJobs: [ScheduledJob(job: job, due: end)],
      detail: "\(perMinute) messages a minute for \(end - context.now)")
  }

  package static func activate(_ named: AgentID?, _ context: PlanningContext) throws(Refusal) -> Change {
    guard let backup = named ?? context.record.backup ?? context.knownBackup else {
      throw Refusal("no backup of \(context.target) is known; name one with backup=AGENT")
    }
    guard backup != context.target else { throw Refusal("\(context.target) cannot be its own backup") }
    var after = context.record
    after.backup = backup
    return Change(
      after: after, control: Control(action: .activateBackup, arguments: ["backup": backup.description]),
      standIn: StandIn(before: context.record.backup, after: backup),
      detail: "\(backup) stands in")
  }

  package static func deactivate(_ named: AgentID?, _ context: PlanningContext) throws(Refusal) -> Change {
    guard let backup = context.record.backup else { throw Refusal("no backup stands in for \(context.target)") }
    guard named == nil || named == backup else { throw Refusal("\(backup) stands in for \(context.target)") }
    var after = context.record
    after.backup = nil
    return Change(
      after: after, control: Control(action: .deactivateBackup, arguments: ["backup": backup.description]),
      standIn: StandIn(before: backup),
      detail: "\(backup) no longer stands in")
  }
}
