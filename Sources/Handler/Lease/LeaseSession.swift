import Automation
import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// The time in which a handler holds the lease, and what it acts with: connection, fence and clock.
///
/// A class, because all parts of the handler share it, and its end is the end of all of them. It never begins again:
/// the next takeover has a higher fence and a session of its own.
final class LeaseSession {
  let loop: Loop
  private(set) var options: HandlerOptions
  let keys: Keys
  let log: Log
  let connection: Connection
  let fence: Int
  private let script: Script
  let actuators: any ActuatorClient
  let counts: HandlerCounts
  /// Places for what is done at once.
  private(set) lazy var places = Places { [unowned self] in $0 == .redis ? Self.mostByRedis : options.parallel }
  private let clock: () -> Instant
  /// Until when the lease lets it act.
  var mayActUntil: BootTime
  private(set) var isOver = false
  private let begunAt = MonotonicTime.now
  /// How many transactions and reads are under way.
  private(set) var inFlight = 0
  /// Told when none is, and when the session ends.
  var onIdle: () -> Void = {}
  /// Whether nothing new is to be begun.
  var isFinishing = false
  /// How many transactions that change an alert are under way: what events change of alerts is written after them.
  private(set) var alertTransactions = 0
  /// Told when none of them is under way any more.
  var onAlertsWritten: () -> Void = {}
  /// Whether somebody wants to be told of ``Committed/alertsSaved(open:over:)``.
  var followsAlerts = false
  /// Told of each call of a service or program; nil if nobody follows them.
  var onCall: ((EndedCall) -> Void)?
  /// Whether a command is one that this handler, or one before, has given by itself.
  var hasGiven: (Command) -> Bool = { _ in false }
  /// Who holds the lease.
  weak var owner: (any LeaseSessionOwner)?
  /// Who knows the fleet.
  weak var fleet: (any FleetDirectory)?
  private var observers: [Observer] = []
  /// When the audit was last told that a channel was refused.
  private var toldOfChannel: Instant?
  /// The number of the last notice that was put into the outbox.
  var lastNotice = 0

  private struct Observer {
    weak var value: (any CommitObserver)?
  }

  init(
    loop: Loop, options: HandlerOptions, keys: Keys, log: Log, connection: Connection, fence: Int, script: Script,
    actuators: any ActuatorClient, counts: HandlerCounts, mayActUntil: BootTime, clock: @escaping () -> Instant
  ) {
    self.loop = loop
    self.options = options
    self.keys = keys
    self.log = log
    self.connection = connection
    self.fence = fence
    self.script = script
    self.actuators = actuators
    self.counts = counts
    self.mayActUntil = mayActUntil
    self.clock = clock
  }

  /// How many targets are acted on at once by what Redis alone does: its answers come in order, and the lease is among
  /// them.
  private static let mostByRedis = 128

  /// The server's time.
  var now: Instant { clock() }

  var knowsFleet: Bool { fleet?.isRestored ?? false }
  var hasReadEvents: Bool { fleet?.hasReadEvents ?? false }

  /// Has somebody hear of what transactions write, from here on.
  func addObserver(_ observer: any CommitObserver) { observers.append(Observer(value: observer)) }

  func tell(_ fact: Committed) {
    for observer in observers { observer.value?.committed(fact) }
  }

  /// Asks the server for its time anew.
  func measureTime(_ completion: @escaping () -> Void) {
    if let owner { owner.measureTime(completion) } else { completion() }
  }

  /// Goes on with other options.
  func apply(_ new: HandlerOptions) {
    options = new
    places.refill()
  }

  /// Ends it: nothing is done any more, and outcomes that still come are `over`.
  func end() {
    isOver = true
    onIdle()
  }

  /// Says that the server or somebody else has ended it.
  func lose(_ reason: String) { owner?.sessionEnded(reason) }

  /// Whether the lease still stands by the machine's own clock, time suspended included.
  var mayAct: Bool { !isOver && BootTime.now < mayActUntil }

  /// It may act no more, and nobody has said so yet.
  func endLate() { if !isOver { lose("the lease was not renewed in time") } }

  /// Milliseconds since it began: any handler before has let go of what it was doing by then.
  var age: Int64 { Int64(MonotonicTime.now.milliseconds(since: begunAt)) }

  /// What acts outside for a control message; nil if runtimes are told.
  func actuator(of verb: ControlVerb, _ arguments: [String: String]) -> Actuator? {
    let actuator: Actuator? =
      switch verb {
      case .action(let action): options.actuators[action]
      case .job where arguments["job"] == JobName.dashboard.rawValue: options.dashboardActuator
      case .job: options.actuators[job: arguments["job"] ?? ""]
      }
    return actuator == .redis ? nil : actuator
  }

  /// The name of the places that an actuator's calls take: the action's, or the job's.
  func placeName(of verb: ControlVerb, _ arguments: [String: String]) -> String {
    switch verb {
    case .action: verb.name
    case .job: "\(verb.name)/\(arguments["job"] ?? "")"
    }
  }

  /// Runs a transaction. Its outcome is `fenced` if the session has ended by the time that it is known.
  func run(_ transaction: Transaction, _ completion: @escaping (TransactionOutcome) -> Void) {
    run(transaction) { outcome, _ in completion(outcome) }
  }

  /// - Parameter completion: gets what Redis refused of the optional parts too.
  func run(_ transaction: Transaction, _ completion: @escaping (TransactionOutcome, _ leftOut: [String]) -> Void) {
    guard mayAct else {
      // What is not done now would never be: the session must not go on without it.
      endLate()
      return completion(.fenced("the lease has ended"), [])
    }
    inFlight += 1
    transaction.run(script, on: connection, fenceKey: keys.fence, fence: fence) { [weak self] outcome, leftOut in
      guard let self, !isOver else { return completion(.fenced("the lease has ended"), []) }
      counts.note(HandlerCounts.Step(outcome), transaction.counts)
      let outcome = outcome.redacted(log.redaction)
      switch outcome {
      case .fenced(let reason): lose(reason)
      case .failed(let error): refused("Redis refused a step", error)
      case .done: leftOut.forEach(leaveOut)
      case .conflict: break
      }
      completion(outcome, leftOut)
      landed()
    }
  }

  /// Says that Redis refused something, with the key and the reason.
  func refused(_ what: String, _ error: ServerError) {
    log(.error, what, ["error": error.text])
    if error.code == "NOPERM" { owner?.rightIsMissing() }
  }

  /// Says that a value in Redis is passed over, since nobody can tell what it means.
  func passOver(_ what: String, _ key: [UInt8], _ value: [UInt8]? = nil) {
    log(
      .error, "\(what) in Redis is not understood",
      [
        "key": String(decoding: key.prefix(600), as: UTF8.self),
        "value": String(decoding: (value ?? []).prefix(80), as: UTF8.self),
      ])
  }

  /// Says what a transaction did without. That a channel was not served is said in the audit too, since runtimes hear
  /// of it later then: once a minute.
  private func leaveOut(_ words: String) {
    log(.error, "Redis refused a part of a step, which was done without it", ["error": words])
    guard words.contains("(PUBLISH "), toldOfChannel.map({ now - $0 >= .minutes(1) }) ?? true else { return }
    toldOfChannel = now
    let line = AuditLine(
      origin: .run("channel/\(now.milliseconds)"), phase: .failed, action: "publish", operator: "handler/\(options.id)",
      detail: "cannot publish, so runtimes must read the stream: \(words)", handler: options.id, at: now,
      source: String(decoding: keys.control, as: UTF8.self))
    var transaction = Transaction()
    transaction.add(line, keys)
    run(transaction) { _ in }
  }

  private func landed() {
    inFlight -= 1
    if inFlight == 0 { onIdle() }
  }

  /// Runs a transaction that writes changes, and tells those who must know of them.
  func run(_ transaction: Transaction, carrying changes: [Change], _ completion: @escaping (TransactionOutcome) -> Void)
  {
    let alerts = changes.compactMap(\.alert)
    if !alerts.isEmpty { alertTransactions += 1 }
    run(transaction) { [weak self] outcome in
      if !alerts.isEmpty { self?.alertTransactions -= 1 }
      if case .done = outcome {
        for alert in alerts { self?.tell(.alert(alert)) }
        if changes.contains(where: { !$0.scheduledJobs.isEmpty }) { self?.tell(.schedule) }
        if changes.contains(where: { $0.automation != nil }) { self?.tell(.automation) }
        if changes.contains(where: { $0.queueHand != nil }) { self?.tell(.queueHands) }
        if changes.contains(where: { $0.conversation != nil }) { self?.tell(.conversations) }
        if changes.contains(where: { $0.window != nil }) { self?.tell(.maintenance) }
        for proposal in changes.compactMap(\.proposal) where proposal.state != .open {
          self?.tell(.proposalEnded(proposal))
        }
        if changes.contains(where: { !$0.notices.isEmpty }) { self?.tell(.notices) }
      }
      completion(outcome)
      if !alerts.isEmpty, let self, alertTransactions == 0, !isOver { onAlertsWritten() }
    }
  }

  /// Calls `work` once all that was written up to now would outlive the server, so that something outside may be done by
  /// it; never if the session ends before.
  func whenConfirmed(_ work: @escaping () -> Void) {
    guard let owner else { return work() }
    inFlight += 1
    owner.whenConfirmed { [weak self] in
      guard let self, !isOver else { return }
      work()
      landed()
    }
  }

  /// Reads several things at once; `completion` gets all answers, in order, or is never called if the connection or
  /// the session ended before.
  func read(_ requests: [Request], _ completion: @escaping ([Reply]) -> Void) {
    guard !requests.isEmpty else { return completion([]) }
    var replies: [Reply] = []
    inFlight += 1
    for request in requests {
      connection.send(request) { [weak self] result in
        guard let self, !isOver, case .success(let reply) = result else { return }
        if let error = reply.error { refused("Redis refused to tell \(request.words)", error) }
        replies.append(reply)
        guard replies.count == requests.count else { return }
        completion(replies)
        landed()
      }
    }
  }

  /// Does something later in this term.
  @discardableResult
  func later(inMilliseconds span: Int64, _ work: @escaping () -> Void) -> Loop.TimerID {
    loop.schedule(inMilliseconds: span) { [weak self] in
      guard let self, !isOver else { return }
      work()
    }
  }
}

extension HandlerCounts.Step {
  fileprivate init(_ outcome: TransactionOutcome) {
    switch outcome {
    case .done: self = .done
    case .conflict: self = .conflict
    case .fenced: self = .fenced
    case .failed: self = .failed
    }
  }
}
