import FleetModel

extension Change {
  /// What an instruction changes on one target; refused with the reason where the target does not allow it.
  static func plan(_ instruction: Instruction, _ scene: Scene) throws(Refusal) -> Change {
    switch instruction {
    case .pause(let span): pause(scene, until: scene.now + span)
    case .resume: try resume(scene)
    case .restart: try restart(scene)
    case .scale(let scale): try self.scale(scale, scene)
    case .rateLimit(let perMinute, let span): try rateLimit(perMinute, scene, until: scene.now + span)
    case .activateBackup(let backup): try activate(backup, scene)
    case .deactivateBackup(let backup): try deactivate(backup, scene)
    case .escalate(let team, let severity): escalate(to: team, severity, scene)
    case .block(let address, let span): block(address, scene, until: scene.now + span)
    case .unblock(let address): try unblock(address, scene)
    case .acknowledge(let id, let span, let note): try acknowledge(id, for: span, note: note, scene)
    case .unacknowledge(let id): try unacknowledge(id, scene)
    case .silence(let id, let span, let note): try silence(id, for: span, note: note, scene)
    case .unsilence(let id): try unsilence(id, scene)
    case .close(let id, let note): try close(id, note: note, scene)
    case .rebalance(let others, let share): rebalance(to: others, share: share)
    case .transfer(let conversation, let agent, let skill, let notes):
      try transfer(conversation, to: agent, skill: skill, notes: notes, scene)
    case .offerCoupon(let conversations, let campaign): offerCoupon(conversations, campaign)
    case .tune(let parameter, let value): tune(parameter, value, scene)
    case .schedule(let job, .after(let span)): try schedule(job, at: scene.now + span, scene)
    case .schedule(let job, .at(let instant)): try schedule(job, at: instant, scene)
    case .cancel(let job): try cancel(job, scene)
    case .automation(let mode): automate(mode.rawValue, scene)
    case .approve(let id, let digest): try settle(id, digest, isApproved: true, scene)
    case .reject(let id, let digest): try settle(id, digest, isApproved: false, scene)
    case .notify(let channel, let text): try notify(channel, text, scene)
    case .undo: throw Refusal("undo is planned from what it takes back")
    }
  }

  static func pause(_ scene: Scene, until end: Instant) -> Change {
    var after = scene.record
    after.state = .paused
    (after.pausedUntil, after.pausedBy, after.pausedAt) = (end, scene.operator, scene.now)
    let span = end - scene.now
    return Change(
      after: after, control: Control(action: .pause, arguments: ["for": span.description], until: end),
      appointments: [Appointment(job: Job(.resume, scene.target), due: end)], detail: "paused for \(span)")
  }

  static func resume(_ scene: Scene) throws(Refusal) -> Change {
    guard scene.record.state == .paused else {
      throw Refusal("\(scene.target) is not paused: it is \(scene.record.state.rawValue)")
    }
    var after = scene.record
    after.state = .running
    (after.pausedUntil, after.pausedBy, after.pausedAt) = (nil, nil, nil)
    return Change(
      after: after, control: Control(action: .resume),
      appointments: [Appointment(job: Job(.resume, scene.target), due: nil)], detail: "resumed")
  }

  private static func restart(_ scene: Scene) throws(Refusal) -> Change {
    guard scene.record.state != .restarting else { throw Refusal("\(scene.target) is already restarting") }
    var after = scene.record
    after.state = .restarting
    after.pausedUntil = nil
    let limit = Job(.restartLimit(scene.commandID), scene.target)
    return Change(
      after: after, control: Control(action: .restart),
      appointments: [
        Appointment(job: limit, due: scene.now + scene.restartLimit),
        Appointment(job: Job(.resume, scene.target), due: nil),
      ],
      detail: "told to restart")
  }

  /// No agent has more: what its publisher says of it may be any number.
  static let mostReplicas = InstructionReader.mostCount

  private static func scale(_ scale: Instruction.Scale, _ scene: Scene) throws(Refusal) -> Change {
    var after = scene.record
    var words: [String] = []
    var arguments: [String: String] = [:]
    if let replicas = scale.replicas {
      let before = scene.record.replicas ?? 1
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
      words.append("cpu \(scene.record.cpu.map { "\($0)" } ?? "unset") → \(cpu)")
    }
    if let memory = scale.memory {
      after.memory = memory
      arguments["memory"] = "\(memory)"
      words.append("memory \(scene.record.memory.map { "\($0)" } ?? "unset") → \(memory) MiB")
    }
    return Change(
      after: after, control: Control(action: .scale, arguments: arguments), detail: words.joined(separator: ", "))
  }

  static func rateLimit(_ perMinute: Int, _ scene: Scene, until end: Instant) throws(Refusal) -> Change {
    var after = scene.record
    let job = Job(.endRateLimit, scene.target)
    let arguments = ["per_minute": "\(perMinute)"]
    guard perMinute > 0 else {
      guard let limit = scene.record.rateLimit, limit > 0 else { throw Refusal("\(scene.target) has no rate limit") }
      after.rateLimit = nil
      after.rateLimitedUntil = nil
      return Change(
        after: after, control: Control(action: .rateLimit, arguments: arguments),
        appointments: [Appointment(job: job, due: nil)], detail: "no rate limit any more")
    }
    after.rateLimit = perMinute
    after.rateLimitedUntil = end
    return Change(
      after: after, control: Control(action: .rateLimit, arguments: arguments, until: end),
      appointments: [Appointment(job: job, due: end)],
      detail: "\(perMinute) messages a minute for \(end - scene.now)")
  }

  static func activate(_ named: AgentID?, _ scene: Scene) throws(Refusal) -> Change {
    guard let backup = named ?? scene.record.backup ?? scene.knownBackup else {
      throw Refusal("no backup of \(scene.target) is known; name one with backup=AGENT")
    }
    guard backup != scene.target else { throw Refusal("\(scene.target) cannot be its own backup") }
    var after = scene.record
    after.backup = backup
    return Change(
      after: after, control: Control(action: .activateBackup, arguments: ["backup": backup.description]),
      standIn: StandIn(before: scene.record.backup, after: backup),
      detail: "\(backup) stands in")
  }

  static func deactivate(_ named: AgentID?, _ scene: Scene) throws(Refusal) -> Change {
    guard let backup = scene.record.backup else { throw Refusal("no backup stands in for \(scene.target)") }
    guard named == nil || named == backup else { throw Refusal("\(backup) stands in for \(scene.target)") }
    var after = scene.record
    after.backup = nil
    return Change(
      after: after, control: Control(action: .deactivateBackup, arguments: ["backup": backup.description]),
      standIn: StandIn(before: backup),
      detail: "\(backup) no longer stands in")
  }
}
