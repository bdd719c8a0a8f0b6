import FleetModel

/// What is true of a fleet, as the contract on the wire has it: a second, plain telling, written apart from the programs.
///
/// If the contract leaves a moment open, such as the exact end of an alert, both answers are right until it is over.
package struct Truth: Sendable {
  /// The last value of a metric, and how it has been doing.
  package struct Metric: Sendable {
    package var value = 0.0
    package var at = Instant.epoch
    /// When it was last within 80 % of its level or past it.
    var bad: Instant?
    /// Since when all values have been better than that.
    var good: Instant?
  }

  package struct Agent: Sendable {
    package var state = "running"
    package var pausedUntil: Instant?
    /// When it was told to pause; nil if it is not paused, or its runtime has said that it is.
    var unconfirmedSince: Instant?
    /// The state that its runtime reported last.
    var reportedState: String?
    package var isActive = true
    package var metrics: [String: Metric] = [:]
    package var heardAt: Instant
    /// When Redis lost what it held of it: who was there before may still show that.
    package var lostAt: Instant?
    /// When it last reported by itself, and the spans between its last reports.
    var reportedAt: Instant?
    var gaps: [TimeSpan] = []
    var reporting = Reporting()

    /// Whether Redis has held nothing of it since.
    package var isForgotten: Bool { lostAt.map { heardAt <= $0 } ?? false }
  }

  package struct AlertKey: Hashable, Comparable, Sendable {
    package var kind: String
    package var agent: String
    package static func < (left: Self, right: Self) -> Bool { (left.agent, left.kind) < (right.agent, right.kind) }
  }

  package struct Alert: Sendable {
    /// What is known of it. `other`: it may have been closed and opened anew. `gone`: it may have been closed.
    /// `lost`: Redis has lost it, and a console may hold it to be open, as its own word.
    package enum Certainty: Sendable { case sure, other, gone, lost }

    package var severity: Severity
    package var count = 1
    package var since: Instant
    package var last: Instant
    package var isAcknowledged = false
    package var silencedUntil = Instant.epoch
    package var certainty = Certainty.sure
    /// Metrics that have been past their level while it was open.
    var metrics: Set<String> = []
  }

  package var now = Instant.epoch
  package var agents: [String: Agent] = [:]
  package var alerts: [AlertKey: Alert] = [:]
  /// What was sent, with the phases that a screen may show: more than one while the next is on its way.
  package var commands: [String: (command: Command, phases: Set<String>)] = [:]
  /// `isHeld`: automation that is on holds itself back.
  package var (handlerIsAlive, redisIsUp, isHeld) = (true, true, false)
  /// Until when nobody could hear anything: silence before says nothing of agents.
  package var deafUntil = Instant.epoch
  /// When somebody reported after a time in which nobody did: all are given their time to report from there.
  var heardAgainAt = Instant.epoch
  /// Events of the last ten minutes by their ids.
  private var seen: [String: Instant] = [:]
  /// Alerts that were open when Redis lost all: a console without a link may not know that they ended.
  private var lost: Set<AlertKey> = []

  /// Between two looks at one clock; and how long values must be well, or none come before an alert turns quiet.
  static let (slack, five, almostFive) = (TimeSpan.seconds(2), TimeSpan.minutes(5), TimeSpan.seconds(298))

  package init() {}

  /// An event has come into the stream.
  package mutating func hear(_ event: PublishedEvent) {
    if let id = event.eventID, let before = seen[id], now - before < .minutes(10) { return }
    if let id = event.eventID { seen[id] = now }
    var agent = agents[event.agent] ?? Agent(heardAt: now)
    agent.heardAt = now
    for (key, alert) in alerts where key.agent == event.agent && alert.certainty != .lost && mayBeClosed(key) {
      alerts[key]?.certainty = .gone
    }
    for (name, value) in event.numbers { take(name, value, &agent, event.agent) }
    if event.type == "metrics" {
      noteReport(&agent)
      if let last = agent.reportedAt, now > last { agent.gaps = agent.gaps.suffix(3) + [now - last] }
      agent.reportedAt = now
    }
    if event.isActive == true, !agent.isActive { agent.reporting.expectedFrom = now }
    agent.isActive = event.isActive ?? agent.isActive
    agent.reportedState = event.words["state"] ?? agent.reportedState
    if event.words["state"] == "paused" { agent.unconfirmedSince = nil }
    agents[event.agent] = agent
    judgeSilence(of: event.agent, agent)
    raise(event)
  }

  private func take(_ name: String, _ value: Double, _ agent: inout Agent, _ agentName: String) {
    if Self.fractions.contains(name), value > 1 { return }
    var metric = agent.metrics[name] ?? Metric()
    // What a paused agent sends says nothing of how it would do, and values long apart are of two stretches.
    let isNewStretch = metric.good == nil || now - metric.at > .minutes(1)
    if isNewStretch { metric.good = now }
    if agent.state == "paused" { metric.good = nil }
    if Self.severity(name, value, of: agentName, margin: 0.8) != nil { (metric.bad, metric.good) = (now, nil) }
    (metric.value, metric.at) = (value, now)
    agent.metrics[name] = metric
  }

  private mutating func raise(_ event: PublishedEvent) {
    for (metric, value) in event.numbers {
      guard let severity = Self.severity(metric, value, of: event.agent), let kind = Self.levels[metric]?.kind else {
        continue
      }
      let key = AlertKey(kind: kind, agent: event.agent)
      open(key, severity)
      alerts[key]?.metrics.insert(metric)
    }
    guard let least = Self.openers[event.type] else { return }
    let key = AlertKey(kind: "agent." + event.type, agent: event.agent)
    let risk = event.words["risk_level"].flatMap { Severity(rawValue: $0) } ?? least
    // It is no repeat of what its own value has opened just now.
    open(key, max(least, risk), isRepeat: alerts[key]?.since != now)
  }

  private mutating func open(_ key: AlertKey, _ severity: Severity, isRepeat: Bool = false) {
    let isOpen = alerts[key] != nil
    let isSure = isOpen ? !mayBeClosed(key) : !lost.contains(key)
    var alert = alerts[key] ?? Alert(severity: severity, since: now, last: now)
    if !isSure { alert.certainty = .other }
    if isOpen && isRepeat { alert.count += 1 }
    (alert.severity, alert.last) = (max(alert.severity, severity), now)
    alerts[key] = alert
  }

  /// Time passes: alerts end, and commands run out.
  package mutating func pass(to instant: Instant) {
    now = max(now, instant)
    // Without a handler what it wrote last may be shown, and so may what a console judges.
    for (key, alert) in alerts where handlerIsAlive {
      if alert.certainty == .lost || end(key).latest.map({ now >= $0 }) ?? false { alerts[key] = nil }
    }
    for (name, agent) in agents {
      judgePause(of: name, agent)
      judgeSilence(of: name, agent)
    }
    for (id, sent) in commands where sent.phases.contains("sent") && sent.command.expiresAt <= now {
      commands[id]?.phases.formUnion(["expired", "rejected"])
    }
  }

  /// A pause that is not confirmed for a minute is an alert, if traffic goes on or its runtime said last that it runs.
  private mutating func judgePause(of name: String, _ agent: Agent) {
    let key = AlertKey(kind: "command.unconfirmed", agent: name)
    guard agent.isActive, let told = agent.unconfirmedSince, agent.pausedUntil ?? now > now else {
      alerts[key] = nil
      return
    }
    let traffic = agent.metrics["messages_per_minute"].map { $0.value > 0 && $0.at - told >= .seconds(10) } ?? false
    guard now - told >= .minutes(1), traffic || agent.reportedState == "running" else { return }
    if alerts[key] == nil { open(key, .high) }
    // Without handler and Redis each finds it when it looks next.
    if !handlerIsAlive || !redisIsUp { alerts[key]?.certainty = .other }
  }

  /// Redis has come back without anything that it held.
  package mutating func forget() {
    lost.formUnion(alerts.keys)
    for key in alerts.keys { alerts[key]?.certainty = .lost }
    seen = [:]
    for id in commands.keys { commands[id]?.phases.insert("unknown") }
    agents = agents.mapValues { Agent(isActive: $0.isActive, heardAt: $0.heardAt, lostAt: now) }
    pass(to: now)
  }

  /// The handler has recorded a new state.
  package mutating func record(_ state: String, of agent: String, until: Instant?) {
    agents[agent]?.state = state
    agents[agent]?.reporting.expectedFrom = now
    agents[agent]?.pausedUntil = until
    agents[agent]?.unconfirmedSince = state == "paused" ? now : nil
  }

  /// Somebody takes care of an alert.
  package mutating func tend(_ key: AlertKey, _ tending: History.Tending) {
    switch tending {
    case .acknowledge: alerts[key]?.isAcknowledged = true
    case .silence: alerts[key]?.silencedUntil = now + .minutes(10)
    case .close:
      alerts[key] = nil
      if key.kind == "agent.silent" { agents[key.agent]?.reporting.closedAt = now }
    case .escalate:
      open(key, .high, isRepeat: true)
      alerts[key]?.isAcknowledged = false
    }
  }
}
