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
/// What is for the whole fleet goes to the shards that can be reached: rules that are to be off are better off in most of
/// them than in none. It never ends as done then, and the others are named.
///
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
  /// The shards that it would go to, and cannot.
  private var missing = MissingShards()
  /// Those of them that may have it all the same: it was sent there, and refused only when it was sent again.
  private var unsure: Set<Int> = []
  private var isFollowed = false
  /// Whether a line has said that nothing is sent.
  private var isToldUnsent = false

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

  /// Whether it takes back what any shard may have done.
  private var isUndoAnywhere: Bool { order.action == .undo && division.count > 1 }

  /// Whether it goes to the others if a shard cannot be reached.
  private var goesWithout: Bool {
    guard division.count > 1 else { return false }
    switch order.action.scope {
    case .fleet: return true
    case .fleetOrAgents: return order.targets.isEmpty
    case .object: return order.action == .undo
    case .agents: return false
    }
  }

  func start() {
    let all = installation.parts
    var agents: [Int: [AgentID]] = [:]
    do throws(Command.TooLarge) {
      // Who carries out what is to be taken back is looked for everywhere.
      let routes = isUndoAnywhere ? [] : try order.parts(division, at: .epoch)
      for route in routes { agents[route.shard, default: []] += order.action == .undo ? [] : route.command.targets }
      let shards = isUndoAnywhere ? Array(all.indices) : agents.keys.sorted()
      parts = shards.map { SubmissionPart($0, all[$0], on: session.loop) { [unowned self] in heard($1, from: $0) } }
    } catch {
      return session.fail(.failed, error.description.shown)
    }
    let undone = isUndoAnywhere ? order.arguments["command_id"] : nil
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
      if let outcome = progress.take(line) { end(outcome) }
    case .refused(let error):
      guard progress.commands.isEmpty else { return lost(.refused(error), part) }
      if goesWithout { return goOn(without: part, "Redis refuses: \(error)", .failed) }
      tellNothingIsSent([part], "Redis refuses: \(error)")
      // Nobody would see what becomes of the command: then it is not given.
      session.fail(.failed, "the audit cannot be followed, so nothing was sent: \(error)".shown)
    case .down(let failure): lost(failure, part)
    }
  }

  private func lost(_ failure: ConnectionFailure, _ part: SubmissionPart) {
    // A link that was up comes back; the same command goes out again until it is received.
    guard !part.wasUp else { return }
    if goesWithout { return goOn(without: part, "\(failure)", .redisUnreachable) }
    tellNothingIsSent([part], "\(failure)")
    let words = Session.unreachable(part.installation, failure)
    session.fail(.redisUnreachable, division.count > 1 ? "\(words); nothing was sent" : words)
  }

  /// Leaves a shard out; if no other is left nothing was sent, unless one may have it all the same.
  private func goOn(without part: SubmissionPart, _ reason: String, _ outcome: Exit, mayBeThere: Bool = false) {
    guard missing[part.shard] == nil else { return }
    missing[part.shard] = reason
    if mayBeThere { unsure.insert(part.shard) }
    parts.removeAll { $0 === part }
    // It is what calls.
    session.loop.later { part.stop() }
    report.notSent(commands(to: part), MissingShards([part.shard: reason]), mayBeThere: mayBeThere)
    if parts.isEmpty, unsure.isEmpty { return fail(outcome) }
    guard !progress.commands.isEmpty else {
      followAudits()
      return begin()
    }
    progress.leaveOut(Set(commands(to: part).map(\.id)))
    routes.removeAll { $0.shard == part.shard }
    if parts.isEmpty { return end(outcome) }
    if let outcome = progress.outcome { end(outcome) }
  }

  private func commands(to part: SubmissionPart) -> [Command] {
    routes.filter { $0.shard == part.shard }.map(\.command)
  }

  private func fail(_ outcome: Exit) {
    tellNothingIsSent(missing)
    session.fail(outcome, "\(missing.words ?? "no shard answers"); nothing was sent")
  }

  /// Shards are missing that have to have it, or all are.
  private func tellNothingIsSent(_ missing: MissingShards) {
    guard division.count > 1, progress.commands.isEmpty, !isToldUnsent else { return }
    isToldUnsent = true
    report.nothingSent(missing)
  }

  /// These shards are missing too, for one reason.
  private func tellNothingIsSent(_ parts: [SubmissionPart], _ reason: String) {
    var missing = missing
    for part in parts { missing[part.shard] = reason }
    tellNothingIsSent(missing)
  }

  /// Ends the session, and says how the order stands in each shard unless all have done it.
  private func end(_ outcome: Exit) {
    let words = SubmissionStanding(routes, progress, missing, unsure: unsure).words
    if let words { Output.error("vigia: \(words)") }
    session.end(outcome == .done && !missing.isEmpty ? .partial : outcome)
  }

  /// Follows the audits once it is known where the order goes: from before the command exists, so that no line of them can
  /// be missed.
  private func followAudits() {
    guard !isFollowed, parts.allSatisfy(\.isLocated) else { return }
    isFollowed = true
    if isUndoAnywhere {
      let known = parts.filter(\.knowsCommand)
      if known.isEmpty, !missing.isEmpty { return fail(.redisUnreachable) }
      // Where nobody knows it, a handler says so.
      let meant = known.isEmpty ? [parts[0]] : known
      for part in parts where !meant.contains(where: { $0 === part }) { part.stop() }
      parts = meant
    }
    for part in parts { part.follow() }
  }

  private func begin() {
    guard isFollowed, progress.commands.isEmpty, parts.allSatisfy(\.isFollowing) else { return }
    do throws(Command.TooLarge) {
      let places = order.action == .undo ? parts.map(\.shard) : nil
      routes = try order.parts(division, at: parts[0].now, places).filter { missing[$0.shard] == nil }
    } catch {
      return session.fail(.failed, error.description.shown)
    }
    progress = OrderProgress(routes.map(\.command), needsObedience: untilObeyed)
    report.sent(progress.commands, missing)
    for part in parts { send(to: part) }
  }

  /// Sends a shard whatever nobody has taken up.
  private func send(to part: SubmissionPart) {
    let open = Set(progress.unreceived.map(\.id))
    for route in routes where route.shard == part.shard && open.contains(route.command.id) {
      part.send(route.command) { [unowned self] error, wasSent in
        refused(route.command, by: part, "Redis refuses: \(error)", wasSent)
      }
    }
  }

  /// - Parameter wasSent: whether it was sent before: then the shard may have it, and a handler may carry it out.
  private func refused(_ command: Command, by part: SubmissionPart, _ reason: String, _ wasSent: Bool) {
    // Somebody has taken up what was sent before: the shard needs no other.
    if progress.standing(of: command.id) != .notTaken { return }
    if goesWithout { return goOn(without: part, reason, .failed, mayBeThere: wasSent) }
    if division.count > 1 { report.notSent([command], MissingShards([part.shard: reason]), mayBeThere: wasSent) }
    let words = wasSent ? "it is not known whether the command was taken" : "the command could not be sent"
    session.fail(.failed, "\(words): \(reason)".shown)
  }

  private func timeIsUp() {
    let open = Set(progress.unfinished.map(\.id))
    let asked = parts.filter { part in routes.contains { $0.shard == part.shard && open.contains($0.command.id) } }
    guard !progress.commands.isEmpty, asked.allSatisfy(\.isUp) else { return linkIsDown(asked) }
    askForHandlers(of: asked)
  }

  /// Nobody asks for the audits until all links are up, nor who leads a shard whose link is down.
  private func linkIsDown(_ asked: [SubmissionPart]) {
    let silent = parts.filter { !$0.isUp || !(isFollowed ? $0.isFollowing : $0.isLocated) }
    let place = (silent.first ?? parts.first).map { "\($0.installation.shardPlace)" } ?? "\(installation.endpoint)"
    tellNothingIsSent(silent, "no answer in \(wait)")
    let unsent = division.count > 1 && progress.commands.isEmpty ? "; nothing was sent" : ""
    Output.error("vigia: Redis at \(place) did not answer in \(wait)\(unsent)".shown)
    report.linkIsDown(progress, missing)
    end(asked.contains(where: \.isUp) ? .noAnswer : .redisUnreachable)
  }

  private func askForHandlers(of asked: [SubmissionPart]) {
    var handlers = Dictionary(uniqueKeysWithValues: asked.map { ($0.shard, HandlerLeaseStatus.unknown) })
    var owed = asked.count
    var isTold = false
    let finish = { [weak self] in
      guard let self, !isTold else { return }
      isTold = true
      report.noAnswer(progress, handlers: handlers, of: installation.shards, missing, now: parts[0].now)
      end(.noAnswer)
    }
    // Redis may be what is silent.
    session.loop.schedule(inMilliseconds: 1000, finish)
    for part in asked {
      part.askForHandler { status in
        handlers[part.shard] = status
        owed -= 1
        if owed == 0 { finish() }
      }
    }
  }
}
