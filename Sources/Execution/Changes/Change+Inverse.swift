import FleetModel

extension Change {
  /// What takes back what an instruction did to one target.
  ///
  /// - Parameters:
  ///   - instruction: what was done.
  ///   - command: the id of the command that did it.
  ///   - done: what stood before, as the mark of the transaction remembers it.
  package static func inverse(
    of instruction: Instruction, by command: CommandID, _ done: IdempotencyRecord, _ context: PlanningContext
  ) throws(Refusal) -> Change {
    let before = done.before ?? AgentRecord()
    switch instruction {
    case .pause, .drain: return try resume(context)
    case .planMaintenance:
      // The agent may have another one by now.
      guard context.window?.id == command.text else { throw Refusal("that window is over") }
      return try cancelMaintenance(nil, context)
    case .scale(let scale): return restore(scale, before, context)
    case .rateLimit:
      guard let limit = before.rateLimit, limit > 0, let end = before.rateLimitedUntil, end > context.now else {
        return try rateLimit(0, context, until: context.now)
      }
      return try rateLimit(limit, context, until: end)
    case .activateBackup: return try undoBackup(before, context)
    case .deactivateBackup: return try activate(before.backup, context)
    case .block(let address, _): return try unblock(address, context)
    case .unblock(let address):
      guard let end = done.blockedUntil, end > context.now else {
        throw Refusal("the block of \(address) would have ended by now")
      }
      return block(address, context, until: end)
    case .acknowledge(let id, _, _): return try unacknowledge(id, context)
    case .unacknowledge(let id): return try acknowledge(id, for: nil, note: "", context)
    case .acknowledgeQueue(let id, _): return try unacknowledge(id, context)
    case .unacknowledgeQueue(let id): return try acknowledge(id, note: "", context)
    case .silence(let id, _, _): return try unsilence(id, context)
    case .unsilence(let id):
      guard let end = done.blockedUntil, end > context.now else { throw Refusal("the silence would have ended by now") }
      return try silence(id, for: end - context.now, note: "", context)
    case .tune(let parameter, _): return tune(parameter, done.setting, context)
    case .schedule(let job, _): return try cancel(job, context)
    case .cancel(let job):
      guard let due = done.blockedUntil else { throw Refusal("nobody knows when \(job.rawValue) was to run") }
      return try schedule(job, at: max(due, context.now), context)
    case .automation(let mode): return try turnBack(mode, to: done.setting, context)
    case .resume, .restart, .escalate, .rebalance, .transfer, .offerCoupon, .rollback, .close, .approve, .reject,
      .notify, .undo, .take, .handBack, .closeConversation, .cancelMaintenance:
      throw Refusal("it cannot be undone")
    }
  }

  private static func restore(_ scale: Instruction.Scale, _ before: AgentRecord, _ context: PlanningContext) -> Change {
    var after = context.record
    var arguments: [String: String] = [:]
    if scale.replicas != nil {
      after.replicas = before.replicas ?? 1
      arguments["replicas"] = "\(before.replicas ?? 1)"
    }
    if scale.cpu != nil {
      after.cpu = before.cpu
      arguments["cpu"] = before.cpu.map { "\($0)" }
    }
    if scale.memory != nil {
      after.memory = before.memory
      arguments["memory"] = before.memory.map { "\($0)" }
    }
    let words = arguments.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return Change(
      after: after, control: Control(action: .scale, arguments: arguments),
      detail: "back to \(words.isEmpty ? "unset" : words.joined(separator: ", "))")
  }

  /// Back to the mode before, if nobody has turned the switch since: an undo must not turn on what another has turned
  /// off.
  ///
  /// - Parameters:
  ///   - mode: what the command has set.
  ///   - before: what was set before it; nil if nothing was.
  private static func turnBack(
    _ mode: AutomationMode, to before: String?, _ context: PlanningContext
  ) throws(Refusal) -> Change {
    let present = context.setting ?? AutomationMode.dry.rawValue
    guard present == mode.rawValue else { throw Refusal("automation has been set to \(present) since") }
    return automate(before ?? AutomationMode.dry.rawValue, context)
  }

  /// Back to another backup that stood in before, or to none.
  private static func undoBackup(_ before: AgentRecord, _ context: PlanningContext) throws(Refusal) -> Change {
    if let backup = before.backup, backup != context.record.backup { return try activate(backup, context) }
    return try deactivate(nil, context)
  }
}
