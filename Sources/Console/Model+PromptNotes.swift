import FleetModel
import Screen

/// What an operator should know before saying yes: who is left out, who is in that state already, and who will not hear.
extension Model {
  func notes(on draft: ActionDraft) -> [String] {
    var notes: [String?] = candidateWords(draft)
    notes += [leftOut(of: draft), draft.proposal == nil ? alreadyWords(draft) : nil]
    let shards = board == nil ? [] : shards(of: draft)
    switch board?.link(of: shards) ?? link {
    case .up:
      let isAbsent = (board?.handler(of: shards) ?? handler) == .absent
      let free = shards.filter { board?.handler(of: [$0]) == .absent }
      notes.append(isAbsent ? "nobody listens\(placeWords(free, "in")): no handler" : nil)
    case .connecting, .down:
      let down = shards.filter { board?.link(of: [$0]) != .up }
      notes.append("no link\(placeWords(down, "to")): it is sent only if the link returns in time")
    }
    if draft.proposal == nil { notes.append(deafWords(draft)) }
    return notes.compactMap(\.self)
  }

  /// The marked agents that the filter hides.
  private func leftOut(of draft: ActionDraft) -> String? {
    let hidden = hiddenMarks
    guard draft.proposal == nil, !draft.targets.isEmpty, draft.action != .undo, !hidden.isEmpty else { return nil }
    let names = hidden.prefix(2).map { Self.shortened(labels[$0], columns: 20) }.joined(separator: ", ")
    let more = hidden.count > 2 ? "…" : ""
    return "not \(Format.counted(hidden.count, "marked agent")) hidden by the filter: \(names)\(more)"
  }

  /// That runtimes which are to obey were never heard of.
  private func deafWords(_ draft: ActionDraft) -> String? {
    guard draft.action.descriptor.needsRuntime else { return nil }
    let deaf = draft.targets.count { displayed[$0].map { $0.reported == nil } ?? true }
    guard deaf > 0 else { return nil }
    return draft.targets.count == 1
      ? "no runtime has reported for it" : "no runtime has reported for \(deaf) of \(draft.targets.count)"
  }

  // MARK: Already so

  private func alreadyWords(_ draft: ActionDraft) -> String? {
    guard draft.targets.count != 1 else { return displayed[draft.targets[0]].flatMap { present($0, draft)?.whole } }
    let states = draft.targets.compactMap { id in displayed[id].flatMap { present($0, draft)?.short } }
    return states.first.map { "\(states.count) of \(draft.targets.count) \($0)" }
  }

  /// How an agent is already what it would be made, in words for itself alone and for one of many.
  private func present(_ agent: Agent, _ draft: ActionDraft) -> (whole: String, short: String)? {
    let record = agent.record
    func word(_ text: String, until end: Instant? = nil) -> (whole: String, short: String) {
      let by = record.updatedBy.map { " by \(Format.person($0))" } ?? ""
      let rest = end.map { " until \(Format.until($0, from: displayedNow))" } ?? ""
      return (text + by + rest, text)
    }
    switch draft.action {
    case .pause: return record.state == .paused ? word("already paused", until: record.pausedUntil) : nil
    case .drain: return record.state == .draining ? word("already draining", until: record.pausedUntil) : nil
    case .resume: return agent.state == .running ? ("already running", "already running") : nil
    case .restart: return record.state == .restarting ? word("already restarting") : nil
    case .scale:
      guard let replicas = record.replicas, draft.arguments["replicas"] == "\(replicas)" else { return nil }
      return word("already at \(Format.counted(replicas, "replica"))")
    case .rateLimit:
      guard let limit = record.rateLimit, limit > 0 else { return nil }
      return word("already limited to \(limit) a minute", until: record.rateLimitedUntil)
    case .activateBackup:
      return record.backup.map { ("\(labels[$0]) already stands in", "already have a backup") }
    case .escalate:
      let isEscalated = displayed.position(of: agent.id).flatMap { displayed.alert(.escalation, ofAgentAt: $0) } != nil
      return isEscalated ? ("already escalated", "already escalated") : nil
    case .rollback:
      guard let version = draft.arguments["version"], agent.traits[.version].isExactly(version) else { return nil }
      return ("already runs version \(Scrubber.display(version))", "already run it")
    case .deactivateBackup, .rebalance, .transfer, .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .tune,
      .notify, .acknowledge, .unacknowledge, .silence, .unsilence, .close, .approve, .reject, .undo, .automation, .take,
      .handBack, .closeConversation, .planMaintenance, .cancelMaintenance:
      return nil
    }
  }
}
