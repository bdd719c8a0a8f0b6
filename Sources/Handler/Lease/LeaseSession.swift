import Automation
import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// The time in which a handler holds the lease, and what it acts with: connection, fence and clock.
///
/// A class, because all parts of the handler share it, and its end is the end of all of them. It never begins again: the
/// next takeover has a higher fence and a session of its own.
final class LeaseSession {
  let loop: Loop
  private(set) var options: HandlerOptions
  let keys: Keys
  let log: Log
  let connection: Connection
  let fence: Int
  private let script: Script
  let actuators: any ActuatorClient
  /// Places for what is done at once.
  private(set) lazy var places = Places { [unowned self] in $0 == .redis ? Self.mostByRedis : options.parallel }
  private let clock: () -> Instant
  /// Until when the lease lets it act.
  var mayActUntil: BootTime
  private(set) var isOver = false
  /// How many steps and reads are under way.
  private(set) var inFlight = 0
  /// Told when none is, and when the session ends.
  var onIdle: () -> Void = {}
  /// Whether events have been read to their end once: before that nobody knows what runtimes have confirmed.
  var hasReadEvents = false
  /// Whether nothing new is to be begun.
  var isFinishing = false
  /// How many steps that change an alert are under way: what events change of alerts is written after them.
  private(set) var alertSteps = 0
  /// Told, once, that the server or the connection has ended the session.
  var onEnd: (String) -> Void = { _ in }
  /// Told that Redis refused something for want of a permission.
  var onRightMissing: () -> Void = {}
  /// When the audit was last told that a channel was refused.
  private var toldOfChannel: Instant?
  /// Told of alerts that commands have changed, and that the schedule has changed.
  var onAlert: (AlertRecord) -> Void = { _ in }
  var onSchedule: () -> Void = {}
  /// Told that a command has turned the switch of automation.
  var onAutomation: () -> Void = {}
  /// Told why rules are held back; nil while they are not.
  var onHeld: (String?) -> Void = { _ in }
  /// Told of a proposal that nobody can answer any more.
  var onProposalEnd: (Proposal) -> Void = { _ in }
  /// Told what an agent's record is now.
  var onRecord: (AgentID, AgentRecord) -> Void = { _, _ in }
  /// Whether what earlier handlers knew of the fleet has been read.
  var knowsFleet = false
  /// How few and how many replicas an agent says it may have.
  var knownReplicas: (AgentID) -> ClosedRange<Int>? = { _ in nil }
  /// Told that a step has put notices into the outbox.
  var onNotice: () -> Void = {}
  /// The number of the last notice that was put there.
  var lastNotice = 0
  /// Asks the server for its time anew.
  var measureTime: (_ completion: @escaping () -> Void) -> Void = { $0() }
  /// The agent that says it stands in for another.
  var knownBackup: (AgentID) -> AgentID? = { _ in nil }
  /// The state in which an agent is; nil if it is not known.
  var knownState: (AgentID) -> AgentState? = { _ in nil }
  /// Whether an alert is open.
  var isOpen: (AlertID) -> Bool = { _ in false }
  /// The role that an agent says it has.
  var knownRole: (AgentID) -> String? = { _ in nil }

  init(
    loop: Loop, options: HandlerOptions, keys: Keys, log: Log, connection: Connection, fence: Int, script: Script,
    actuators: any ActuatorClient, mayActUntil: BootTime, clock: @escaping () -> Instant
  ) {
    self.loop = loop
    self.options = options
    self.keys = keys
    self.log = log
    self.connection = connection
    self.fence = fence
    self.script = script
    self.actuators = actuators
    self.mayActUntil = mayActUntil
    self.clock = clock
  }

  /// How many targets are acted on at once by what Redis alone does: its answers come in order, and the lease is among
  /// them.
  private static let mostByRedis = 128

  /// The server's time.
  var now: Instant { clock() }

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

  /// Whether the lease still stands by the machine's own clock, time suspended included.
  var mayAct: Bool { !isOver && BootTime.now < mayActUntil }

  /// What acts outside for a control message; nil if runtimes are told.
  func actuator(of verb: ControlVerb, _ arguments: [String: String]) -> Actuator? {
    let actuator: Actuator? =
      switch verb {
      case .action(let action): options.actuators[action]
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
      if !isOver { onEnd("the lease was not renewed in time") }
      return completion(.fenced("the lease has ended"), [])
    }
    inFlight += 1
    transaction.run(script, on: connection, fenceKey: keys.fence, fence: fence) { [weak self] outcome, leftOut in
      guard let self, !isOver else { return completion(.fenced("the lease has ended"), []) }
      let outcome = outcome.redacted(log.redaction)
      switch outcome {
      case .fenced(let reason): onEnd(reason)
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
    if error.code == "NOPERM" { onRightMissing() }
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

  /// Says what a step did without. That a channel was not served is said in the audit too, since runtimes hear of it
  /// later then: once a minute.
  private func leaveOut(_ words: String) {
    log(.error, "Redis refused a part of a step, which was done without it", ["error": words])
    guard words.contains("(PUBLISH "), toldOfChannel.map({ now - $0 >= .minutes(1) }) ?? true else { return }
    toldOfChannel = now
    let line = AuditLine(
      origin: .run("channel/\(now.milliseconds)"), phase: .failed, action: "publish", operator: "handler/\(options.id)",
      detail: "cannot publish, so runtimes must read the stream: \(words)", handler: options.id, at: now,
      source: String(decoding: keys.control, as: UTF8.self))
    var transaction = Transaction()
    transaction.add(to: keys.audit, AuditCoding.encode(line))
    run(transaction) { _ in }
  }

  private func landed() {
    inFlight -= 1
    if inFlight == 0 { onIdle() }
  }

  /// Runs a step that writes changes, and tells those who must know of them.
  func run(_ transaction: Transaction, carrying changes: [Change], _ completion: @escaping (TransactionOutcome) -> Void)
  {
    let alerts = changes.compactMap(\.alert)
    if !alerts.isEmpty { alertSteps += 1 }
    run(transaction) { [weak self] outcome in
      if !alerts.isEmpty { self?.alertSteps -= 1 }
      if case .done = outcome {
        for alert in alerts { self?.onAlert(alert) }
        if changes.contains(where: { !$0.scheduledJobs.isEmpty }) { self?.onSchedule() }
        if changes.contains(where: { $0.automation != nil }) { self?.onAutomation() }
        for proposal in changes.compactMap(\.proposal) where proposal.state != .open { self?.onProposalEnd(proposal) }
        if changes.contains(where: { !$0.notices.isEmpty }) { self?.onNotice() }
      }
      completion(outcome)
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
