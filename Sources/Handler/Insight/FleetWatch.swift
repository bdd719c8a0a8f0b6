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
  var peers = PeerBoards()
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
  var leftOut = LeftOut.nothing
  private var said = ""
  private var decidedAt = MonotonicTime.now
  /// What all that is learnt takes in this process.
  var learntBytes = 0

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
  func say() {
    let words = [budget.words, leftOut.words].compactMap(\.self).joined(separator: "; ")
    guard words != said else { return }
    said = words
    session.log(.warning, words.isEmpty ? "history and foresight have room for all again" : words)
    if !stands { warn(words.isEmpty ? nil : words) }
  }
}
