import FleetModel
import Insight
import Simulation
import Wire

/// Does with the events of a simulated fleet what the handler does, with the handler's own parts and on virtual time:
///
/// ```text
///   event ─ Fleet ─▶ alerts by levels, silence ─ FleetCauses ─▶ claims
///         └ minutes ─ AgentWatch ─▶ findings, health, forecasts ─▶ alarms, and back into the fleet as events
/// ```
struct ForesightHandler {
  private(set) var alarms: [ForesightAlarm] = []
  private(set) var claims: [ForesightClaim] = []

  private var fleet = Fleet(keepsHistory: false, tracksAlertChanges: true)
  private var watched: [AgentID: Watched] = [:]
  private var boards: [String: PeerBoard] = [:]
  private var record = ForecastRecord()
  private var causes = FleetCauses()
  private var open: Set<AlertID> = []
  private var silent: Set<Int> = []
  private var claimed: Set<Int> = []
  private let decoder = EventDecoder()

  /// An agent, and its minutes that are still open.
  private struct Watched {
    var watch: AgentWatch
    var role = ""
    var minutes = [OpenMinute](repeating: OpenMinute(), count: ForesightHandler.metrics.count)
  }

  /// What is watched, as the handler does it by default. Of the last two it knows no level.
  private static let metrics: [WatchedMetric] = {
    let limits = Limits()
    func of(_ metric: Metric, _ bad: BadSide?, _ weight: Double) -> WatchedMetric {
      WatchedMetric(
        MetricID(rawValue: UInt8(metric.rawValue)), name: metric.field, bad: bad, weight: weight,
        level: limits[metric]?.medium)
    }
    return [
      of(.errorRate, .above, 0.7), of(.responseTime, .above, 0.5), of(.queueSize, .above, 0.5),
      of(.averageRating, .below, 0.5), of(.messagesPerMinute, nil, 0),
    ]
      + [BuiltInMetric.tokensPerMinute, .toolCallsPerTurn].map { metric in
        WatchedMetric(
          MetricID(rawValue: MetricTable.builtIn.number(of: metric.place)), name: metric.metric.name, bad: nil,
          tellsRunaway: true)
      }
  }()

  /// Takes what an agent published.
  mutating func take(_ published: ScenarioFleet.Published) throws {
    try apply(published.event.body(at: published.at, isDotted: true), at: published.at)
    guard published.event.kind == .metrics else { return }
    let agent = published.event.agent
    var state = watched[agent] ?? Watched(watch: AgentWatch(Self.metrics, stored: nil))
    state.role = published.event.data["role"]?.text ?? ""
    var closed: (begin: Instant, rollups: [(metric: MetricID, rollup: Rollup)])?
    for (place, metric) in Self.metrics.enumerated() {
      guard let value = published.event.data[metric.name]?.double,
        let ended = state.minutes[place].add(Sample(value, at: published.at))
      else { continue }
      closed = (ended.begin, (closed?.rollups ?? []) + [(metric.id, ended.rollup)])
    }
    watched[agent] = state
    if let closed { try learn(AgentWatch.Minute(closed.begin, closed.rollups), of: agent) }
  }

  /// Lets time pass, a second at a time.
  mutating func advance(to instant: Instant) {
    fleet.advance(to: instant)
    if instant.milliseconds % 60_000 == 0 { lookAtRoles(at: instant) }
    noteAlerts(at: instant)
    for position in fleet.silences.silent.subtracting(silent) {
      guard let agent = fleet.agents.id(at: position) else { continue }
      alarms.append(ForesightAlarm(agent: agent, kind: .silence, at: instant))
    }
    silent = fleet.silences.silent
    causes.look(at: fleet, now: instant)
    for heading in causes.headings where claimed.insert(heading.number).inserted {
      claims.append(
        ForesightClaim(
          cause: heading.cause.shared, at: instant,
          words:
            "\(heading.cause.title(heading.cause.shared.value)), \(heading.cause.words), since \(ISO8601.format(heading.cause.since)): \(heading.alerts.map(\.kind.type).uniqued())"
        ))
    }
  }

  private mutating func learn(_ minute: AgentWatch.Minute, of agent: AgentID) throws {
    guard var state = watched[agent] else { return }
    watched[agent] = nil
    let outcomes = state.watch.learn(minute, peers: boards[state.role] ?? PeerBoard(), record: &record)
    for outcome in outcomes { try say(outcome, of: agent, state.watch, at: minute.begin + .minutes(1)) }
    watched[agent] = state
  }

  /// Notes what is published, and publishes it.
  private mutating func say(
    _ outcome: AgentWatch.Outcome, of agent: AgentID, _ watch: AgentWatch, at instant: Instant
  ) throws {
    // It is known once the minute has ended and the next report has come.
    let now = max(instant, fleet.now)
    var data = JSONObject()
    let alarm: ForesightAlarm
    let type: String
    switch outcome {
    case .finding(let finding, let words, _):
      let isRunaway = finding.kind == .runaway
      alarm = .init(
        agent: agent, kind: isRunaway ? .runaway : .anomaly, at: now, metric: watch.name(of: finding.metric),
        words: "\(finding.kind.rawValue): \(words)")
      (type, data["detail"]) = (isRunaway ? "agent.runaway" : "agent.anomaly", .string(words))
    case .forecast(let announced):
      alarm = .init(
        agent: agent, kind: .forecast, at: now, metric: watch.name(of: announced.forecast.metric),
        words: "in \(announced.forecast.eta.milliseconds / 60_000) minutes")
      (type, data["confidence"]) = ("agent.predictive_alert", .number(announced.confidence))
    case .turnedCritical(let health):
      alarm = .init(agent: agent, kind: .health, at: now)
      (type, data["health_score"]) = ("agent.health_critical", .number(health.score))
    case .health: return
    }
    alarms.append(alarm)
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": .string(type), "source": "vigia", "data": .object(data),
    ]
    try apply(event, at: now)
  }

  private mutating func apply(_ event: JSONValue, at instant: Instant) throws {
    try event.encoded.withUnsafeBytes { bytes in
      _ = fleet.apply(try decoder.decode(bytes, channel: nil, receivedAt: instant))
    }
  }

  private mutating func noteAlerts(at instant: Instant) {
    for id in fleet.takeAlertChanges() {
      guard fleet.isOpen(id) else {
        open.remove(id)
        continue
      }
      guard open.insert(id).inserted else { continue }
      let isOfLevel = [.performanceDegraded, .highTraffic, .satisfactionLow].contains(id.kind)
      if isOfLevel { alarms.append(ForesightAlarm(agent: id.agent, kind: .level, at: instant)) }
    }
    _ = fleet.takeAlertEnds()
  }

  private mutating func lookAtRoles(at instant: Instant) {
    let groups = Dictionary(grouping: watched.values) { $0.role }
    boards = groups.mapValues { group in PeerBoard(of: group.lazy.flatMap { $0.watch.readings(at: instant) }) }
  }
}
