import FleetModel
import Wire

/// The handler as far as consoles see it: it judges events with a fleet of its own, as the program does, and takes
/// commands.
struct MemoryHandler {
  private var fleet = Fleet(keepsHistory: false)
  private var eventsRead = 0
  private let decoder = EventDecoder(metrics: HistorySettings.metrics)
  /// Pauses that end by themselves, by agent.
  private var ends: [AgentID: Instant] = [:]

  init() {
    fleet.setMetrics(HistorySettings.metrics)
    fleet.setLevels(HistorySettings.levels)
  }

  /// Carries out what has been sent and what is due.
  mutating func act(_ store: inout MemoryStore, _ truth: inout Truth, _ runtimes: inout Runtimes) throws {
    for command in store.commands where store.handled.insert(command.id).inserted {
      carryOut(command, &store, &truth, &runtimes)
    }
    for (agent, end) in ends.sorted(by: { $0.key.description < $1.key.description }) where end <= truth.now {
      ends[agent] = nil
      guard store.records[agent]?.state == .paused else { continue }
      change(agent, to: .running, by: "schedule", nil, .run("job/\(agent)"), "resume", &store, &truth)
      runtimes.tell(agent.description, pause: false, command: nil).map { hear($0, &store, &truth) }
    }
    try judge(&store, at: truth.now)
  }

  /// Does what somebody elsewhere asked for.
  mutating func tend(_ key: Truth.AlertKey, _ tending: History.Tending, _ store: inout MemoryStore, at now: Instant) {
    guard let id = AlertID(bytes: Array("\(key.kind)/\(key.agent)".utf8)) else { return }
    let known = store.alerts[id]
    guard
      var record = known
        ?? (tending == .escalate ? AlertRecord(id: id, severity: .high, count: 0, since: now, last: now) : nil)
    else { return }
    let action: Action
    switch tending {
    case .acknowledge: (action, record.acknowledgedBy, record.acknowledgedAt) = (.acknowledge, "somebody", now)
    case .silence: (action, record.silencedUntil) = (.silence, now + .minutes(10))
    case .close: (action, record.isClosed) = (.close, true)
    case .escalate:
      (action, record.acknowledgedBy, record.acknowledgedAt) = (.escalate, nil, nil)
      (record.count, record.last) = (record.count + 1, now)
    }
    fleet.setAlert(record)
    store.add(
      AuditLine(
        origin: .command(CommandID("tend-\(store.audit.count)")), phase: .succeeded, action: action.rawValue,
        target: id.agent, operator: "somebody", alert: record, handler: "h1", at: now))
    write(&store)
  }

  /// Judges events as far as they are there, and writes what is open.
  private mutating func judge(_ store: inout MemoryStore, at now: Instant) throws {
    while eventsRead < store.events.count {
      let (at, event) = store.events[eventsRead]
      eventsRead += 1
      _ = try event.json.withUnsafeBytes { fleet.apply(try decoder.decode($0, channel: nil, receivedAt: at)) }
    }
    for (agent, record) in store.records { fleet.setRecord(record, of: agent) }
    fleet.advance(to: now)
    store.judgedUpTo = now
    write(&store)
  }

  private func write(_ store: inout MemoryStore) {
    store.alerts = Dictionary(uniqueKeysWithValues: fleet.alerts.open.map { ($0.id, $0.record) })
  }

  mutating func forget() { self = MemoryHandler() }

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
    if state == .paused { (after.pausedBy, after.pausedAt) = (who, truth.now) }
    store.add(
      AuditLine(
        origin: origin, phase: .succeeded, action: action, target: agent, operator: who, before: before, after: after,
        handler: "h1", at: truth.now))
    truth.record(state.rawValue, of: agent.description, until: until)
  }
}
