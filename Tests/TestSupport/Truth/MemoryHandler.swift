import FleetModel

/// The handler as far as consoles see it: it takes commands and writes what became of them, as the truth dictates.
struct MemoryHandler: Sendable {
  /// Pauses that end by themselves, by agent.
  private var ends: [AgentID: Instant] = [:]

  /// Carries out what has been sent and what is due.
  mutating func act(_ store: inout MemoryStore, _ truth: inout Truth, _ runtimes: inout Runtimes) {
    for command in store.commands where store.handled.insert(command.id).inserted {
      carryOut(command, &store, &truth, &runtimes)
    }
    for (agent, end) in ends.sorted(by: { $0.key.description < $1.key.description }) where end <= truth.now {
      ends[agent] = nil
      guard store.records[agent]?.state == .paused else { continue }
      change(agent, to: .running, by: "schedule", nil, .run("job/\(agent)"), "resume", &store, &truth)
      runtimes.tell(agent.description, pause: false, command: nil).map { hear($0, &store, &truth) }
    }
  }

  mutating func forget() { ends = [:] }

  private mutating func carryOut(
    _ command: Command, _ store: inout MemoryStore, _ truth: inout Truth, _ runtimes: inout Runtimes
  ) {
    func tell(_ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "") {
      store.add(
        AuditLine(
          origin: .command(command.id), phase: phase, action: command.action.rawValue, target: target,
          operator: command.operator, reason: command.reason, detail: detail, handler: "h1", at: truth.now))
    }
    func settle(_ phases: Set<String>) { truth.commands[command.id.text]?.phases = phases }
    guard command.expiresAt > truth.now else {
      tell(.expired, .none, "it came too late")
      return settle(["expired"])
    }
    tell(.received)
    let changed = command.targets.first { target in
      command.observed[target].map { $0.version != store.records[target]?.version ?? 0 } ?? false
    }
    if let changed {
      tell(.rejected, .none, "\(changed) has changed since")
      return settle(["rejected"])
    }
    let pauses = command.action == .pause
    let until = pauses ? truth.now + .minutes(15) : nil
    var words: [PublishedEvent] = []
    for target in command.targets {
      tell(.started, target)
      change(
        target, to: pauses ? .paused : .running, by: command.operator, until, .command(command.id),
        command.action.rawValue, &store, &truth)
      ends[target] = until
      if let word = runtimes.tell(target.description, pause: pauses, command: command.id.text) { words.append(word) }
    }
    tell(.succeeded)
    for word in words {
      hear(word, &store, &truth)
      tell(.obeyed, AgentID(word.agent))
    }
    if words.count == command.targets.count { tell(.obeyed) }
    settle(words.count == command.targets.count ? ["obeyed"] : ["succeeded", "unconfirmed"])
  }

  private func hear(_ event: PublishedEvent, _ store: inout MemoryStore, _ truth: inout Truth) {
    store.add(event, at: truth.now)
    truth.hear(event)
  }

  private func change(
    _ agent: AgentID, to state: AgentState, by who: String, _ until: Instant?, _ origin: AuditLine.Origin,
    _ action: String, _ store: inout MemoryStore, _ truth: inout Truth
  ) {
    let before = store.records[agent] ?? AgentRecord()
    var after = before
    (after.state, after.pausedUntil, after.version) = (state, until, before.version + 1)
    (after.updatedAt, after.updatedBy) = (truth.now, who)
    store.add(
      AuditLine(
        origin: origin, phase: .succeeded, action: action, target: agent, operator: who, before: before, after: after,
        handler: "h1", at: truth.now))
    truth.record(Truth.State(rawValue: state.rawValue) ?? .running, of: agent.description, by: who, until: until)
  }
}
