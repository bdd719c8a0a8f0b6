import ArgumentParser
import FleetModel
import Loop
import Redis
import Wire

/// `vigia status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Print the fleet once, worst first.",
    discussion: "It reads the history of the stream; where that holds no event it listens for 5 seconds.")

  @OptionGroup var redis: RedisOptions
  @Flag(help: "As one JSON document.") var json = false
  @Flag(help: "A few words for tmux's status line, for one round trip.") var tmux = false
  @Option(help: "How far back to begin.") var history = TimeSpan.hours(1)
  @OptionGroup var settings: LevelsOptions

  func validate() throws {
    guard !(json && tmux) else { throw ValidationError("--json and --tmux do not go together") }
  }

  func run() throws {
    if tmux { return try SegmentQuery.run(redis.installation()) }
    let tables = try settings.tables()
    let session = try Session()
    let survey = Survey(
      session, try redis.installation(), history: history, tables, levelsFile: settings.levels,
      readsBudgets: json
    ) { picture in
      if json { Output.json(picture.json) } else { picture.lines.forEach(Output.line) }
    }
    try session.onInterrupt { session.end(.failed) }
    survey.start()
    try session.run()
  }
}

/// Looks at the fleet until there is something to show.
///
/// A class, since the feed's notices and the loop's timers share it.
final class Survey {
  private static let listensMilliseconds: Int64 = 5000
  private static let longestMilliseconds: Int64 = 30_000

  private let session: Session
  private let installation: Installation
  private let history: TimeSpan
  private let metrics: MetricTable
  private let levelsFile: String?
  private let readsBudgets: Bool
  private let show: (FleetPicture) -> Void
  /// Only present values are printed, and windows would cost as much as all the rest.
  private var fleet = Fleet(seed: .random(in: 0...UInt64.max), keepsHistory: false)
  private var received = 0
  /// Nil until the server has said, or refused to say.
  private var handler: HandlerLeaseStatus?
  private var isCaughtUp = false
  /// Whether records and alerts are known, as far as they are served.
  private var isStateTold = false
  private var areAlertsTold = false
  private var isInsightTold = false
  private var isFinishing = false
  private lazy var feed = EventFeed(loop: session.loop, endpoint: installation.endpoint, options: options) {
    // Called an event, while this object holds the feed: a reference that is counted costs as much as the rest.
    [unowned(unsafe) self] event, _ in
    received += 1
    fleet.apply(event)
  } notice: { [unowned self] in
    take($0)
  }

  /// - Parameters:
  ///   - levelsFile: where metrics and levels come from; nil if they are those of the handler, as soon as they are known.
  ///   - readsBudgets: whether the picture is to have what is used of budgets.
  init(
    _ session: Session, _ installation: Installation, history: TimeSpan, _ tables: LevelSettings, levelsFile: String?,
    readsBudgets: Bool, _ show: @escaping (FleetPicture) -> Void
  ) {
    self.session = session
    self.installation = installation
    self.history = history
    metrics = tables.metrics
    (self.levelsFile, self.readsBudgets) = (levelsFile, readsBudgets)
    self.show = show
    fleet.setMetrics(tables.metrics)
    fleet.setLevels(tables.levels)
  }

  func start() {
    fleet.watch()
    feed.start()
    session.loop.schedule(inMilliseconds: Self.longestMilliseconds) { [weak self] in
      guard let self else { return }
      session.fail(.noAnswer, "Redis at \(installation.endpoint) did not tell its history in 30 s".shown)
    }
  }

  private var options: EventFeed.Options {
    var options = EventFeed.Options()
    options.keys = installation.keys
    options.history = history
    options.metrics = metrics
    options.followsLevels = levelsFile == nil
    return options
  }

  private func take(_ notice: EventFeed.Update) {
    fleet.take(notice)
    switch notice {
    case .unreadable(let reason, let origin):
      received += 1
      fleet.applyUnreadable(reason: reason.description, at: feed.time(of: origin))
    case .alerts, .refused(.alerts, _): areAlertsTold = true
    case .handler(let found):
      handler = found.map { .alive($0) } ?? .absent
    case .insight(.told), .refused(.insight, _): isInsightTold = true
    case .caughtUp: isCaughtUp = true
    case .stateTold, .refused(.records, _): isStateTold = true
    case .link(.down(_, _, let reason)):
      session.fail(.redisUnreachable, "Redis at \(installation.endpoint) cannot be reached: \(reason)".shown)
    case .refused(.lease, _): handler = .unknown
    case .audit, .recordsBegin, .record, .judged, .undelivered, .queues, .automation, .proposals, .insight, .levels,
      .leap,
      .link,
      .missed,
      .refused,
      .served:
      break
    }
    finishIfReady()
  }

  private func finishIfReady() {
    guard isCaughtUp, isStateTold, areAlertsTold, isInsightTold, handler != nil, !isFinishing else { return }
    isFinishing = true
    session.loop.schedule(inMilliseconds: received == 0 ? Self.listensMilliseconds : 0) { [weak self] in
      guard let self else { return }
      if readsBudgets { readBudgets { [weak self] in self?.finish($0) } } else { finish(nil) }
    }
  }

  /// Reads what is used of budgets; nil where Redis refuses it.
  private func readBudgets(_ completion: @escaping (BudgetReport?) -> Void) {
    let keys = options.keys
    _ = feed.send(Request("HGETALL", keys.budgets)) { [weak self] agents in
      guard let self, case .success(let agents) = agents else { return }
      _ = feed.send(Request("HGETALL", keys.budgetGroups)) { [weak self] groups in
        guard let self, case .success(let groups) = groups else { return }
        guard agents.error == nil, groups.error == nil else { return completion(nil) }
        completion(BudgetReport(agents: agents.pairs, groups: groups.pairs, at: feed.clock.now))
      }
    }
  }

  private func finish(_ budgets: BudgetReport?) {
    fleet.advance(to: feed.clock.now)
    fleet.openSilentAlerts()
    var picture = FleetPicture(fleet: fleet, received: received, handler: handler ?? .unknown, now: feed.clock.now)
    (picture.budgets, picture.levelsFile) = (budgets, levelsFile)
    picture.isUnverified = installation.endpoint.isUnverified
    show(picture)
    feed.stop()
    session.end()
  }
}
