import Execution
import FleetModel
import Insight
import Logging
import Loop
import Redis
import Wire

/// What events mean to the handler: keeps the fleet by which alerts are opened and closed, and tells what runtimes
/// report of commands.
///
/// A class apart from who reads, so that replies on their way may hold it.
final class EventProcessor {
  /// A runtime's `agent.status` that names a command.
  struct Report: Equatable {
    var agent: AgentID
    var command: CommandID
    var state: AgentState?
    var replicas: Int?
    var at: Instant
    /// The entry that says so.
    var entry: StreamID
  }

  let session: LeaseSession
  private let notify: (Report) -> Void
  let reader: EventReader
  /// What adds up what events report, minute by minute; nil if nobody wants to know.
  var minutes: MinuteCollector?
  /// What adds up the objective of settings that are tried; nil if none are.
  var meter: ObjectiveMeter?
  /// Told of changes of agents that may explain a trouble.
  var marked: (_ position: Int, AgentInsight.Change) -> Void = { _, _ in }
  /// How well foresight finds the agent at a position, 0…1; nil if nobody can say.
  var foreseen: (_ position: Int) -> Double? = { _ in nil }
  /// What the rules make of events; set once there is a term to act in.
  var rules: RuleEngine?
  /// What settles repeats as they are read.
  let repeats: RepeatFilter
  /// Told what events say of conversations that wait for a person, and that none is read once more any longer.
  var waiting: (WaitingNews, StreamID) -> Void = { _, _ in }
  var againEnded: () -> Void = {}
  /// Told what events say of conversations that are to change hands, if anybody wants to know.
  var handoffs: (wants: () -> Bool, take: (HandoffNews, StreamID) -> Void) = ({ false }, { _, _ in })
  /// Asked in place: as an ordinary property it would be copied, with a count for each of its lists, wherever something
  /// is asked of it.
  var fleet: Fleet {
    unsafeAddress { UnsafePointer(fleetMemory) }
    unsafeMutableAddress { fleetMemory }
  }
  /// Owned by this object.
  private let fleetMemory: UnsafeMutablePointer<Fleet>
  private let fleetHealth = FleetHealth()
  /// Reads what earlier handlers have kept of agents: one for all, since its tables take long to make.
  let profileDecoder = EventDecoder()
  /// What agents in trouble have in common; looked for when people are told of several.
  var causes = FleetCauses(settles: .zero)
  /// How far events have been taken; nil until it is known where to begin.
  var place: StreamPlace?
  /// Told of entries that were never seen.
  var missed: (StreamPlace.Finding) -> Void = { _ in }
  /// What the time was when it was last asked for.
  private var clockRead = Instant.epoch
  /// What could not be read since it was last taken.
  private lazy var letters = UnreadableEvents(source: session.keys.events)

  /// Ids of events before those that are read once more, and of these as far as they have been.
  private var idsBefore = EventIDSet()

  var isRestored = false
  var hasReadEvents = false

  /// How far reading lags behind.
  private var progress = ReadProgress()

  /// Agents that have said something of themselves since it was last taken.
  var changedProfiles: Set<AgentID> = []
  /// Agents whose records nobody has read yet.
  var newcomers = Newcomers()

  private var counted = CountedAlerts()

  init(session: LeaseSession, notify: @escaping (Report) -> Void) {
    self.session = session
    self.notify = notify
    reader = EventReader(metrics: session.options.metrics)
    repeats = RepeatFilter(RulesByType(session.options.runbook, session.keys))
    fleetMemory = .allocate(capacity: 1)
    fleetMemory.initialize(
      to: Fleet(
        seed: MachineRandom.number(in: .min ... .max), keepsHistory: false, tracksAlertChanges: true,
        tracksAgentChanges: true))
    fleet.holdSilentAlerts()
    fleet.setMetrics(session.options.metrics)
    fleet.setLevels(session.options.levels)
  }

  deinit {
    fleetMemory.deinitialize(count: 1)
    fleetMemory.deallocate()
  }

  /// Tells its term what it knows of agents, and hears of it what was done to them.
  func answer() {
    session.fleet = self
    session.addObserver(self)
  }

  /// Takes the entry after the last one.
  func take(_ entry: Entry) {
    if let finding = place?.read(entry.id) { missed(finding) }
    if !counted.isEmpty { for id in counted.take(before: entry.id) { fleet.setCounted(id, false) } }
    if entry.channel.isEqual(to: session.keys.recorderChannel) { return }
    let instant = time(of: entry.id)
    do throws(Unreadable) {
      try reader.read(entry, receivedAt: instant) {
        let isConcerned = isConcerned($0)
        // The agent's values as they stand before the event.
        let before = isConcerned && repeats.rules.askForBefore($0.kind) ? fleet[$0.agentID] : nil
        let outcome = fleet.apply($0)
        report($0, entry.id)
        // What is said a second time is not acted on a second time.
        if case .applied(let position) = outcome {
          if fleet.agents.eventCount(at: position) == 1, !$0.isOfHandler { newcomers.add($0.agentID) }
          minutes?.note($0, at: position)
          meter?.note($0, at: position)
          if $0.kind.isOfWaiting { noteWaiting($0, entry.id) }
          if $0.kind.isOfHandoff { noteHandoff($0, entry.id) }
          if isConcerned { judge($0, entry.id, at: position, before) }
        }
        if [.created, .updated, .deleted].contains($0.kind) { note($0.agentID) }
        for change in Self.takeTraitChanges(&fleet) { note(change) }
        if repeats.watchesAgents { rules?.applied($0.agentID) }
      }
    } catch {
      fleet.applyUnreadable(reason: error.description, at: instant)
      letters.add(entry, reason: error.description)
    }
  }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func takeTraitChanges(_ fleet: inout Fleet) -> [TraitChange] {
    fleet.hasTraitChanges ? fleet.takeTraitChanges() : []
  }

  /// When an entry came. Whoever adds one may give it an id of the future, and every entry after it then has one too:
  /// none came later than now. Of one that waited while nobody read, nobody can tell how long: it is too old to be
  /// acted on.
  private func time(of id: StreamID) -> Instant {
    let instant = id.instant
    if instant <= clockRead || session.options.leapsPassTime { return instant }
    clockRead = session.now
    guard instant - clockRead > ServerClock.doubt, !hasReadEvents else { return min(instant, clockRead) }
    return clockRead - session.options.actWithin - .seconds(1)
  }

  /// The server's clock was set anew.
  func clockLeapt(by step: TimeSpan) {
    clockRead = session.now
    progress.clockLeapt(to: clockRead)
    fleet.leap(by: step)
  }

  /// What could not be read since the last call.
  func takeLetters() -> [DeadLetter] { letters.take() }

  /// Takes an event's id as one that was seen before the cursor.
  ///
  /// - Parameter isBeforeAgain: whether it stands before the entries that are going to be read once more.
  func recall(_ id: UnsafeRawBufferPointer, at instant: Instant, isBeforeAgain: Bool) {
    fleet.recall(eventID: id, at: instant)
    if isBeforeAgain { idsBefore.insert(id) }
  }

  /// Nothing is read once more any longer.
  func endAgain() {
    idsBefore = EventIDSet()
    againEnded()
  }

  /// The last entry that was taken.
  var position: StreamID? { place?.last }

  /// An alert has counted events up to an entry behind the cursor: what is read again counts for it no second time.
  func noteCounted(_ alert: AlertID, to entry: StreamID) {
    fleet.setCounted(alert, true)
    counted.add(alert, to: entry)
  }

  /// Takes an entry once more, for what it reports of a command alone.
  func takeAgain(_ entry: Entry) {
    // What was unreadable has been put aside before.
    try? reader.read(entry, receivedAt: time(of: entry.id)) {
      report($0, entry.id)
      // What was said before already was not judged then.
      if let id = $0.raw($0.eventID), !idsBefore.insert(id) { return }
      if $0.kind.isOfWaiting { noteWaiting($0, entry.id) }
      if $0.kind.isOfHandoff { noteHandoff($0, entry.id) }
      guard isConcerned($0) else { return }
      let before = repeats.rules.askForBefore($0.kind) ? fleet[$0.agentID] : nil
      hand($0, entry.id, before: before, matches: repeats.matches($0))
    }
  }

  /// Has the rules judge an event: most of a flood is settled as it is read, the rest is copied out.
  private func judge(_ event: borrowing Event, _ entry: StreamID, at position: Int, _ before: Agent?) {
    let matches = repeats.matches(event)
    if let matches, isSettled(event, matches, at: position) { return }
    hand(event, entry, before: before, matches: matches)
  }

  /// Whether what is known already settles an event.
  private func isSettled(_ event: borrowing Event, _ matches: UInt64, at position: Int) -> Bool {
    guard let turn = repeats.turn ?? rules?.beginTurn(), turn.knowsMode,
      let first = fleet.agents.firstHeard(at: position)
    else { return false }
    return repeats.settles(
      matches, event.kind, at: position, first: first, now: turn.now, isStale: event.receivedAt < turn.oldest)
  }

  private func hand(_ event: borrowing Event, _ entry: StreamID, before: Agent?, matches: UInt64?) {
    if TriggerEvent.isTooLong(event) {
      let words = "an event is longer than \(TextBound.data) bytes: rules judge it by the fields that vigia knows"
      session.log(.warning, words, ["agent": "\(event.agentID)", "entry": "\(entry)", "bytes": "\(event.bytes.count)"])
    }
    guard let rules, var trigger = TriggerEvent(event, entry, before: before, fleet.metrics) else { return }
    trigger.matches = matches
    rules.take(trigger)
  }

  private func report(_ event: borrowing Event, _ entry: StreamID) {
    guard event.kind == .status, let id = event.identifier(.commandID), !id.isEmpty,
      session.now - event.receivedAt <= session.options.actWithin
    else { return }
    notify(
      Report(
        agent: event.agentID, command: CommandID(id), state: event.string(.state).flatMap(AgentState.init(word:)),
        replicas: event.string(.replicas).flatMap { Double($0) }.flatMap { Int(exactly: $0) }, at: event.receivedAt,
        entry: entry))
  }

  /// Who there is, and who of them is well, at present.
  var health: FleetHealth {
    fleetHealth.update(&fleet, at: present, silence: session.options.runbook.guards.silence)
    return fleetHealth
  }

  /// Up to when all that was said is known.
  var present: Instant { progress.present(at: session.now, last: position?.instant) }

  /// An answer was read.
  ///
  /// - Parameter isMoreLikely: whether more events may stand in the stream.
  func noteRead(isMoreLikely: Bool) { progress.noteRead(isMoreLikely: isMoreLikely, at: session.now) }

  /// Nothing is read for a while: what comes meanwhile is not known.
  func noteWaiting() { progress.noteWaiting(at: session.now) }

  /// Has those who were heard for long enough to count remembered for the handler that takes over.
  func noteSettled() { changedProfiles.formUnion(health.takeSettled()) }
}
