import Automation
import Execution
import FleetModel
import Insight
import Loop
import Redis
import Wire

/// Keeps windows of maintenance, and has them done: each phase of one is an ordinary command that goes into the stream of
/// commands in the transaction that moves the window on.
///
/// ```text
///   forecast stands ─▶ proposed, planned ─┐
///   command ─▶ committed ─▶ read anew ────┴─▶ look at marks, records ─ MaintenanceRun ─▶ window, command, audit
///                                                     ▲──────────── after a while ─────────────────┘
/// ```
/// Whoever takes over reads what stands: a command's id follows from its window and action, so that it is done once
/// whoever sends it again. Where no window stands and the settings don't ask for any, it reads one hash a term.
///
/// A class, because the loop's timer and the answers share it.
final class MaintenanceDesk: SteppingDesk {
  let session: LeaseSession
  /// As they stand in Redis.
  private(set) var windows: [AgentID: MaintenanceWindow] = [:]
  private var stored: [AgentID: [UInt8]] = [:]
  /// Fields that are no windows.
  private var strays: [(name: [UInt8], value: [UInt8])] = []
  /// Whether more stand there than are kept: they wait until others are over.
  private var isCut = false
  /// What the last minutes came to, of agents that have a window.
  private(set) var outlooks: [AgentID: MaintenanceOutlook] = [:]
  /// Agents of which a failure is forecast, and nothing is planned.
  private var candidates: [AgentID: AgentInsight.Coming] = [:]
  /// Why the handler may not begin maintenance of an agent by itself; nil if it may.
  var guardFault: (AgentID) -> String? = { _ in nil }
  /// Since when events have been read to their end; nil before.
  private(set) var knownSince: Instant?
  var steps = StepState()

  /// In which group chats hear of proposals.
  private static let group = "maintenance"
  /// A window that waits for its time is looked at as often: it may be cancelled by itself.
  private static let looks = TimeSpan.seconds(20)
  private static let retries: Int64 = 200

  static let written = "a window of maintenance"

  init(session: LeaseSession) { self.session = session }

  func start() { step() }
  func optionsChanged() { step() }

  /// Takes what an agent's last minute came to.
  func take(_ agent: AgentID, _ minute: Instant, _ watch: AgentWatch) {
    let hasWindow = windows[agent] != nil
    guard hasWindow || session.options.maintenance.mode != .off else { return }
    let coming = watch.standing(at: session.now)
    guard hasWindow else {
      guard let first = coming.first(where: Self.isSure), candidates.count < MaintenanceWindow.most else { return }
      candidates[agent] = first
      return step()
    }
    let health = watch.health(in: minute)
    outlooks[agent] = MaintenanceOutlook(
      minute: minute, isThreatened: !coming.isEmpty, health: health?.score,
      why: health?.reasons.first.map { $0.words(named: watch.name(of: $0.metric)) } ?? "")
  }

  /// Whether an agent's window has begun.
  func isUnderWay(_ agent: AgentID) -> Bool { windows[agent].map { !$0.phase.isAhead } ?? false }

  private static func isSure(_ coming: AgentInsight.Coming) -> Bool { coming.confidence >= 0.5 }

  func step() {
    guard beginStep() else { return }
    if steps.isStale { return load() }
    // Nobody could say what becomes of what is no window.
    if !strays.isEmpty { return takeOut(strays, of: session.keys.maintenance) { self.strays.removeFirst($0) } }
    guard !windows.isEmpty || !candidates.isEmpty else { return }
    // Before events are read to their end nobody knows what runtimes have confirmed, nor who is silent.
    guard session.hasReadEvents else { return wait(Self.retries) }
    knownSince = knownSince ?? session.now
    if let candidate = candidates.popFirst() { return consider(candidate.key, candidate.value) }
    look()
  }

  // MARK: Reading

  private func load() {
    readHash(session.keys.maintenance) { [self] in
      take($0)
      step()
    }
  }

  private func take(_ pairs: [(name: [UInt8], value: [UInt8])]) {
    (strays, windows, stored) = ([], [:], [:])
    let all = MaintenanceCoding.decode(windows: pairs) { [session] field, value in
      session.passOver("a window of maintenance", session.keys.maintenance, value)
      strays.append((field, value))
    }
    isCut = all.count > MaintenanceWindow.most
    // Those under way come first.
    let kept = (all.filter { !$0.phase.isAhead } + all.filter(\.phase.isAhead)).prefix(MaintenanceWindow.most)
    let bytes = Dictionary(pairs.map { (AgentID(bytes: $0.name), $0.value) }) { first, _ in first }
    for window in kept {
      windows[window.agent] = window
      stored[window.agent] = bytes[window.agent]
    }
    outlooks = outlooks.filter { windows[$0.key] != nil }
    candidates = candidates.filter { windows[$0.key] == nil }
  }

  /// Looks at what has become of each window's command, and moves the first on that can be.
  private func look() {
    steps.isBusy = true
    let looked = windows.values.sorted { $0.at == $1.at ? $0.agent.precedes($1.agent) : $0.at < $1.at }
    let requests =
      [Request("GET", session.keys.automation)] + looked.flatMap { MaintenanceLook.requests($0, session.keys) }
    session.read(requests) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !steps.isStale else { return step() }
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      // One moment for all: a window that is ahead for its own look, and due for the wait, would wait for long.
      let now = session.now
      var rest = replies.dropFirst()
      for window in looked {
        let own = Array(rest.prefix(MaintenanceLook.count))
        rest = rest.dropFirst(MaintenanceLook.count)
        let found = MaintenanceLook(window, own, isOn: replies[0].text == AutomationMode.on.rawValue)
        if let step = MaintenanceRun.step(window, sight(of: window, found, at: now)) { return write(window, step) }
      }
      wait(span(at: now).milliseconds)
    }
  }

  /// Until one is looked at again.
  private func span(at now: Instant) -> TimeSpan {
    let isUnderWay = windows.values.contains { !$0.phase.isAhead }
    if isUnderWay { return session.options.maintenanceSpan }
    let next = windows.values.lazy.map { $0.at - now }.filter { $0 > .zero }.min() ?? Self.looks
    return max(session.options.maintenanceSpan, min(next, Self.looks))
  }

  // MARK: A failure that is forecast

  /// Plans a window before a failure, if the agent has a backup that is idle.
  private func consider(_ agent: AgentID, _ coming: AgentInsight.Coming) {
    guard windows[agent] == nil, windows.count < MaintenanceWindow.most,
      let backup = session.fleet?.backup(of: agent), backup != agent,
      let window = ForecastWindow(agent, backup, coming, now: session.now)
    else { return step() }
    steps.isBusy = true
    session.read(window.requests(session.keys)) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      guard window.isFree(replies), backupFault(backup, .init()) == nil,
        session.fleet?.state(of: agent) == .running
      else { return step() }
      let isAuto = session.options.maintenance.mode == .auto
      let planned = window.planned(replies, isAuto: isAuto, at: session.now)
      guard !isTaken(planned) else { return step() }
      let step = MaintenanceRun.Step(window: planned, phase: .proposed, words: window.words(planned))
      write(planned, step, isNew: true, telling: isAuto ? nil : window.notice(planned))
    }
  }

  // MARK: Writing

  /// - Parameters:
  ///   - isNew: whether none stood for the agent.
  ///   - notice: what people are told with it.
  private func write(
    _ window: MaintenanceWindow, _ step: MaintenanceRun.Step, isNew: Bool = false, telling notice: Notice? = nil
  ) {
    let (keys, agent) = (session.keys, window.agent)
    var transaction = Transaction()
    transaction.require("HGET", keys.maintenance, agent.bytes, is: isNew ? [] : stored[agent] ?? [])
    if isNew { transaction.require("HLEN", keys.maintenance, is: Array("\(windows.count)".utf8)) }
    transaction.noteMaintenance(keys)
    let encoded = step.window.map(MaintenanceCoding.encode)
    if let encoded {
      transaction.change("HSET", keys.maintenance, agent.bytes, encoded)
    } else {
      transaction.change("HDEL", keys.maintenance, agent.bytes)
      if window.sign != nil {
        transaction.change("SET", keys.maintained(agent), window.id, "PX", MaintenanceWindow.rest.milliseconds)
      }
    }
    for order in step.orders {
      let command = MaintenanceLook.command(order, of: window, reason: step.words, at: session.now)
      transaction.add(to: keys.commands, CommandCoding.encode(command))
    }
    if let phase = step.phase { transaction.add(line(window, phase, step.words), keys) }
    let told = notice.map { session.notify($0, groupingChatsAs: Self.group, in: &transaction) } ?? []
    run(transaction) { [self] in
      if !told.isEmpty { session.tell(.notices) }
      (windows[agent], stored[agent]) = (step.window, encoded)
      if step.window == nil {
        outlooks[agent] = nil
        steps.isStale = steps.isStale || isCut
      }
      self.step()
    }
  }

  /// Its last line is the closing line of its run.
  private func line(_ window: MaintenanceWindow, _ phase: AuditLine.Phase, _ words: String) -> AuditLine {
    let isOpen = phase == .proposed || phase == .started
    return AuditLine(
      origin: .run("maintenance/\(window.agent.keyPart)/\(window.id)"), phase: phase, action: "maintenance",
      target: isOpen ? window.agent : .none, operator: MaintenanceLook.operator(window), detail: words.clipped,
      handler: session.options.id, at: session.now, source: String(decoding: session.keys.maintenance, as: UTF8.self))
  }
}

extension MaintenanceDesk: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .maintenance:
      readAnew()
    case .alert, .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .queueHands,
      .conversations:
      break
    }
  }
}
