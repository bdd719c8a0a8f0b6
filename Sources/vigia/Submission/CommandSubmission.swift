import FleetModel
import Loop
import Redis
import Wire

/// One order on its way: sent as one command or several, to one shard or several, followed through their audits, and done
/// for once all of them are.
///
/// ```
/// links up, time told ─▶ who knows the agents, or an undo's command? ─▶ audits followed
///                          the end ◀─ lines of the audits ◀─ sent ◀────────────┘
/// ```
/// A class, since the connections' and the loop's handlers share it.
final class CommandSubmission {
  private let session: Session
  private let installation: Installation
  private let order: CommandRequest
  private let wait: TimeSpan
  private let untilObeyed: Bool
  private let report: SubmissionReport
  private var progress = OrderProgress()
  /// The shards that it may go to.
  private var parts: [SubmissionPart] = []
  /// Where each command goes.
  private var routes: [RoutedCommand] = []

  init(
    _ session: Session, _ installation: Installation, order: CommandRequest, wait: TimeSpan, untilObeyed: Bool,
    isJSON: Bool
  ) {
    self.session = session
    self.installation = installation
    self.order = order
    self.wait = wait
    self.untilObeyed = untilObeyed && order.action.reachesRuntimes
    report = SubmissionReport(isJSON: isJSON)
  }

  private var division: AgentDivision { installation.shards?.division ?? .whole }

  func start() {
    let all = installation.parts
    var agents: [Int: [AgentID]] = [:]
    do throws(Command.TooLarge) {
      // Who carries out what is to be taken back is looked for everywhere.
      let routes = order.action == .undo ? [] : try order.parts(division, at: .epoch)
      for route in routes { agents[route.shard, default: []] += route.command.targets }
      let shards = order.action == .undo ? Array(all.indices) : agents.keys.sorted()
      parts = shards.map { SubmissionPart($0, all[$0], on: session.loop) { [unowned self] in heard($1, from: $0) } }
    } catch {
      return session.fail(.failed, error.description.shown)
    }
    let undone = order.action == .undo && parts.count > 1 ? order.arguments["command_id"] : nil
    for part in parts { part.start(asking: undone, about: agents[part.shard] ?? []) }
    session.loop.schedule(inMilliseconds: wait.milliseconds) { [weak self] in self?.timeIsUp() }
  }

  private func heard(_ notice: SubmissionPart.Update, from part: SubmissionPart) {
    switch notice {
    case .located: followAudits()
    case .unheard(let agents): Output.error(UnheardAgents.warning(agents))
    case .following: begin()
    case .upAgain: send(to: part)
    case .line(let line):
      guard progress.concerns(line) else { return }
      report.step(line)
      if let outcome = progress.take(line) { session.end(outcome) }
    case .auditRefused(let error):
      guard progress.commands.isEmpty else { return lost(.refused(error), part) }
      // Nobody would see what becomes of the command: then it is not given.
      session.fail(.failed, "the audit cannot be followed, so nothing was sent: \(error)".shown)
    case .down(let failure): lost(failure, part)
    }
  }

  private func lost(_ failure: ConnectionFailure, _ part: SubmissionPart) {
    // A link that was up comes back; the same command goes out again until it is received.
    guard !part.wasUp else { return }
    let words = Session.unreachable(part.installation, failure)
    session.fail(.redisUnreachable, division.count > 1 ? "\(words); nothing was sent" : words)
  }

  /// Follows the audits once it is known where the order goes: from before the command exists, so that no line of them can
  /// be missed.
  private func followAudits() {
    guard parts.allSatisfy(\.isLocated) else { return }
    if order.action == .undo, parts.count > 1 {
      let known = parts.filter(\.knowsCommand)
      // Where nobody knows it, a handler says so.
      let meant = known.isEmpty ? [parts[0]] : known
      for part in parts where !meant.contains(where: { $0 === part }) { part.stop() }
      parts = meant
    }
    for part in parts { part.follow() }
  }

  private func begin() {
    guard progress.commands.isEmpty, parts.allSatisfy(\.isFollowing) else { return }
    do throws(Command.TooLarge) {
      let places = order.action == .undo ? parts.map(\.shard) : nil
      routes = try order.parts(division, at: parts[0].now, places)
    } catch {
      return session.fail(.failed, error.description.shown)
    }
    progress = OrderProgress(routes.map(\.command), needsObedience: untilObeyed)
    report.sent(progress.commands)
    for part in parts { send(to: part) }
  }

  /// Sends a shard whatever nobody has taken up.
  private func send(to part: SubmissionPart) {
    let open = Set(progress.unreceived.map(\.id))
    for route in routes where route.shard == part.shard && open.contains(route.command.id) {
      part.send(route.command) { [unowned self] error in
        session.fail(.failed, "the command could not be sent: \(error)".shown)
      }
    }
  }

  private func timeIsUp() {
    let open = Set(progress.unfinished.map(\.id))
    let asked = parts.filter { part in routes.contains { $0.shard == part.shard && open.contains($0.command.id) } }
    guard !progress.commands.isEmpty, asked.allSatisfy(\.isUp) else {
      let silent = parts.first { !$0.isUp } ?? parts.first
      let place = silent.map { "\($0.installation.shardPlace)" } ?? "\(installation.endpoint)"
      return session.fail(.redisUnreachable, "Redis at \(place) did not answer in \(wait)".shown)
    }
    // Redis may be what is silent.
    session.loop.schedule(inMilliseconds: 1000) { [weak self] in self?.session.end(.noAnswer) }
    var handlers: [(shard: Int, status: HandlerLeaseStatus)] = []
    for part in asked {
      part.askForHandler { [weak self] status in
        guard let self else { return }
        handlers.append((part.shard, status))
        guard handlers.count == asked.count else { return }
        report.noAnswer(progress, handlers: handlers, of: installation.shards, now: parts[0].now)
        session.end(.noAnswer)
      }
    }
  }
}
