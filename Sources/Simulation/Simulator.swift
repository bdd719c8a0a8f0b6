import FleetModel
import Loop
import Redis
import Wire

/// Puts a simulated fleet on a Redis: publishes what it says, and hands it what the control stream says. Of a divided
/// fleet each agent's events go into the stream of its shard, and the control streams of all shards are followed.
package final class Simulator {
  /// What to simulate, and how it goes out.
  package struct Settings: Sendable {
    /// Where events go.
    package enum Destination: String, CaseIterable, Sendable { case channels, stream }

    /// How their messages are written.
    package enum Format: String, CaseIterable, Sendable {
      case binary, envelope, plain
      /// The fields of a stream entry, without `__data__`.
      case flat
      /// Binary, envelope and plain in turns.
      case mixed
    }

    package var keys = Keys()
    /// How the fleet is divided; nil if it is one, which has ``keys``.
    package var shards: Shards?
    package var agents = 12
    /// Events a second.
    package var rate = 20.0
    package var seed: UInt64 = 1
    package var incidents = IncidentPlan.none
    /// Whether conversations wait for a person now and then.
    package var waits = false
    /// Whether agents of support run two versions, one of which fails more often.
    package var versions = false
    /// Whether agents ask for other ones for their conversations.
    package var handsOver = false
    /// Whether the queue of one agent grows until it restarts.
    package var grows = false
    /// Whether agents let others set their timeout.
    package var tunes = false
    /// Whether customers of support are routed by the shares of its agents, one of whom gets slow.
    package var routes = false
    /// Scenarios in place of incidents: one trouble a slot, after a while in which all is calm.
    package var scenarios: [Scenario] = []
    package var calm = TimeSpan.minutes(2)
    package var slot = TimeSpan.minutes(15)
    package var destination = Destination.channels
    package var format = Format.mixed
    /// Whether to run on a Redis that others use too.
    package var joinsOthers = false
    /// How much past to put into an empty stream first.
    package var history = TimeSpan.zero

    package init() {}
  }

  /// What it tells its owner.
  package enum Update {
    /// The first events go out.
    case started
    /// The Redis is not ours alone.
    case refused(String)
    /// A trouble of a scenario begins: the truth about it, see ``TruthLine``.
    case truth([UInt8])
    /// The link is down; it comes back by itself.
    case down(ConnectionFailure)
  }

  private static let tickMilliseconds: Int64 = 20
  private static let historyBiteMilliseconds = 50.0
  /// With more requests than this on the way the server is behind, and a turn is left out.
  private static let mostPending = 50_000

  let settings: Settings
  private let loop: Loop
  private let notify: (Update) -> Void
  private var clock = ServerClock()
  private var fleet: (any SimulatedWorld)?
  /// The scenarios that it lives through, and up to when their truth has been told.
  private var scenarios: (fleet: ScenarioFleet, told: Instant)?
  private var timer: Loop.TimerID?
  private var stopped: (() -> Void)?
  /// How many messages were written, which decides their format and spelling.
  var messageCount = 0
  /// Events that the server took.
  package private(set) var published = 0
  /// Events that it did not take.
  package private(set) var failed = 0
  /// Control messages that agents of this fleet obeyed.
  package private(set) var obeyed = 0
  /// Entries of the control stream that are none.
  package private(set) var unreadable = 0

  /// One a shard, in their order.
  private var parts: [SimulatorPart] = []

  package init(loop: Loop, endpoint: Endpoint, settings: Settings, _ notify: @escaping (Update) -> Void) {
    self.loop = loop
    self.settings = settings
    self.notify = notify
    let keys = settings.shards?.prefixes.map { Keys($0) } ?? [settings.keys]
    parts = keys.enumerated().map { shard, keys in
      let place = settings.shards == nil ? endpoint : endpoint.holding(keys.prefix)
      return SimulatorPart(shard, keys, at: place, on: loop) { [unowned self] in heard($1, from: $0) }
    }
  }

  /// How many agents there are at present.
  package var agentCount: Int { fleet?.count ?? 0 }

  package func start() { for part in parts { part.start() } }

  /// Publishes nothing more, and calls `completion` once the server has answered for all that went out.
  package func stop(_ completion: @escaping () -> Void) {
    loop.cancel(timer)
    for part in parts { part.stopFollowing() }
    stopped = completion
    finishIfDone()
  }

  private func finishIfDone() {
    guard let completion = stopped, parts.allSatisfy({ $0.pendingCount == 0 }) else { return }
    stopped = nil
    for part in parts { part.stop() }
    completion()
  }

  private func heard(_ notice: SimulatorPart.Update, from part: SimulatorPart) {
    switch notice {
    case .up(let connection):
      let asked = MonotonicTime.now
      connection.send(Request("TIME")) { [weak self, weak connection] result in
        guard let self, let connection, case .success(let reply) = result else { return }
        clock.set(reply, asked: asked)
        if fleet == nil { admit(part, connection) }
      }
    case .ready: begin()
    case .control(let payload): obey(payload, from: part)
    case .down(let failure):
      notify(.down(failure))
      finishIfDone()
    }
  }

  private func admit(_ part: SimulatorPart, _ connection: Connection) {
    if settings.joinsOthers { return part.follow() }
    guard part.check == nil else { return }
    part.check = OriginCheck(loop: loop, endpoint: part.endpoint, keys: part.keys, connection: connection) {
      [unowned self, unowned part] finding in
      if let finding { notify(.refused(finding)) } else { part.follow() }
    }
    part.check?.start()
  }

  private func obey(_ payload: UnsafeRawBufferPointer, from part: SimulatorPart) {
    guard let message = ControlCoding.decode(payload) else {
      unreadable += 1
      return
    }
    // What is for all agents comes from each shard: each agent answers its own.
    let answers = (fleet?.obey(message) ?? []).filter { message.agent != .none || self.part(of: $0.agent) === part }
    if !answers.isEmpty { obeyed += 1 }
    publish(answers)
  }

  private func part(of agent: AgentID) -> SimulatorPart { parts[settings.shards?.shard(of: agent) ?? 0] }

  /// Begins once the control stream of each shard is followed.
  private func begin() {
    guard fleet == nil, parts.allSatisfy(\.isReady) else { return }
    let now = clock.now
    fleet = world(at: now)
    guard settings.history > .zero else { return goLive() }
    askAll({ Request("XLEN", $0.events) }) { [weak self] replies in
      guard let self else { return }
      guard replies.allSatisfy({ $0?.integer == 0 }) else { return goLive() }
      publishHistory(from: now - settings.history, until: now)
    }
  }

  /// Asks each shard the same.
  ///
  /// - Parameter completion: gets the answers in the shards' order; nil of one that gives none.
  private func askAll(_ make: (Keys) -> Request, _ completion: @escaping ([Reply?]) -> Void) {
    var replies: [Reply?] = Array(repeating: nil, count: parts.count)
    var owed = parts.count
    let take = { (reply: Reply?, shard: Int) in
      replies[shard] = reply
      owed -= 1
      if owed == 0 { completion(replies) }
    }
    for part in parts {
      guard let connection = part.connection else {
        take(nil, part.shard)
        continue
      }
      connection.send(make(part.keys)) { result in
        if case .success(let reply) = result { take(reply, part.shard) } else { take(nil, part.shard) }
      }
    }
  }

  /// Whether no server is so far behind that a turn is better left out.
  private var hasRoom: Bool { parts.allSatisfy { $0.pendingCount < Self.mostPending } }

  private func world(at now: Instant) -> any SimulatedWorld {
    let start = now - settings.history
    guard !settings.scenarios.isEmpty else {
      return SimulatedFleet(
        agents: settings.agents, rate: settings.rate, seed: settings.seed, incidents: settings.incidents, at: start,
        present: settings.history > .zero ? now : nil, waits: settings.waits, versions: settings.versions,
        handsOver: settings.handsOver, grows: settings.grows, tunes: settings.tunes,
        routes: settings.routes)
    }
    var plan = ScenarioPlan.Settings(
      settings.scenarios, agents: settings.agents, seed: settings.seed, start: start)
    (plan.calm, plan.slot) = (settings.calm, settings.slot)
    let interval = TimeSpan(milliseconds: Int64(Double(settings.agents) / settings.rate * 1000))
    let fleet = ScenarioFleet(plan, interval: interval)
    scenarios = (fleet, start)
    return ScenarioRun(fleet, from: start)
  }

  private func tellTruth(upTo now: Instant) {
    guard let (fleet, told) = scenarios, now > told else { return }
    scenarios?.told = now
    for trouble in fleet.troubles(from: told, to: now) { notify(.truth(TruthLine.encode(trouble, of: fleet))) }
  }

  private func goLive() {
    notify(.started)
    tick()
  }

  /// Writes the past in bites, between which the server's answers are read: of days at once none would be heard for so
  /// long that the connection would count as lost.
  private func publishHistory(from start: Instant, until now: Instant) {
    let begun = MonotonicTime.now
    var moment = start
    let isUp = parts.allSatisfy { $0.connection != nil }
    if isUp, hasRoom {
      while moment < now, MonotonicTime.now.milliseconds(since: begun) < Self.historyBiteMilliseconds {
        moment = moment + .milliseconds(200)
        for event in fleet?.advance(to: moment) ?? [] {
          let part = part(of: event.agent)
          send(entry(event, at: moment, id: "\(moment.milliseconds)-*", into: part.keys.events), to: part)
        }
      }
      flush()
    }
    guard moment >= now, isUp else {
      let reached = moment
      timer = loop.schedule(inMilliseconds: 1) { [weak self] in self?.publishHistory(from: reached, until: now) }
      return
    }
    tellTruth(upTo: now)
    // Answers come in order: with this one the past is written.
    askAll({ _ in Request("PING") }) { [weak self] _ in self?.goLive() }
  }

  private func tick() {
    timer = loop.schedule(inMilliseconds: Self.tickMilliseconds) { [weak self] in self?.tick() }
    guard hasRoom, parts.contains(where: { $0.connection != nil }) else { return }
    let now = clock.now
    publish(fleet?.advance(to: now) ?? [])
    tellTruth(upTo: now)
  }

  private func publish(_ events: [SimulatedEvent]) {
    guard !events.isEmpty else { return }
    let now = clock.now
    for event in events {
      switch settings.destination {
      // Whoever takes it, all nodes of a cluster hear it.
      case .channels: send(message(event, at: now), to: parts.first { $0.connection != nil } ?? parts[0])
      case .stream:
        let part = part(of: event.agent)
        send(entry(event, at: now, id: "*", into: part.keys.events), to: part)
      }
    }
    flush()
  }

  private func flush() { for part in parts { part.connection?.flush() } }

  private func send(_ request: Request, to part: SimulatorPart) {
    guard let connection = part.connection else {
      failed += 1
      return
    }
    connection.send(request) { [weak self] result in
      guard let self else { return }
      if case .success(let reply) = result, reply.error == nil { published += 1 } else { failed += 1 }
      if stopped != nil { loop.later { [weak self] in self?.finishIfDone() } }
    }
  }
}
