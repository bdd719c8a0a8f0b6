import Execution
import FleetModel
import Insight
import Logging
import Loop
import Redis
import Wire

/// Looks ahead: keeps each agent's history by the minute, judges it, and publishes what is found.
///
/// ```text
///   event ─ MinuteCollector ─▶ closed minutes ─▶ agents that wait ─ a bite at a time ─▶
///     read:  the hours that are concerned; of an agent that is new, its last hours and its insight
///     learn: AgentWatch ─▶ outcomes
///     write: hours, insight and events in one transaction, so that what is found is published once
/// ```
/// Only the first arrow is on the path of events. A transaction that Redis refuses is tried again; minutes wait for it.
final class FleetWatch {
  let collector: MinuteCollector
  let session: LeaseSession
  let fleet: any WatchedFleet
  /// Says on consoles what is given up.
  private let warn: (String?) -> Void
  /// Told what the last minute of an agent has come to.
  var outlook: (AgentID, _ minute: Instant, AgentWatch) -> Void = { _, _, _ in }
  var agents = WatchedAgents()
  /// Positions of agents with minutes that are to be learnt, in the order in which they came.
  private var waiting: [Int] = []
  private var peers = PeerBoards()
  var budget: InsightBudget
  /// What agents use a day, and whose entries are to leave.
  var budgetWatch = BudgetWatch()
  var spentLongAgo: [AgentID] = []
  /// Compares versions; nil unless the settings ask for it. Minutes of the bite that is learnt wait for it.
  var versionWatch: VersionWatch?
  var versionMinutes: [VersionMinute] = []
  /// Which of them were named worse, and who is to go back.
  var rollbacks = RollbackBook()
  var record = ForecastRecord()
  var storedCalibration = ""
  /// What is written now, or again if it was refused.
  private var unwritten: Transaction?
  private var stands = false
  /// What agents that come now have to do without, and what was said of all that is given up.
  private var leftOut = LeftOut.nothing
  private var said = ""
  private var decidedAt = MonotonicTime.now
  /// What all that is learnt takes in this process.
  private var learntBytes = 0

  private static let decideMilliseconds = 60_000.0
  private static let tickMilliseconds: Int64 = 100
  private static let retryMilliseconds: Int64 = 5000
  /// A round of the sweep in ticks, and a tick's part of what waits.
  private static let round = 300
  private static let part = 50
  /// Agents of a bite: those that are known, and those whose history is read.
  private static let most = (known: 100, new: 16)
  /// So much of history is learnt anew after a takeover.
  private static let recalled = UInt32(6)
  /// Of an agent that ran not, nothing is said for so long after.
  private static let settles = TimeSpan.minutes(5)
  /// What ended longer ago is learnt, and nothing is said of it.
  private static let late = TimeSpan.minutes(3)

  init(session: LeaseSession, fleet: any WatchedFleet, warn: @escaping (String?) -> Void) {
    (self.session, self.fleet, self.warn) = (session, fleet, warn)
    collector = MinuteCollector(session.options.metrics)
    budget = InsightBudget(session.options.metrics)
  }

  func start() {
    guard session.options.insight.isOn else { return }
    let fields = Request("HGET", session.keys.insightRecord, Self.calibrationField)
    session.read([fields]) { [weak self] replies in
      guard let self else { return }
      if let text = replies[0].text {
        if let calibration = Calibration(stored: text) {
          (record, storedCalibration) = (ForecastRecord(calibration: calibration), text)
        } else {
          session.passOver("how good forecasts were", session.keys.insightRecord, Array(text.utf8))
        }
      }
      tick()
    }
  }

  /// Takes note of something that was done to an agent, for its charts.
  func note(_ change: AgentInsight.Change, of position: Int) {
    guard let id = fleet.id(at: position) else { return }
    if agents.add(change, of: id, at: position) { waiting.append(position) }
  }

  /// How well the agent at a position is, as far as that is known.
  func health(at position: Int) -> Double? { agents.health(at: position) }

  static let calibrationField = "calibration"

  // MARK: Turns

  private func tick() {
    session.later(inMilliseconds: Self.tickMilliseconds) { [weak self] in
      guard let self else { return }
      collector.sweep(upTo: fleet.present, count: fleet.positions / Self.round + 1)
      for closed in collector.takeClosed() { take(closed) }
      peers.look(at: fleet.present, agents)
      decide()
      turn()
    }
  }

  private func take(_ closed: MinuteCollector.Closed) {
    guard let id = fleet.id(at: closed.position) else { return }
    if agents.add(closed, of: id) { waiting.append(closed.position) }
  }

  /// Learns and writes a bite, and goes on with the next tick.
  private func turn() {
    if let unwritten { return write(unwritten) }
    if !session.options.budgets.isEmpty, !budgetWatch.isLoaded {
      return readSpending { [weak self] in self?.turn(after: $0) }
    }
    if asksForRollbacks, !rollbacks.isLoaded {
      return readRollbacks { [weak self] in self?.turn(after: $0) }
    }
    if isRollbackDue { return lookForRollbacks() }
    let bite = takeBite()
    let reading = HistoryReading(bite, agents, at: session.now, recalled: Self.recalled)
    guard !reading.isEmpty else { return tick() }
    session.read(reading.requests(session.keys)) { [weak self] replies in
      guard let self else { return }
      if let error = replies.lazy.compactMap(\.error).first {
        // What was not read must not be written over.
        waiting.insert(contentsOf: bite, at: 0)
        return stand(error)
      }
      var transaction = Transaction()
      for (position, found) in reading.take(replies, session) { learn(position, found, &transaction) }
      compareVersions(&transaction)
      writeRollbacks(&transaction)
      writeSpending(&transaction)
      writeRecord(&transaction)
      finish(transaction)
    }
  }

  private func turn(after error: ServerError?) {
    if let error { stand(error) } else { turn() }
  }

  /// Ends a turn.
  func finish(_ transaction: Transaction) {
    if transaction.isEmpty { tick() } else { write(transaction) }
  }

  /// The agents whose turn it is. A share of those that wait, so that the minute's end is no storm.
  private func takeBite() -> [Int] {
    let count = min(Self.most.known, max(Self.most.new, waiting.count / Self.part))
    var bite: [Int] = []
    var new = 0
    for position in waiting.prefix(count) {
      if agents[position]?.watch == nil { new += 1 }
      if new > Self.most.new { break }
      bite.append(position)
    }
    waiting.removeFirst(bite.count)
    return bite
  }

  private func write(_ transaction: Transaction) {
    unwritten = transaction
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      switch outcome {
      case .done:
        unwritten = nil
        if stands { goOn() }
        tick()
      // What was learnt must not be lost, nor said twice.
      case .failed(let error): stand(error)
      case .conflict, .fenced: break
      }
    }
  }

  /// Waits, for Redis refuses something, and says so.
  func stand(_ error: ServerError) {
    stands = true
    warn("foresight stands still: \(error.text)")
    session.later(inMilliseconds: Self.retryMilliseconds) { [weak self] in self?.turn() }
  }

  private func goOn() {
    stands = false
    warn(said.isEmpty ? nil : said)
  }

  /// Once a minute: lets those go who have left, and decides what there is room for.
  private func decide() {
    guard MonotonicTime.now.milliseconds(since: decidedAt) > Self.decideMilliseconds else { return }
    decidedAt = .now
    agents.dropThose { [fleet] position, id in fleet.id(at: position) != id }
    let sums = agents.sums
    learntBytes = sums.bytes
    if learntBytes < session.options.insight.processBytes / 10 * 9 { leftOut = .nothing }
    if budget.open != collector.metrics { budget = InsightBudget(collector.metrics) }
    budget.decide(agents: sums.agents, perAgent: sums.metricsOfOne, bound: session.options.insight.redisBytes)
    say()
  }

  /// Says what is given up, if that is other than before.
  private func say() {
    let words = [budget.words, leftOut.words].compactMap(\.self).joined(separator: "; ")
    guard words != said else { return }
    said = words
    session.log(.warning, words.isEmpty ? "history and foresight have room for all again" : words)
    if !stands { warn(words.isEmpty ? nil : words) }
  }

  // MARK: Learning

  private func learn(_ position: Int, _ found: HistoryReading.Found, _ transaction: inout Transaction) {
    guard var agent = agents[position], let profile = fleet.profile(at: position), profile.id == agent.id else {
      agents[position] = nil
      return
    }
    var hours = found.hours
    let minutes = agent.takePending()
    if agent.watch == nil {
      let watch = watch(position, found)
      (agent.watch, agent.watchBytes) = (watch.value, watch.bytes)
      learntBytes += watch.bytes
    }
    for minute in minutes { follow(minute, of: &agent, at: position) }
    let before = agent.watch?.insight
    agent.role = profile.role
    for change in agent.takeChanges() { agent.watch?.note(change) }
    for minute in minutes {
      // It stands in history already: another handler has learnt it, and said what was to be said.
      if found.isNew, minute.begin < found.end { continue }
      let outcomes = outcomes(of: minute, at: position, profile, &agent)
      publish(outcomes, of: agent, at: minute.begin + .minutes(1), &transaction)
    }
    spend(minutes, of: agent.id, role: profile.role, &transaction)
    for minute in minutes { store(minute, &agent, &hours) }
    write(hours, of: agent.id, &transaction)
    if let insight = agent.watch?.insight, insight != before { write(insight, of: agent.id, &transaction) }
    if let last = minutes.last, let watch = agent.watch { outlook(agent.id, last.begin, watch) }
    agents[position] = agent
  }

  /// A new watch that has learnt what history says, as far as there is room for it, and what it takes.
  private func watch(_ position: Int, _ found: HistoryReading.Found) -> (value: AgentWatch, bytes: Int) {
    let open = found.hours.minutes.flatMap { $0.rollups.lazy.map(\.metric) }.uniqued()
      .compactMap { openMetric($0, at: position) }
    let metrics = WatchedMetric.all(of: session.options.insight) { fleet.level(of: $0, at: position) } + open
    let choice = LeftOut.choose(metrics, learntBytes: learntBytes, bound: session.options.insight.processBytes)
    if choice.leftOut != .nothing {
      leftOut = choice.leftOut
      say()
    }
    let watched = choice.leftOut == .detectors ? [] : metrics
    var watch = AgentWatch(watched, stored: found.insight, forecasts: choice.leftOut == .nothing)
    for minute in found.hours.minutes { watch.recall(minute) }
    return (watch, choice.bytes)
  }

  /// Watches the open metrics that an agent reports for the first time, as far as there is room for them.
  private func follow(_ minute: AgentWatch.Minute, of agent: inout WatchedAgent, at position: Int) {
    guard agent.watch?.isIdle == false else { return }
    for (id, _) in minute.rollups where agent.watch?.watches(id) == false {
      guard let metric = openMetric(id, at: position) else { continue }
      let bound = session.options.insight.processBytes
      let choice = LeftOut.choose(more: metric, learntBytes: learntBytes, bound: bound)
      guard choice.leftOut != .detectors else { continue }
      agent.watch?.follow(metric, forecasts: choice.leftOut == .nothing)
      agent.watchBytes += choice.bytes
      learntBytes += choice.bytes
    }
  }

  private func openMetric(_ id: MetricID, at position: Int) -> WatchedMetric? {
    WatchedMetric.open(id, of: collector.metrics, session.options.insight) { fleet.level(of: $0, at: position) }
  }

  private func outcomes(
    of minute: AgentWatch.Minute, at position: Int, _ profile: AgentProfile, _ agent: inout WatchedAgent
  ) -> [AgentWatch.Outcome] {
    let end = minute.begin + .minutes(1)
    guard profile.state == .running else {
      // What it does now is not its own way.
      agent.mutedUntil = end + Self.settles
      return []
    }
    let isLate = fleet.present - end > Self.late
    if end >= agent.mutedUntil { noteVersion(minute, at: position, profile, agent, isLate: isLate) }
    guard end >= agent.mutedUntil, !isLate else {
      agent.watch?.recall(minute)
      if end < agent.mutedUntil { agent.watch?.dropHeld() }
      return []
    }
    return agent.watch?.learn(minute, peers: peers[agent.role], record: &record) ?? []
  }
}
