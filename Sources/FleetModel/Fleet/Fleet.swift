/// All agents, their rolling windows, alerts and counts: what the console shows and the handler judges by.
///
/// It changes only by facts (`apply`) and by time (`advance`). A value: a copy is a picture of one moment, which is how
/// a frozen display works.
package struct Fleet: Sendable {
  /// What became of an event.
  package enum Outcome: Equatable, Sendable {
    /// The agent's position.
    case applied(Int)
    /// Its `event_id` was seen in the last ten minutes.
    case duplicate
  }

  /// A deleted agent's row stays this long.
  package static let deletedStays = TimeSpan.minutes(1)
  /// A value older than this says nothing about the present.
  package static let freshness = TimeSpan.minutes(5)

  /// What agents, their windows, words and alerts may take together: beyond it the longest silent ones leave.
  package static let mostBytes = 96 << 20

  var levelSets: LevelSets
  /// The open metrics that are known.
  package internal(set) var metrics = MetricTable.builtIn
  package internal(set) var agents = AgentTable()
  package internal(set) var alerts: AlertBook
  package internal(set) var series: SeriesStore
  package internal(set) var totals = FleetTotals()
  package internal(set) var counts = EventCounts()
  package internal(set) var incidents = RecentIncidents()
  /// Spans in which something was missed, oldest first; those of the last hour or more.
  package private(set) var gaps: [Gap] = []
  package var commands = CommandLog()
  package internal(set) var proposals = ProposalBook()
  /// What rules did, and why they did not.
  package internal(set) var rules = RuleLog()
  /// What operators did when alerts opened.
  package internal(set) var operatorHistory = OperatorHistory()
  package internal(set) var undelivered = UndeliveredNotices()
  /// How queues of other services stand; nil if the handler looks at none.
  package internal(set) var queues: QueueReport?
  /// Which conversations wait for a person, of all shards; nil if no agent ever said so.
  package internal(set) var waiting: WaitingBook?
  var waitingBooks: [Int: WaitingBook] = [:]
  /// Steps with every change of them.
  package internal(set) var waitingRevision = 0
  /// Windows of maintenance that are proposed, planned or under way.
  package internal(set) var maintenance: [AgentID: MaintenanceWindow] = [:]
  /// How many agents have each trait.
  package internal(set) var traits = TraitCounts()
  /// What the handler thinks of agents.
  package internal(set) var insights = InsightBook()
  /// Who has stopped to report.
  package internal(set) var silences = Silences()
  /// Steps with every fact.
  package internal(set) var revision = 0
  /// The latest moment that a fact or `advance` brought.
  package internal(set) var now = Instant.epoch
  /// Moves with each leap of the clock, as all that is noted here does: who keeps such moments elsewhere goes by it.
  package internal(set) var clockOrigin = Instant.epoch

  /// How it is divided.
  package let division: AgentDivision
  /// What is known of each shard.
  var standings: [ShardStanding]
  var directory: AgentDirectory
  /// How many agents are kept: beyond it the longest silent ones leave.
  private let capacity: Int
  var freePositions: [Int] = []
  /// Positions of agents that were deleted and still have their row.
  var leaving: [Int] = []
  var seenEvents = SeenEvents()
  /// The present totals; kept up only if history is.
  var running = RunningTotals()
  /// Agents that have changed since they were last taken.
  var changes: AgentChanges
  /// Traits that have changed since they were last taken; kept only if agents' changes are.
  var traitChanges: [TraitChange] = []

  /// - Parameters:
  ///   - seed: random, so that nobody can choose ids that collide in the directory.
  ///   - capacity: how many agents are kept at the most. One with four metrics and their windows takes some 4 KiB.
  ///   - keepsHistory: whether windows and the fleet's totals are kept; who only judges by present values has no use
  ///     for them, and a long stretch read at once pays for them with every event.
  ///   - tracksAlertChanges: whether `takeAlertChanges` is going to be called.
  ///   - tracksAgentChanges: whether `takeAgentChanges` is going to be called.
  ///   - division: which agents are in which shard. What a shard tells concerns its own agents only.
  package init(
    limits: Limits = Limits(), seed: UInt64 = 0x5DEE_CE66, capacity: Int = 30_000, keepsHistory: Bool = true,
    tracksAlertChanges: Bool = false, tracksAgentChanges: Bool = false, division: AgentDivision = .whole
  ) {
    self.division = division
    standings = Array(repeating: ShardStanding(), count: division.count)
    levelSets = LevelSets(usual: limits)
    self.capacity = min(max(16, capacity), AgentDirectory.mostPositions)
    directory = AgentDirectory(seed: seed)
    series = SeriesStore(isKept: keepsHistory)
    alerts = AlertBook(tracksChanges: tracksAlertChanges)
    changes = AgentChanges(isKept: tracksAgentChanges)
  }

  /// How long an alert stays quiet until it is given up.
  package var quietAlertsStay: TimeSpan {
    get { alerts.quietStays }
    set { alerts.quietStays = newValue }
  }

  // MARK: Reading

  /// When the latest event came that could be read; the epoch before the first.
  package internal(set) var lastEventAt = Instant.epoch
  /// Positions of agents whose record says that they are paused.
  var pausedPositions: Set<Int> = []
  /// Steps with each telling of all records, of whichever shard.
  var recordRound = 0

  /// How many agents there are.
  package var count: Int { agents.count - freePositions.count }

  package func position(of id: AgentID) -> Int? {
    id.bytes.withUnsafeBytes { directory.position(of: $0) }
  }

  package subscript(id: AgentID) -> Agent? { position(of: id).flatMap { agents[$0] } }

  /// Whether an agent stands at a position.
  package func isPresent(_ position: Int) -> Bool { agents.id(at: position) != nil }

  /// The agent's open alert of a kind.
  package func alert(_ kind: AlertKind, ofAgentAt position: Int) -> Alert? {
    alerts[agents.alertSlot(kind, at: position)]
  }

  package func isOpen(_ id: AlertID) -> Bool {
    position(of: id.agent).map { agents.alertSlot(id.kind, at: $0) >= 0 } ?? false
  }

  /// Whether repeats of an alert were counted before: of events that are read again.
  package mutating func setCounted(_ id: AlertID, _ isCounted: Bool) {
    if let position = position(of: id.agent) { alerts.setCounted(agents.alertSlot(id.kind, at: position), isCounted) }
  }

  /// Whether the agent has an open alert.
  package func hasAlerts(ofAgentAt position: Int) -> Bool { agents.hasAlerts(at: position) }

  /// The agent's open alerts: first those whose trouble is there at present, and of these the worst.
  package func alerts(ofAgentAt position: Int) -> [Alert] {
    AlertKind.allCases.compactMap { alert($0, ofAgentAt: position) }
      .map { (alert: $0, grade: grade(of: $0)) }
      .sorted { $0.grade > $1.grade }
      .map(\.alert)
  }

  package mutating func takeAlertChanges() -> Set<AlertID> { alerts.takeChanges() }

  /// Why alerts that have changed are open no longer; to be taken before the changes are.
  package mutating func takeAlertEnds() -> [AlertID: AlertEnd] { alerts.takeEnds() }

  /// The agents that have changed since the last call, each once.
  package mutating func takeAgentChanges() -> [AgentChanges.Change] { changes.take() }

  /// Whether `takeAgentChanges` would give any.
  package var hasAgentChanges: Bool { !changes.isEmpty }

  /// How bad the worst of an agent's alerts is. A quiet one says nothing of the present, nor does it that a person was
  /// called or that a command was not obeyed.
  package func worstTrouble(ofAgentAt position: Int) -> Severity? {
    guard hasAlerts(ofAgentAt: position) else { return nil }
    var worst: Severity?
    for kind in AlertKind.allCases where kind.isOfAgent {
      guard let alert = alerts.numbers(agents.alertSlot(kind, at: position)), alert.quietSince == nil else {
        continue
      }
      worst = worst.map { max($0, alert.severity) } ?? alert.severity
    }
    return worst
  }

  // MARK: Facts

  /// Takes in one event. An event of an agent that is not known yet makes it known.
  @discardableResult
  package mutating func apply(_ event: borrowing Event) -> Outcome {
    revision &+= 1
    advance(to: event.receivedAt)
    // What is known of agents grows also without a new one.
    if byteCount > Self.mostBytes, count > 16 { removeLongestSilent() }
    if event.eventID.isPresent, let raw = event.raw(event.eventID),
      !seenEvents.insert(raw, at: event.receivedAt)
    {
      counts.duplicates += 1
      return .duplicate
    }
    counts.add(event.kind, at: event.receivedAt)
    let position = findOrAdd(event)
    if event.fields.haveTraits { applyTraits(event, at: position) }
    if !event.isOfHandler { noteHeard(position, at: event.receivedAt) }
    // Its own values may open the alert that it tells of: it is no repeat of itself.
    let isRepeat = event.kind.alert.map { agents.alertSlot($0.kind, at: position) >= 0 } ?? false
    applyMetrics(event, at: position)
    if !event.openMetrics.isEmpty { applyOpenMetrics(event, at: position) }
    applyKind(event, at: position, isRepeat: isRepeat)
    changes.touch(position)
    return .applied(position)
  }

  /// An agent has said something itself.
  @inline(__always)
  private mutating func noteHeard(_ position: Int, at instant: Instant) {
    lastEventAt = max(lastEventAt, instant)
    agents.activity[position].eventCount += 1
    // An event may come late: from the history, or written down by a recorder that took over.
    if instant > agents.activity[position].lastEventAt { agents.activity[position].lastEventAt = instant }
  }

  /// Counts something that came and could not be read.
  package mutating func applyUnreadable(reason: String, at instant: Instant) {
    revision &+= 1
    advance(to: instant)
    counts.addUnreadable(reason, at: instant)
  }

  /// Takes note that events may have been missed.
  ///
  /// - Parameter count: how many, if that is known.
  package mutating func applyGap(from start: Instant, to end: Instant, count: Int?) {
    revision &+= 1
    gaps.append(Gap(from: min(start, end), to: max(start, end), count: count))
    gaps.removeAll { end - $0.to > .hours(1) }
    if gaps.count > 256 { gaps.removeFirst(128) }
    doubtSilences(until: end)
  }

  /// Lets time pass: alerts turn quiet, deleted agents leave, totals are sampled. Time never runs backward.
  package mutating func advance(to instant: Instant) {
    guard instant > now else { return }
    let crossed = instant.milliseconds / 1000 != now.milliseconds / 1000
    now = instant
    guard crossed else { return }
    revision &+= 1
    ageAlerts()
    dropUnconfirmedAlerts()
    if !pausedPositions.isEmpty { judgePauses() }
    lookForSilence()
    proposals.expire(at: now)
    if !leaving.isEmpty { removeDeleted() }
    guard series.isKept else { return }
    running.settle(agents, at: now)
    if totals.isDue(at: now) { totals.add(FleetTotals.measure(self)) }
  }

  // MARK: Agents coming and going

  private mutating func findOrAdd(_ event: borrowing Event) -> Int {
    if event.agent.form != .escaped, let raw = event.raw(event.agent) {
      if let position = directory.position(of: raw) { return position }
      return add(event.agentID, at: event.receivedAt)
    }
    let id = event.agentID
    if let known = position(of: id) { return known }
    return add(id, at: event.receivedAt)
  }

  mutating func add(_ id: AgentID, at instant: Instant) -> Int {
    if count >= capacity || byteCount >= Self.mostBytes { removeLongestSilent() }
    let position = freePositions.popLast() ?? agents.count
    agents.put(AgentProfile(id: id, at: instant, shard: UInt8(division.shard(of: id))), at: position)
    traits.add([])
    id.bytes.withUnsafeBytes { directory.insert($0, at: position) }
    describe(position)
    findLevels(ofAgentAt: position)
    return position
  }

  /// An agent has come, left or said something of itself.
  mutating func describe(_ position: Int) {
    changes.describe(position)
    if series.isKept { running.touch(position) }
  }
}
