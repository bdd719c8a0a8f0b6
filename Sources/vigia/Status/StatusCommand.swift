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
    if tmux { return try SegmentQuery.run(redis.wholeInstallation()) }
    let tables = try settings.tables()
    let session = try Session()
    let survey = Survey(
      session, try redis.wholeInstallation(), history: history, tables, levelsFile: settings.levels,
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
  private var fleet: Fleet
  private var received = 0
  private var progress: SurveyProgress
  private var isFinishing = false
  private lazy var feed = FleetFeed(
    loop: session.loop, endpoint: installation.endpoint, shards: installation.shards, options: options
  ) {
    // Called an event, while this object holds the feed: a reference that is counted costs as much as the rest.
    [unowned(unsafe) self] event, _ in
    received += 1
    fleet.apply(event)
  } notice: { [unowned self] in
    take($0, ofShard: $1)
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
    progress = SurveyProgress(installation.shards)
    fleet = Fleet(
      seed: .random(in: 0...UInt64.max), keepsHistory: false, division: installation.shards?.division ?? .whole)
    fleet.setMetrics(tables.metrics)
    fleet.setLevels(tables.levels)
  }

  func start() {
    fleet.watch()
    feed.start()
    session.loop.schedule(inMilliseconds: Self.longestMilliseconds) { [weak self] in
      guard let self else { return }
      let place = "Redis at \(installation.endpoint)".shown
      progress.giveUp("no answer in 30 s", hasReadHistory: feed.hasReadHistory)
      guard progress.failure == nil, !isFinishing else {
        return session.fail(.noAnswer, "\(place) did not tell its history in 30 s")
      }
      finishIfReady()
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

  private func take(_ notice: EventFeed.Update, ofShard shard: Int) {
    fleet.take(notice, ofShard: shard)
    progress.take(notice, ofShard: shard)
    if case .unreadable(let reason, let origin) = notice {
      received += 1
      fleet.applyUnreadable(reason: reason.description, at: feed.time(of: origin))
    }
    if let failure = progress.failure {
      session.fail(.redisUnreachable, "Redis at \(installation.endpoint) cannot be reached: \(failure)".shown)
    }
    finishIfReady()
  }

  private func finishIfReady() {
    guard progress.isReady, !isFinishing else { return }
    isFinishing = true
    session.loop.schedule(inMilliseconds: received == 0 ? Self.listensMilliseconds : 0) { [weak self] in
      guard let self else { return }
      guard readsBudgets else { return finish(nil) }
      readBudgets(feed.feeds[...], [], []) { [weak self] in self?.finish($0) }
    }
  }

  /// Reads what is used of budgets, one shard after the other; nil where Redis refuses it. A shard of several that cannot
  /// be asked is left out.
  private func readBudgets(
    _ feeds: ArraySlice<EventFeed>, _ agents: [BudgetReport.Pair], _ groups: [BudgetReport.Pair],
    _ completion: @escaping (BudgetReport?) -> Void
  ) {
    guard let part = feeds.first else {
      return completion(BudgetReport(agents: agents, groups: groups, at: feed.clock.now))
    }
    read(part) { [weak self] found in
      guard let self else { return }
      guard found != nil || installation.shards != nil else { return completion(nil) }
      readBudgets(feeds.dropFirst(), agents + (found?.agents ?? []), groups + (found?.groups ?? []), completion)
    }
  }

  /// What is used of budgets in a shard; nil if it does not say.
  private func read(
    _ part: EventFeed, _ completion: @escaping ((agents: [BudgetReport.Pair], groups: [BudgetReport.Pair])?) -> Void
  ) {
    let isSent = part.send(Request("HGETALL", part.keys.budgets)) { own in
      guard case .success(let own) = own, own.error == nil else { return completion(nil) }
      let isSent = part.send(Request("HGETALL", part.keys.budgetGroups)) { of in
        guard case .success(let of) = of, of.error == nil else { return completion(nil) }
        completion((own.pairs, of.pairs))
      }
      if !isSent { completion(nil) }
    }
    if !isSent { completion(nil) }
  }

  private func finish(_ budgets: BudgetReport?) {
    fleet.advance(to: feed.clock.now)
    fleet.openSilentAlerts()
    var picture = FleetPicture(fleet: fleet, received: received, handler: progress.handler, now: feed.clock.now)
    (picture.budgets, picture.levelsFile) = (budgets, levelsFile)
    picture.isUnverified = installation.endpoint.isUnverified
    picture.shards = progress.standing
    picture.shards?.automation = SwitchStanding(fleet.automationSettings).shardWords
    show(picture)
    feed.stop()
    let warning = progress.standing?.missing.warning
    if let warning { Output.error(warning) }
    session.end(warning == nil ? .done : .partial)
  }
}
