import FleetModel
import Loop
import Redis
import Wire

/// Puts a simulated fleet on a Redis: publishes what it says, and hands it what the control stream says.
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
    package var agents = 12
    /// Events a second.
    package var rate = 20.0
    package var seed: UInt64 = 1
    package var incidents = IncidentPlan.none
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
  private let endpoint: Endpoint
  private let notify: (Update) -> Void
  private var clock = ServerClock()
  private var fleet: (any SimulatedWorld)?
  /// The scenarios that it lives through, and up to when their truth has been told.
  private var scenarios: (fleet: ScenarioFleet, told: Instant)?
  private var check: OriginCheck?
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

  private lazy var link = Link(loop: loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private lazy var control = StreamFollower(loop: loop, endpoint: endpoint, key: settings.keys.control) {
    [unowned self] in controlChanged($0)
  }

  package init(loop: Loop, endpoint: Endpoint, settings: Settings, _ notify: @escaping (Update) -> Void) {
    self.loop = loop
    self.endpoint = endpoint
    self.settings = settings
    self.notify = notify
  }

  /// How many agents there are at present.
  package var agentCount: Int { fleet?.count ?? 0 }

  package func start() { link.start() }

  /// Publishes nothing more, and calls `completion` once the server has answered for all that went out.
  package func stop(_ completion: @escaping () -> Void) {
    loop.cancel(timer)
    control.stop()
    stopped = completion
    finishIfDone()
  }

  private func finishIfDone() {
    guard let completion = stopped, link.connection.map({ $0.pendingCount == 0 }) ?? true else { return }
    stopped = nil
    link.stop()
    completion()
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      let asked = MonotonicTime.now
      connection.send(Request("TIME")) { [weak self, weak connection] result in
        guard let self, let connection, case .success(let reply) = result else { return }
        clock.set(reply, asked: asked)
        if fleet == nil { admit(connection) }
      }
    case .down(let failure):
      notify(.down(failure))
      finishIfDone()
    }
  }

  private func admit(_ connection: Connection) {
    if settings.joinsOthers { return control.start() }
    guard check == nil else { return }
    check = OriginCheck(loop: loop, endpoint: endpoint, keys: settings.keys, connection: connection) {
      [unowned self] finding in
      if let finding { notify(.refused(finding)) } else { control.start() }
    }
    check?.start()
  }

  private func controlChanged(_ notice: StreamFollower.Update) {
    switch notice {
    case .ready: begin()
    case .entry(_, let payload):
      guard let message = ControlCoding.decode(payload) else {
        unreadable += 1
        return
      }
      let answers = fleet?.obey(message) ?? []
      if !answers.isEmpty { obeyed += 1 }
      publish(answers)
    case .down(let failure): notify(.down(failure))
    }
  }

  private func begin() {
    let now = clock.now
    fleet = world(at: now)
    guard settings.history > .zero, let connection = link.connection else { return goLive() }
    connection.send(Request("XLEN", settings.keys.events)) { [weak self] result in
      guard let self else { return }
      guard case .success(let reply) = result, reply.integer == 0 else { return goLive() }
      publishHistory(from: now - settings.history, until: now)
    }
  }

  private func world(at now: Instant) -> any SimulatedWorld {
    let start = now - settings.history
    guard !settings.scenarios.isEmpty else {
      return SimulatedFleet(
        agents: settings.agents, rate: settings.rate, seed: settings.seed, incidents: settings.incidents, at: start,
        present: settings.history > .zero ? now : nil)
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
    if let connection = link.connection, connection.pendingCount < Self.mostPending {
      while moment < now, MonotonicTime.now.milliseconds(since: begun) < Self.historyBiteMilliseconds {
        moment = moment + .milliseconds(200)
        for event in fleet?.advance(to: moment) ?? [] {
          send(entry(event, at: moment, id: "\(moment.milliseconds)-*"))
        }
      }
      connection.flush()
    }
    guard moment >= now, let connection = link.connection else {
      let reached = moment
      timer = loop.schedule(inMilliseconds: 1) { [weak self] in self?.publishHistory(from: reached, until: now) }
      return
    }
    tellTruth(upTo: now)
    // Answers come in order: with this one the past is written.
    connection.send(Request("PING")) { [weak self] _ in self?.goLive() }
  }

  private func tick() {
    timer = loop.schedule(inMilliseconds: Self.tickMilliseconds) { [weak self] in self?.tick() }
    guard let connection = link.connection, connection.pendingCount < Self.mostPending else { return }
    let now = clock.now
    publish(fleet?.advance(to: now) ?? [])
    tellTruth(upTo: now)
  }

  private func publish(_ events: [SimulatedEvent]) {
    guard !events.isEmpty else { return }
    let now = clock.now
    for event in events {
      switch settings.destination {
      case .channels: send(message(event, at: now))
      case .stream: send(entry(event, at: now, id: "*"))
      }
    }
    link.connection?.flush()
  }

  private func send(_ request: Request) {
    guard let connection = link.connection else {
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
