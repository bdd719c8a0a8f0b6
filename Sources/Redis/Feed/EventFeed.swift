import FleetModel
import Loop
import Wire

/// Follows everything that a console shows: events live and recorded, the audit, the handler's lease, records and
/// alerts; and sends requests.
///
/// Three connections: one blocks on the streams, one is subscribed, one asks and sends. Each comes back by itself, and
/// the streams go on from the last entry read. In a divided fleet the feeds on one server share the one that is subscribed.
package final class EventFeed {
  /// What to follow.
  package struct Options: Sendable {
    package var keys = Keys()
    /// How the fleet is divided whose shard the keys are; nil if they are all of it. Of what is published on channels, which
    /// all shards share, only the shard's own is taken.
    package var shards: Shards?
    /// Whether another feed of the same fleet reads streams that no handler reads.
    package var hearsBesides = false
    /// Streams of events; the recorder's own is always among them.
    package var streams: [[UInt8]] = []
    /// Channel patterns besides the recorded ones.
    package var patterns: [String] = []
    /// How far back to begin.
    package var history = TimeSpan.hours(1)
    /// Whether to follow the audit, records and alerts too.
    package var followsHandler = true
    package var patience = Timeouts()
    /// The open metrics that are looked for, until the handler's are known if those are followed.
    package var metrics = MetricTable.builtIn
    /// Whether to go by the metrics and levels that the handler tells.
    package var followsLevels = false

    package init() {}

    /// The recorded patterns, then those asked for; a message counts for the first that matches its channel.
    var heardPatterns: [String] { Keys.recordedPatterns + patterns.filter { !Keys.recordedPatterns.contains($0) } }
  }

  /// Spans, in milliseconds.
  package struct Timeouts: Sendable {
    /// Between two looks at the lease, and at whether connections live.
    package var poll: Int64 = 1000
    /// How long the server may keep a read waiting.
    package var block: Int64 = 2000
    /// An answer that is owed for longer means a dead link; longer than `block`.
    package var silence: Int64 = 4000
    /// Between two looks at what was trimmed, and two measurements of the server's time.
    package var inspect: Int64 = 10_000
    /// Nothing having come for so long, it is asked less often.
    package var calm: Int64 = 30_000
    /// How long the server may keep a read waiting then; and a subscriber's connection goes without a ping.
    package var calmBlock: Int64 = 15_000
    /// Between two looks and two measurements then.
    package var calmInspect: Int64 = 60_000
    /// Between two looks at what the handler thinks of agents.
    package var insight: Int64 = 5000

    package init() {}
  }

  let loop: Loop
  let options: Options
  let takeEvent: TakeEvent
  let notify: (Update) -> Void
  let reader: EventReader
  package internal(set) var clock = ServerClock()
  package internal(set) var lease: Lease?
  /// The last one that there was.
  var lastLease: Lease?
  /// What is refused at present.
  package internal(set) var refusals: [Subject: ServerError] = [:]
  /// What the server said of a record that it does not let be read, since the last look at all of them began.
  var recordDenial: ServerError?
  var handover = Handover()
  /// Whether what is heard waits until the streams have been read to their end, so that events stay in order.
  var isHolding = true
  var held: [Heard] = []
  var heldBytes = 0
  /// Pings on their way, as the hand-over knows them.
  var pings: [Int] = []
  /// Since when channels may be heard; nil if they are not.
  var heardSince: MonotonicTime?
  /// When the streams were last read to their end.
  var readToEndAt = MonotonicTime.now
  /// How far each stream has been read; empty until the server's time is known.
  var places: [StreamPlace] = []
  /// Where reading of the streams began.
  var beginning: Instant?
  /// What was last said of each stream.
  var infos: [StreamInfo?] = []
  /// Reads what is long; nothing else is read meanwhile.
  var backlog: Backlog?
  let streams: [[UInt8]]
  var bite = BatchSize()
  /// When the present reply came: no entry of it is from later.
  var arrivedAt = Instant.epoch
  /// How many times the usual silence is borne: a server that is busy for long must not be cut off again and again.
  var endurance: Int64 = 1
  var isCaughtUp = false
  /// Whether the last read was full: more is likely to wait.
  var hasMore = false
  /// Whether this connection has read the streams to their end once.
  var isAtEnd = false
  var inspectedAt: MonotonicTime?
  var probedAt = MonotonicTime.now
  var channelIsUp = false
  var channelLoss: (at: Instant, wasRecorded: Bool)?
  var lastRecordedAt: Instant?
  var terms = RecorderTerms()
  var measuredAt = MonotonicTime.now
  /// When something last came.
  var cameAt = MonotonicTime.now
  var pingedAt = MonotonicTime.now
  /// Which look at queues was read last, and whether an answer is owed.
  var queuesRevision: [UInt8]?
  var readsQueues = false
  /// The same of conversations that wait for a person; the round tells answers of an earlier connection apart.
  var waitingRevision: [UInt8]?
  var readsWaiting = false
  var waitingRound = 0
  /// The same of windows of maintenance.
  var maintenance = MaintenanceReading()
  /// Whether the lease and the switch of the rules are asked for one by one, since together they were refused.
  var asksApart = false
  /// When they were last asked for.
  var askedAt = Instant.epoch
  /// Whether an answer about the lease is owed.
  var leaseIsAsked = false
  /// Whether that answer is one that waited, and the next question follows it.
  var asksAgain = false
  /// The revision of the alerts that were told last; nil if they are to be read in any case.
  var alertsRevision: [UInt8]?
  /// When they were read, how many they were, and whether they are being read.
  var alertsReadAt: MonotonicTime?
  var alertCount = 0
  var readsAlerts = false
  /// Of whom the handler thinks something new, and when that was asked last.
  var insightChanges = InsightChanges()
  var insightReadAt: MonotonicTime?
  /// Whether an answer is owed, and how often all was to be read anew: answers from before count no more.
  var readsInsight = false
  var insightRound = 0
  /// Names the handler's metrics and levels that were read last, understood or not.
  var levelsDigest: String?
  /// The name for which they were read last.
  var levelsAsked: String?
  /// Whether an answer about them is owed.
  var readsLevels = false
  /// How long the read that is under way may be kept waiting.
  var blocksFor: Int64 = 0
  /// When a read last emptied the streams.
  var pausedAt = MonotonicTime.now
  private var tickTimer: Loop.TimerID?
  var lastState = LinkState.connecting
  var downSince: MonotonicTime?

  let endpoint: Endpoint
  private(set) lazy var reading = Link(loop: loop, endpoint: endpoint) { [unowned self] in readingChanged($0) }
  /// Through which it hears: a link of its own, or the one that feeds of other shards hear through too.
  private(set) lazy var channels = makeChannels()
  /// Hears the channels for all shards of a divided fleet; nil if this feed is alone.
  let hub: ChannelHub?
  private(set) lazy var asking = Link(loop: loop, endpoint: endpoint) { [unowned self] in askingChanged($0) }
  // Called an entry, from connections that this object holds: a reference that is counted costs more than the rest.
  private(set) lazy var assembler = {
    let feed = Unmanaged.passUnretained(self)
    return EntryAssembler(.read, streams: streams) { entry in
      feed._withUnsafeGuaranteedRef { $0.receive(entry, of: entry.stream) }
    }
  }()

  /// - Parameter hub: hears the channels for all shards of a divided fleet; nil if the fleet is not divided, or one shard of it
  ///   is followed alone.
  package init(
    loop: Loop, endpoint: Endpoint, options: Options, hub: ChannelHub? = nil, event takeEvent: @escaping TakeEvent,
    notice notify: @escaping (Update) -> Void
  ) {
    self.hub = hub
    self.takeEvent = takeEvent
    self.loop = loop
    self.endpoint = endpoint.holding(options.keys.prefix)
    self.options = options
    self.notify = notify
    reader = EventReader(metrics: options.metrics)
    let events = [options.keys.events] + options.streams.filter { $0 != options.keys.events }
    streams = options.followsHandler ? events + [options.keys.audit] : events
  }

  package func start() {
    asking.start()
    channels.start()
    reading.start()
    tick()
  }

  package func stop() {
    loop.cancel(tickTimer)
    backlog?.stop()
    reading.stop()
    channels.stop()
    asking.stop()
  }

  /// Sends a request on the connection that answers at once; false if the link is down.
  package func send(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree,
    _ completion: @escaping Connection.Completion
  ) -> Bool {
    guard let connection = asking.connection else { return false }
    connection.isPaused = false
    connection.send(request, expecting: expectation, completion)
    connection.flush()
    return true
  }

  // MARK: The links

  private func tick() {
    // As the server's seconds begin, when clocks on the screen step too: both wake the process once.
    let poll = options.patience.poll
    let rest = poll - (clock.isSet ? clock.now.milliseconds % poll : 0)
    // It may fire a little early; the same second is not looked at twice.
    tickTimer = loop.schedule(inMilliseconds: rest > poll / 2 ? rest : rest + poll, early: 20) { [weak self] in
      self?.tick()
    }
    let now = MonotonicTime.now
    var isSilent = false
    for link in links {
      let borne =
        options.patience.silence * endurance + (link === reading ? max(0, blocksFor - options.patience.block) : 0)
      guard let silence = link.connection?.silence(at: now), silence > borne else { continue }
      isSilent = true
      link.restart(.silent(milliseconds: silence))
    }
    if let silence = backlog?.silence(at: now), silence > options.patience.silence * endurance {
      isSilent = true
      reading.restart(.silent(milliseconds: silence))
    }
    if isSilent {
      endurance = min(endurance * 2, 16)
      bite.wasTooMuch()
    }
    // An attempt that has begun says so itself only when it ends.
    tellLinkState()
    // Nothing else would make a subscriber's connection speak.
    ping(at: now)
    askOn()
  }

  /// Asks for the lease; an answer that was left waiting is taken in first.
  private func askOn() {
    asksAgain = asking.connection?.isPaused == true && leaseIsAsked
    asking.connection?.isPaused = false
    if !leaseIsAsked { askForHandler() }
  }

  // MARK: What the server refuses

  func refuse(_ subject: Subject, _ error: ServerError) {
    guard refusals.updateValue(error, forKey: subject) == nil else { return }
    notify(.refused(subject, error))
  }

  func serve(_ subject: Subject) {
    if refusals.removeValue(forKey: subject) != nil { notify(.served(subject)) }
  }
}
