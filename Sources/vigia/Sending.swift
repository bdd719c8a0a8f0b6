import FleetModel
import Loop
import Redis
import Wire

/// One command on its way: sent, followed through the audit, and done for.
///
/// A class, since the connection's and the loop's handlers share it.
final class Sending {
  private let session: Session
  private let endpoint: Endpoint
  private let order: Order
  private let wait: TimeSpan
  private let keys = Keys()
  private let report: SendingReport
  private var progress: SendingProgress
  private var clock = ServerClock()
  private var command: Command?
  private var wasUp = false
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private lazy var audit = StreamFollower(loop: session.loop, endpoint: endpoint, key: keys.audit) {
    [unowned self] in auditChanged($0)
  }

  init(_ session: Session, endpoint: Endpoint, order: Order, wait: TimeSpan, untilObeyed: Bool, isJSON: Bool) {
    self.session = session
    self.endpoint = endpoint
    self.order = order
    self.wait = wait
    report = SendingReport(isJSON: isJSON)
    progress = SendingProgress(
      targets: order.targets.count, needsObedience: untilObeyed && order.action.reachesRuntimes)
  }

  func start() {
    link.start()
    session.loop.schedule(inMilliseconds: wait.milliseconds) { [weak self] in self?.timeIsUp() }
  }

  private func changed(_ notice: Link.Notice) {
    switch notice {
    case .up(let connection):
      wasUp = true
      let asked = MonotonicTime.now
      connection.send(Request("TIME")) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        clock.set(reply, asked: asked)
        // The audit is followed from before the command exists, so that no line of it can be missed.
        if command == nil { audit.start() } else { send() }
      }
    case .down(let failure): lost(failure)
    }
  }

  private func lost(_ failure: ConnectionFailure) {
    // A link that was up comes back; the same command goes out again until it is received.
    if !wasUp { session.fail(.redisUnreachable, Session.unreachable(endpoint, failure)) }
  }

  private func auditChanged(_ notice: StreamFollower.Notice) {
    switch notice {
    case .ready:
      let command = order.command(at: clock.now)
      self.command = command
      report.sent(command)
      send()
    case .entry(_, let payload):
      guard let line = AuditCoding.decode(payload), let command, line.origin == .command(command.id) else { return }
      report.step(line)
      if let outcome = progress.take(line) { session.end(outcome) }
    case .down(let failure): lost(failure)
    }
  }

  private func send() {
    guard let command, !progress.isReceived, let connection = link.connection else { return }
    let request = Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
    connection.send(request) { [weak self] result in
      guard let self, case .success(let reply) = result, let error = reply.error else { return }
      session.fail(.failed, "the command could not be sent: \(error)".shown)
    }
  }

  private func timeIsUp() {
    guard let connection = link.connection, let command else {
      return session.fail(.redisUnreachable, "Redis at \(endpoint) did not answer in \(wait)".shown)
    }
    // Redis may be what is silent.
    session.loop.schedule(inMilliseconds: 1000) { [weak self] in self?.session.end(.noAnswer) }
    connection.send(Request("GET", keys.lease)) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      report.noAnswer(command, progress, handler: HandlerSight(reply), now: clock.now)
      session.end(.noAnswer)
    }
  }
}

/// How far a command has come, as its audit lines tell.
struct SendingProgress {
  private let targets: Int
  private let needsObedience: Bool
  private var hasSucceeded = false
  private var obeyed: Set<AgentID> = []
  private(set) var isReceived = false

  init(targets: Int, needsObedience: Bool) {
    self.targets = targets
    self.needsObedience = needsObedience
  }

  /// Whether the handler is through with it, and only the runtimes' confirmation is missing.
  var isSucceeded: Bool { hasSucceeded }

  /// Takes a line; how the program ends, once that is known.
  mutating func take(_ line: AuditLine) -> Exit? {
    isReceived = true
    if line.phase == .obeyed { obeyed.insert(line.target) }
    if line.target == .none {
      switch line.phase {
      case .succeeded: hasSucceeded = true
      // The closing one: all that were told have confirmed it.
      case .obeyed: return .done
      case .rejected, .failed, .expired, .unknown, .skipped: return .failed
      case .received, .proposed, .started, .undone: break
      }
    }
    guard hasSucceeded else { return nil }
    return !needsObedience || obeyed.count >= max(1, targets) ? .done : nil
  }
}
