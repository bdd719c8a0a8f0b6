import Automation
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// The handler: executes commands, runs what is due, follows events and records channels, while it holds the lease; and
/// stands by while another does.
///
/// A class, because the loop's handlers share it.
package final class HandlerService {
  let loop: Loop
  private let endpoint: Endpoint
  private(set) var options: HandlerOptions
  let keys: Keys
  let log: Log
  private var clock = ServerClock()
  /// Knows which server serves; nil if the endpoint names it.
  private lazy var whereabouts = Whereabouts.of(endpoint, on: loop)
  private let transactionScript = Script(Transaction.script)
  var isStopping = false
  let counts: HandlerCounts

  private(set) lazy var main = Link(loop: loop, endpoint: endpoint) { [weak self] in self?.mainChanged($0) }
  private(set) lazy var election = LeaderElector(
    loop: loop, endpoint: endpoint, keys: keys, options: options, log: log,
    clock: { [weak self] in self?.clock.now ?? .epoch },
    notify: { [weak self] in self?.electionChanged($0) })
  private(set) lazy var recorder = Recorder(
    loop: loop, endpoint: endpoint, options: options, keys: keys, log: log, hub: hub,
    notify: { [weak self] in self?.recorderChanged($0) })
  private(set) var activeHandler: ActiveHandler?
  /// What is told of it to those who watch.
  private(set) lazy var monitored = makeMonitored(loop, keys)
  /// Tells of this handler and the fleet.
  package private(set) lazy var monitor = Monitor(loop: loop, [monitored])
  /// Tells a collector what it does and logs.
  let telemetry: TelemetrySender
  private let unfinished = UnfinishedDeliveries()
  /// What is wrong with the server's memory, and with what vigia keeps in it.
  private var warnings: [String: String] = [:]
  private let actuatorClient: any ActuatorClient
  private let messenger: any HTTPSender
  var patience: Loop.TimerID?
  /// Hears the channels for all shards of a divided fleet; nil if the fleet is not divided.
  private let hub: ChannelHub?
  /// Told of what the other shards of a divided fleet must know.
  var onShardNotice: (ShardNotice) -> Void = { _ in }
  /// Why it may not lead though nothing of its own speaks against it; nil if it may.
  var misfit: String?
  /// Whether it has asked to lead, as soon as that falls to it.
  var isCandidate = false
  /// What waits until the lease that is being handed over is given back; nil while none is.
  var handOverEnd: (() -> Void)?

  /// How often a standby asks the server for its time; who acts gets it with its lease.
  private static let timeSpan: Int64 = 30_000
  /// A lease is read every second by every console: more of a fault it does not say, in bytes.
  private static let longestFault = 300
  private static let unverified =
    "\(Endpoint.unverifiedMark): whoever is between the handler and Redis can read and change all; use --tls-ca"

  package convenience init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, log: Log = .silent
  ) throws(SystemError) {
    self.init(
      loop: loop, endpoint: endpoint, options: options, log: log, actuators: try HTTPClient(loop: loop),
      messenger: try HTTPClient(loop: loop))
  }

  /// - Parameters:
  ///   - actuators: sends what acts outside of Redis.
  ///   - messenger: sends what people are told.
  package convenience init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, log: Log, actuators: any HTTPSender,
    messenger: any HTTPSender
  ) {
    self.init(
      loop: loop, endpoint: endpoint, options: options, log: log, actuators: actuators, messenger: messenger, hub: nil)
  }

  /// - Parameter hub: hears the channels for all shards of a divided fleet; nil if the fleet is not divided.
  init(
    loop: Loop, endpoint: Endpoint, options: HandlerOptions, log: Log, actuators: any HTTPSender,
    messenger: any HTTPSender, hub: ChannelHub?
  ) {
    self.loop = loop
    self.hub = hub
    actuatorClient = ActuatorRunner(loop: loop, log: log, client: actuators)
    self.messenger = messenger
    self.options = options
    self.log = log
    log.keepSecret(options.secrets + endpoint.secrets)
    keys = Keys(options.prefix)
    self.endpoint = endpoint.holding(keys.prefix)
    counts = HandlerCounts(sources: [keys.commands, keys.events, keys.schedule, keys.notices])
    telemetry = TelemetrySender(loop: loop, client: messenger, counts: counts, log: log, instance: options.id)
  }

  /// Whether it holds the lease and acts.
  package var isActive: Bool { activeHandler != nil }

  /// The term in which it acts; nil while it stands by.
  var session: LeaseSession? { activeHandler?.session }

  package func start() {
    if endpoint.isUnverified { log(.warning, "\(Self.unverified)", ["redis": endpoint.description]) }
    monitor.apply(options.monitoring)
    telemetry.apply(options.telemetry)
    // A server that takes no writes gives no lease either.
    main.needsPrimary = true
    whereabouts?.notify = { [log] in log(.info, $0) }
    main.start()
    recorder.start()
    waitForRecorder()
  }

  /// Goes on with other options, as far as they may change; the next transaction of whatever is under way goes by them.
  package func apply(_ new: HandlerOptions) {
    election.take(.fault(nil))
    options.adopt(new)
    election.replication.apply(options.durability)
    log.apply(options.log)
    log.keepSecret(options.secrets)
    monitor.apply(options.monitoring)
    telemetry.apply(options.telemetry)
    activeHandler?.apply(options)
  }

  /// Says on every console that new settings could not be taken, until some are.
  package func complain(_ words: String) {
    let words = log.redaction.apply(to: words)
    election.take(.fault(words.clipped(toBytes: Self.longestFault)))
    guard let session = activeHandler?.session else { return }
    var transaction = Transaction()
    let line = AuditLine(
      origin: .run("handler/\(options.id)/\(session.now.milliseconds)"), phase: .failed, action: "settings",
      operator: "handler/\(options.id)", detail: words, handler: options.id, at: session.now, source: "handler")
    transaction.add(line, keys)
    session.run(transaction) { _ in }
  }

  // MARK: The connection

  private func mainChanged(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      onShardNotice(.up(connection))
      askForTime(connection) { [weak self] in
        self?.log(.info, "connected")
        self?.election.connected(connection)
      }
    case .down(let failure):
      log(.warning, "no connection", ["reason": failure.description])
      election.disconnected()
    }
  }

  private func askForTime(_ connection: Connection, _ completion: @escaping () -> Void = {}) {
    measureTime(connection) { [weak self, weak connection] in
      self?.loop.schedule(inMilliseconds: Self.timeSpan) { [weak self, weak connection] in
        if let connection, connection === self?.main.connection { self?.askForTime(connection) }
      }
      completion()
    }
  }

  private func measureTime(_ connection: Connection, _ completion: @escaping () -> Void) {
    let asked = MonotonicTime.now
    connection.send(Request("TIME")) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      setClock(reply, asked: asked)
      completion()
    }
  }

  private func setClock(_ reply: Reply, asked: MonotonicTime) {
    guard clock.set(reply, asked: asked) else { return log(.warning, "the server does not tell its time") }
    guard let leap = clock.leap else { return }
    log(.warning, "the server's clock was stepped", ["milliseconds": "\(leap.milliseconds)"])
    recorder.clockLeapt(by: leap)
    activeHandler?.clockLeapt(by: leap)
  }

  // MARK: The lease

  private func electionChanged(_ notice: LeaderElector.Update) {
    switch notice {
    case .taken(let fence, let until): openHandler(fence, until)
    case .renewed(let until, let time, let asked):
      activeHandler?.session.mayActUntil = until
      setClock(time, asked: asked)
    case .lossesFound: if let session { tellLosses(session) }
    case .lost(let reason):
      log(.info, "standing by", ["reason": reason])
      closeHandler()
      onShardNotice(.changed)
    }
  }

  private func openHandler(_ fence: Int, _ until: BootTime) {
    guard let connection = main.connection, !isStopping else { return election.release() }
    log(.info, "active", ["fence": "\(fence)"])
    counts.noteLease(isTaken: true)
    let session = LeaseSession(
      loop: loop, options: options, keys: keys, log: log, connection: connection, fence: fence,
      script: transactionScript,
      actuators: actuatorClient, counts: counts, mayActUntil: until, clock: { [weak self] in self?.clock.now ?? .epoch }
    )
    session.owner = self
    warnings = [:]
    election.take(.warning(nil))
    if endpoint.isUnverified { warn("tls", Self.unverified) }
    let activeHandler = ActiveHandler(
      session: session, unfinished: unfinished, endpoint: endpoint, messenger: messenger, telemetry: telemetry
    ) { [weak self] in self?.warn($0, $1) }
    self.activeHandler = activeHandler
    recorder.record(in: session)
    activeHandler.open()
    noteShards(session)
    tellLosses(session)
    onShardNotice(.changed)
  }

  func warn(_ subject: String, _ words: String?) {
    warnings[subject] = words?.clipped(toBytes: Self.longestFault)
    election.take(.warning(warnings.min { $0.key > $1.key }?.value))
  }

  func closeHandler() {
    if activeHandler != nil { counts.noteLease(isTaken: false) }
    actuatorClient.abandon(onlyResumable: false)
    activeHandler?.close()
    activeHandler = nil
    recorder.standBy()
  }
}

extension HandlerService: LeaseSessionOwner {
  func sessionEnded(_ reason: String) { election.take(.lost(reason)) }
  func rightIsMissing() { election.take(.rightsDoubted) }
  func whenConfirmed(_ work: @escaping () -> Void) { election.replication.whenConfirmed(work) }
  func levelsAreTold(_ digest: String) { election.take(.levels(digest)) }
  func rulesAreHeld(_ reason: String?) { election.take(.held(reason?.clipped(toBytes: Self.longestFault))) }

  func measureTime(_ completion: @escaping () -> Void) {
    if let connection = main.connection { measureTime(connection, completion) }
  }
}
