import CLinux
import Console
import FleetModel
import Glibc
import Loop
import Redis
import Screen
import Terminal
import Wire

/// The console at work: one loop around the terminal's keys, Redis and the clock, and the model between them.
///
/// A class, because the loop's handlers share it. It owns everything that changes.
final class ConsoleProgram {
  struct Options {
    var feed = EventFeed.Options()
    var isReadOnly = false
    /// Whether the line of keys says what to try.
    var isDemo = false
    var ascii: Bool?
    var theme = Theme.plain
    var levels = LevelTable()
    /// The file that metrics and levels come from; nil if they are the handler's.
    var levelsFile: String?
    /// The operator's own links and commands.
    var tools = OwnTools()
    /// Frames a second, at most.
    var framesPerSecond = 30
  }

  let loop: Loop
  let terminal: Terminal
  var feed: FleetFeed?
  var decoder: KeyDecoder
  var model: Model
  private var sender: FleetSender?
  private let identity: String
  private let frameMilliseconds: Int64

  private var wish = Wish.news
  private var lastFrameAt = MonotonicTime(nanoseconds: 0)
  private var frameTimer: (id: Loop.TimerID, due: MonotonicTime)?
  var keyTimer: Loop.TimerID?
  private var waitsForOutput = false
  /// The agent whose budgets were asked for last, and when.
  var budgetsAsked: (agent: AgentID, at: MonotonicTime)?
  /// The same of what is tried with parameters.
  var tuningAsked: (agent: AgentID, at: MonotonicTime)?
  var question = QuestionSight.unseen
  /// The command of the operator's own that runs, and what opens or copies a link.
  var command: ChildRun?
  var opener: Child?

  /// Whether the open question has come to the operator's eyes.
  enum QuestionSight {
    case unseen, underWay, seen
  }

  /// How long a command stays valid.
  private static let commandLife = TimeSpan.minutes(1)

  /// Opens the terminal; from here on nothing else may write to it.
  init(
    loop: Loop, _ installation: Installation, options: Options, environment: [String: String]
  ) throws(TerminalError) {
    self.loop = loop
    terminal = try Terminal(
      environment: environment, options: .init(ascii: options.ascii, colors: nil, theme: options.theme))
    decoder = KeyDecoder(table: terminal.keyTable)
    identity = Identity.operator(environment)
    frameMilliseconds = Int64(1000 / max(1, min(options.framesPerSecond, 60)))
    var settings = Model.Settings()
    settings.isReadOnly = options.isReadOnly
    settings.isDemo = options.isDemo
    settings.operator = identity
    settings.place = installation.place
    settings.shards = installation.shards?.count ?? 1
    settings.warning = installation.endpoint.isUnverified ? Endpoint.unverifiedMark : nil
    settings.tools = options.tools
    model = Model(
      settings: settings, size: terminal.size,
      fleet: Fleet(seed: .random(in: .min ... .max), division: installation.shards?.division ?? .whole),
      seed: .random(in: .min ... .max))
    model.fleet.watch()
    model.fleet.setMetrics(options.feed.metrics)
    model.fleet.setLevels(options.levels)
    var following = options.feed
    following.keys = installation.keys
    feed = FleetFeed(
      loop: loop, endpoint: installation.endpoint, shards: installation.shards, options: following
    ) { [unowned self] event, _ in
      model.fleet.apply(event)
      want(.news)
    } notice: { [unowned self] in
      take($0, ofShard: $1)
    }
    sender = feed.map { feed in
      FleetSender(loop: loop, feed: feed) {
        [unowned self] in
        refused($0, $1)
      } reached: { [unowned self] in
        update(.delivery($0, $1))
      }
    }
    if let file = options.levelsFile {
      _ = model.update(.tick(now))
      _ = model.update(.note(Scrubber.display("levels are those of \(file), whatever the handler goes by")))
    }
    if let warning = terminal.warning {
      _ = model.update(.tick(now))
      _ = model.update(.note(warning))
    }
  }

  /// Runs until the operator quits or the terminal goes away.
  func run() throws(SystemError) {
    // What is large is mapped by itself, and so given back whole when it has outgrown its place: by default only the
    // first blocks of a size are, and a large fleet keeps the holes of all its smaller days.
    vigia_map_blocks_from(256 << 10)
    // A connection that breaks while it is written to is an error of that call, and no end of the program.
    signal(SIGPIPE, SIG_IGN)
    try loop.watchSignals([SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT, SIGTSTP]) { [unowned self] in
      receive(signal: $0)
    }
    watchTerminal()
    loop.afterTurn = { [unowned self] in drawIfDue() }
    tickEverySecond()
    feed?.start()
    loop.run()
    loop.afterTurn = {}
    // It ends with its whole group.
    command = nil
    feed?.stop()
    terminal.close()
    for line in model.leftBehind { Output.error("vigia: \(line)") }
  }

  // MARK: What happens

  private func take(_ notice: EventFeed.Update, ofShard shard: Int) {
    sender?.take(notice, ofShard: shard)
    let revision = model.fleet.revision
    model.fleet.take(notice, ofShard: shard)
    switch notice {
    case .unreadable(let reason, let origin):
      model.fleet.applyUnreadable(reason: reason.description, at: feed?.time(of: origin) ?? now)
    case .audit, .recordsBegin, .record, .alerts, .proposals, .undelivered, .queues, .waiting, .insight, .levels,
      .stateTold, .missed:
      break
    // These are told every second: what has not changed is no reason to draw.
    case .judged, .automation, .maintenance: if model.fleet.revision == revision { return }
    case .handler(let lease):
      let status =
        lease.map {
          HandlerStatus.alive(
            id: $0.id, isRecording: $0.isRecording, fault: feed?.shards?.fault(of: $0) ?? $0.fault,
            warning: $0.warning, held: $0.held)
        } ?? .absent
      guard status != model.handler(ofShard: shard) else { return }
      update(.handler(status, shard: shard))
    case .caughtUp: update(.caughtUp)
    case .leap(let step): tell(step)
    case .link(let state): linkChanged(state, ofShard: shard)
    case .refused(let subject, let error):
      if subject == .lease { update(.handler(.unknown, shard: shard)) }
      if subject == .automation { model.fleet.setAutomation(.unknown, at: now, ofShard: shard) }
      update(.refused(subject.words, error.advice.meaning))
      update(.note("\(subject.words): \(error.advice.meaning); \(error.advice.remedy)"))
    case .served(let subject): if feed?.isRefused(subject) != true { update(.served(subject.words)) }
    }
    want(.news)
  }

  private func tell(_ leap: TimeSpan) {
    let way = leap > .zero ? "forward" : "back"
    update(
      .note("the server's clock was set \(way) by \(Format.remaining(leap.magnitude)); no alert closes because of it"))
  }

  var now: Instant { feed?.clock.now ?? .epoch }

  private func linkChanged(_ state: EventFeed.LinkState, ofShard shard: Int) {
    switch state {
    case .connecting: update(.link(.connecting, shard: shard))
    case .up: update(.link(.up, shard: shard))
    case .down(let since, let retryAt, let reason):
      guard let clock = feed?.clock else { return }
      let status = LinkStatus.down(
        since: clock.instant(at: since), retryAt: retryAt.map { clock.instant(at: $0) }, reason: reason)
      update(.link(status, shard: shard))
    }
  }

  func update(_ message: Message) {
    want(.news)
    for effect in model.update(message) { perform(effect) }
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .send(let draft): send(draft)
    case .readEvents(let agent): readEvents(of: agent)
    case .compareSpan(let empty, let agents): compare(empty, agents)
    case .traceEvent(let incident): trace(incident)
    case .openLink(let address): open(link: address)
    case .run(let arguments, let limit): run(arguments, limit: limit)
    case .suspend: suspend()
    case .redraw: terminal.resize()
    case .quit: loop.stop()
    }
  }

  // MARK: Commands

  private func send(_ draft: ActionDraft) {
    var order = Command(
      id: makeID(), action: draft.action, targets: draft.targets, arguments: draft.arguments, operator: identity,
      reason: draft.reason, issuedAt: now, expiresAt: now + Self.commandLife, observed: draft.observed)
    if let queue = draft.queue { order.arguments["alert"] = queue.text }
    if let conversation = draft.conversation { order.arguments["conversation_id"] = conversation.text }
    if let window = draft.window { order.arguments["window"] = window }
    do throws(Command.TooLarge) {
      let places = model.undoPlaces(of: draft)
      for part in try model.fleet.division.parts(of: order, about: draft.alerts, at: places, makeID) {
        update(.sent(part.command, sender?.send(part) ?? .waiting, shard: part.shard))
      }
    } catch {
      update(.note("not sent: \(error)"))
    }
  }

  private func makeID() -> CommandID {
    UUIDv7.make(at: now, random: (.random(in: .min ... .max), .random(in: .min ... .max)))
  }

  private func refused(_ command: Command, _ error: ServerError) {
    update(.note(Scrubber.display("\(command.action.rawValue): \(error.advice.meaning); it is kept and sent again")))
  }

  // MARK: Frames

  enum Wish: Int {
    case none, clock, news, key
  }

  /// While history is read its picture is of no use to anybody; drawing it often would only make it take longer.
  private static let historyMilliseconds: Int64 = 200

  func want(_ wish: Wish) {
    if wish.rawValue > self.wish.rawValue { self.wish = wish }
  }

  private func tickEverySecond() {
    loop.schedule(inMilliseconds: 1000 - now.milliseconds % 1000) { [unowned self] in
      want(.clock)
      readBudgets()
      readTuning()
      tickEverySecond()
    }
  }

  /// Draws if something changed: at once on a quiet screen, else when the last frame is old enough.
  private func drawIfDue() {
    watchOutput()
    if question == .underWay, !terminal.isCongested { question = .seen }
    guard wish != .none, !terminal.isCongested else { return }
    let elapsed = MonotonicTime.now.milliseconds(since: lastFrameAt)
    let isUrgent = model.isAsking && question == .unseen
    let span = wish == .key || model.isCaughtUp ? frameMilliseconds : max(frameMilliseconds, Self.historyMilliseconds)
    guard isUrgent || elapsed >= Double(span) else { return scheduleFrame(in: span - Int64(elapsed)) }
    let isClockAlone = wish == .clock
    wish = .none
    if let feed, feed.isBehind != model.isBehind { _ = model.update(.behind(feed.isBehind)) }
    _ = model.update(.tick(now))
    if let feed, feed.lag?.seconds != model.lag?.seconds { _ = model.update(.lag(feed.lag)) }
    guard let grid = model.frame(terminal.size, glyphs: terminal.glyphs) else { return }
    // What happens just after the clock has stepped need not wait for that.
    if !isClockAlone { lastFrameAt = .now }
    terminal.present(grid)
    question = terminal.isCongested ? .underWay : .seen
    watchOutput()
  }

  private func scheduleFrame(in milliseconds: Int64) {
    let due = MonotonicTime.now.adding(milliseconds: max(1, milliseconds))
    // A key wants its frame before one that was set for later.
    if let frameTimer, frameTimer.due <= due { return }
    loop.cancel(frameTimer?.id)
    frameTimer = (loop.schedule(at: due) { [unowned self] in frameTimer = nil }, due)
  }

  /// A frame that the terminal has not taken yet goes on when it can; nothing waits for it.
  private func watchOutput() {
    guard terminal.wantsWrite != waitsForOutput else { return }
    waitsForOutput.toggle()
    loop.change(terminal.descriptor, to: waitsForOutput ? [.readable, .writable] : [.readable])
  }
}
