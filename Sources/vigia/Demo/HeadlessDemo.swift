import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// The demo without a screen: every kind of command, each followed to its end, and what became of all events.
///
/// A class, since the feed's notices, the children and the loop's timers share it.
///
/// ```
/// handler records ─▶ simulator publishes ─▶ commands, one after the other ─▶ simulator ends ─▶ all events in ─▶ report
/// ```
final class HeadlessDemo {
  private static let startLimitMilliseconds: Int64 = 15_000
  /// What comes late is waited for this long.
  private static let lateMilliseconds: Int64 = 60_000
  private static let lastEventsMilliseconds: Int64 = 3000

  private let session: Session
  private let stage: DemoStage
  private let duration: TimeSpan
  private let simulation: [String]
  private let keys: Keys
  private var output: ChildOutput?
  private var fleet = Fleet(seed: .random(in: 0...UInt64.max))
  private var script = DemoScript()
  private var rules = RuleTally()
  private var latencies: [Double] = []
  private var decoded = 0
  private var unreadable = 0
  private var published = 0
  private var isGiving = false
  private var isLinked = false
  private var isPublishing = false
  private var isEnding = false
  private var timeIsUp = false
  private var isFinished = false
  private lazy var feed = EventFeed(loop: session.loop, endpoint: stage.installation.endpoint, options: following) {
    [unowned self] event, _ in
    take(event)
  } notice: { [unowned self] in
    take($0)
  }

  init(_ session: Session, stage: DemoStage, duration: TimeSpan, simulation: [String]) {
    self.session = session
    self.stage = stage
    keys = stage.installation.keys
    self.duration = duration
    self.simulation = simulation
  }

  private var following: EventFeed.Options {
    var options = EventFeed.Options()
    options.keys = keys
    return options
  }

  func start() throws {
    try stage.startHandler()
    stage.handler?.watch(on: session.loop) { [session] status in
      session.fail(.failed, "the handler ended with status \(status)")
    }
    feed.start()
    session.loop.schedule(inMilliseconds: Self.startLimitMilliseconds) { [weak self] in
      guard let self, !isPublishing else { return }
      session.fail(.failed, "the handler did not begin to record")
    }
  }

  // MARK: Events

  private func take(_ event: borrowing Event) {
    fleet.apply(event)
    // What the handler says of agents was published by nobody here.
    guard !event.isOfHandler else { return }
    decoded += 1
    if let at = event.publishedAt { latencies.append(Double(max(.zero, feed.clock.now - at).milliseconds)) }
  }

  private func take(_ notice: EventFeed.Update) {
    fleet.take(notice)
    switch notice {
    case .unreadable(let reason, _):
      unreadable += 1
      fleet.applyUnreadable(reason: reason.description, at: feed.clock.now)
    case .audit(let line):
      script.take(line)
      rules.take(line)
    case .handler(let lease): if lease?.isRecording == true { beginPublishing() }
    case .link(let state): isLinked = state == .up
    case .record, .alerts, .leap, .proposals, .undelivered, .queues, .waiting, .maintenance, .automation, .insight,
      .levels,
      .recordsBegin,
      .judged,
      .stateTold,
      .caughtUp,
      .missed, .refused, .served:
      break
    }
  }

  private func beginPublishing() {
    guard !isPublishing, isLinked else { return }
    isPublishing = true
    do {
      let output = try stage.startSimulator(simulation, report: "1s")
      self.output = output
      output.watch(on: session.loop) { [weak self] in self?.reported($0) }
    } catch {
      return session.end(.failed)
    }
    session.loop.schedule(inMilliseconds: duration.milliseconds) { [weak self] in self?.endIfThrough() }
  }

  // MARK: Commands

  /// Three quarters of the time are for giving commands, the rest is for their confirmations.
  private var pause: Int64 { duration.milliseconds * 3 / 4 / Int64(DemoScript.steps.count) }

  /// With the simulator's first report: before it follows the control stream a command would not reach it.
  private func beginGiving() {
    guard !isGiving else { return }
    isGiving = true
    // First let the agents be known.
    session.loop.schedule(inMilliseconds: min(1500, duration.milliseconds / 8)) { [weak self] in self?.giveNext() }
  }

  private func giveNext() {
    guard !isEnding, script.sent < DemoScript.steps.count else { return }
    guard script.mayGoOn else {
      session.loop.schedule(inMilliseconds: 10) { [weak self] in self?.giveNext() }
      return
    }
    if let command = script.next(at: feed.clock.now) {
      _ = feed.send(Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))) { _ in }
    }
    session.loop.schedule(inMilliseconds: pause) { [weak self] in self?.giveNext() }
  }

  // MARK: The end

  private func endIfThrough() {
    if !timeIsUp {
      timeIsUp = true
      session.loop.schedule(inMilliseconds: Self.lateMilliseconds) { [weak self] in self?.endSimulation() }
    }
    guard script.isThrough else {
      session.loop.schedule(inMilliseconds: 50) { [weak self] in self?.endIfThrough() }
      return
    }
    endSimulation()
  }

  private func endSimulation() {
    guard !isEnding else { return }
    isEnding = true
    stage.simulator?.signal(SIGTERM)
  }

  private func reported(_ line: [UInt8]?) {
    guard let line else {
      if !isEnding { return session.fail(.failed, "the simulator ended by itself") }
      session.loop.schedule(inMilliseconds: Self.lastEventsMilliseconds) { [weak self] in self?.finish() }
      return finishIfComplete()
    }
    if let count = (try? JSONValue.parse(line))?["published"]?.int { published = count }
    beginGiving()
  }

  private func finishIfComplete() {
    guard decoded + unreadable < published else { return finish() }
    session.loop.schedule(inMilliseconds: 20) { [weak self] in self?.finishIfComplete() }
  }

  private func finish() {
    guard !isFinished else { return }
    isFinished = true
    Output.json(report)
    for step in script.unfinished { Output.error("vigia: \(step.shown)") }
    let isWell = unreadable == 0 && decoded == published && script.obeyed == DemoScript.steps.count
    session.end(isWell ? .done : .failed)
  }

  private var report: JSONValue {
    let sorted = latencies.sorted()
    func percentile(_ part: Double) -> JSONValue? {
      sorted.isEmpty ? nil : .number(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))])
    }
    return [
      "events": [
        "published": .integer(Int64(published)), "received": .integer(Int64(decoded + unreadable)),
        "decoded": .integer(Int64(decoded)), "unreadable": .integer(Int64(unreadable)),
      ],
      "agents": .integer(Int64(fleet.count)),
      "commands": [
        "sent": .integer(Int64(script.sent)), "succeeded": .integer(Int64(script.succeeded)),
        "obeyed": .integer(Int64(script.obeyed)),
      ],
      "rules": rules.json,
      "latency_ms": ["p50": percentile(0.5), "p99": percentile(0.99)],
    ]
  }
}
