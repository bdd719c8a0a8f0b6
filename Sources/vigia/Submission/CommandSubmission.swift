import FleetModel
import Loop
import Redis
import Wire

/// One order on its way: sent as one command or several, followed through the audit, and done for once all of them are.
///
/// A class, since the connection's and the loop's handlers share it.
final class CommandSubmission {
  private let session: Session
  private let endpoint: Endpoint
  private let order: CommandRequest
  private let wait: TimeSpan
  private let untilObeyed: Bool
  private let keys: Keys
  private let report: SubmissionReport
  private var progress = OrderProgress()
  private var clock = ServerClock()
  private var wasUp = false
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private lazy var audit = StreamFollower(loop: session.loop, endpoint: endpoint, key: keys.audit) {
    [unowned self] in auditChanged($0)
  }

  init(
    _ session: Session, _ installation: Installation, order: CommandRequest, wait: TimeSpan, untilObeyed: Bool,
    isJSON: Bool
  ) {
    self.session = session
    (endpoint, keys) = (installation.endpoint, installation.keys)
    self.order = order
    self.wait = wait
    self.untilObeyed = untilObeyed && order.action.reachesRuntimes
    report = SubmissionReport(isJSON: isJSON)
  }

  func start() {
    link.start()
    session.loop.schedule(inMilliseconds: wait.milliseconds) { [weak self] in self?.timeIsUp() }
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      wasUp = true
      let asked = MonotonicTime.now
      connection.send(Request("TIME")) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        clock.set(reply, asked: asked)
        // The audit is followed from before the command exists, so that no line of it can be missed.
        if progress.commands.isEmpty { audit.start() } else { send() }
      }
    case .down(let failure): lost(failure)
    }
  }

  private func lost(_ failure: ConnectionFailure) {
    // A link that was up comes back; the same command goes out again until it is received.
    if !wasUp { session.fail(.redisUnreachable, Session.unreachable(endpoint, failure)) }
  }

  private func auditChanged(_ notice: StreamFollower.Update) {
    switch notice {
    case .ready: begin()
    case .entry(_, let payload):
      guard let line = AuditCoding.decode(payload), progress.concerns(line) else { return }
      report.step(line)
      if let outcome = progress.take(line) { session.end(outcome) }
    case .down(.refused(let error)) where error.code == "NOPERM" && progress.commands.isEmpty:
      // Nobody would see what becomes of the command: then it is not given.
      session.fail(.failed, "the audit cannot be followed, so nothing was sent: \(error)".shown)
    case .down(let failure): lost(failure)
    }
  }

  private func begin() {
    guard progress.commands.isEmpty else { return }
    do throws(Command.TooLarge) {
      progress = OrderProgress(try order.commands(at: clock.now), needsObedience: untilObeyed)
    } catch {
      return session.fail(.failed, error.description.shown)
    }
    report.sent(progress.commands)
    send()
  }

  /// Sends whatever nobody has taken up.
  private func send() {
    guard let connection = link.connection else { return }
    for command in progress.unreceived {
      let request = Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
      connection.send(request) { [weak self] result in
        guard let self, case .success(let reply) = result, let error = reply.error else { return }
        session.fail(.failed, "the command could not be sent: \(error)".shown)
      }
    }
  }

  private func timeIsUp() {
    guard let connection = link.connection, !progress.commands.isEmpty else {
      return session.fail(.redisUnreachable, "Redis at \(endpoint) did not answer in \(wait)".shown)
    }
    // Redis may be what is silent.
    session.loop.schedule(inMilliseconds: 1000) { [weak self] in self?.session.end(.noAnswer) }
    connection.send(Request("GET", keys.lease)) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      report.noAnswer(progress, handler: HandlerLeaseStatus(reply), now: clock.now)
      session.end(.noAnswer)
    }
  }
}
