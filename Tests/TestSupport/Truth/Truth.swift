import FleetModel

/// What is true of a fleet, as the contract on the wire has it: a second, plain telling, written apart from the programs.
///
/// Where the contract leaves a moment open, such as the exact end of an alert, both are right until it is over, and
/// `certainty` says so.
package struct Truth: Sendable {
  package enum State: String, Sendable { case running, paused, stopped }

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
    package var name: String
    package var state = State.running
    package var pausedUntil: Instant?
    /// When it was told to pause; nil if it is not paused, or its runtime has said that it is.
    var unconfirmedSince: Instant?
    package var isActive = true
    package var deletedAt: Instant?
    package var metrics: [String: Metric] = [:]
    package var heardAt: Instant
    /// Whether Redis holds nothing of it any more: who was there before may still show it.
    package var isForgotten = false
    /// Whether a console may have values that it heard before Redis lost all.
    package var wasForgotten = false
    /// When it last reported by itself, and how far apart it does.
    var reports: Reports?
    /// The same as a console remembers it that was there before Redis lost all.
    var remembered: Reports?
  }

  struct Reports: Sendable {
    var last: Instant
    /// Spans between the last reports: how far apart they are learnt to be is between the least and the greatest.
    var gaps: [TimeSpan] = []
  }

  package struct AlertKey: Hashable, Comparable, Sendable {
    package var kind: String
    package var agent: String
    package static func < (left: Self, right: Self) -> Bool { (left.agent, left.kind) < (right.agent, right.kind) }
  }

  package struct Alert: Sendable {
    package enum Stage: Int, Sendable { case breach, recovering, quiet }

    package var severity: Severity
    /// How often it was opened or repeated, at least and at most.
    package var count: ClosedRange<Int>
    package var since: Instant
    package var last: Instant
    package var isAcknowledged = false
    package var silencedUntil = Instant.epoch
    /// Whether it is this one still: it may have been closed and opened anew.
    package var isSure = true
    /// Whether it may have been closed: it stays so until it is opened anew.
    var mayBeGone = false
    /// Whether Redis has lost it, and no handler lives that would know: a console may hold it to be open, as its own word.
    package var isLost = false
    /// Metrics that have been past their level while it was open.
    var metrics: Set<String> = []
  }

  package struct Command: Sendable {
    package var action: String
    package var targets: [String]
    package var by: String
    package var expiresAt: Instant
    /// Phases that a screen may show: more than one while the next is on its way.
    package var phases: Set<String> = ["sent"]
  }

  package var now = Instant.epoch
  package var agents: [String: Agent] = [:]
  package var alerts: [AlertKey: Alert] = [:]
  package var commands: [String: Command] = [:]
  package var (handlerIsAlive, redisIsUp) = (true, true)
  /// Whether automation that is on holds itself back.
  package var isHeld = false
  /// Until when nobody could hear anything: silence before says nothing of agents.
  package var deafUntil = Instant.epoch
  /// Events of the last ten minutes by their ids.
  private var seen: [String: Instant] = [:]

  /// Two looks at one clock.
  static let slack = TimeSpan.seconds(2)
  /// How long values must be well, and how long none may come before an alert turns quiet.
  static let (five, almostFive) = (TimeSpan.minutes(5), TimeSpan.seconds(298))

  package init() {}

  // MARK: Facts

  /// An event has come into the stream.
  package mutating func hear(_ event: PublishedEvent) {
    if let id = event.eventID {
      if let before = seen[id], now - before < .minutes(10) { return }
      seen[id] = now
    }
    var agent = agents[event.agent] ?? Agent(name: event.agent, heardAt: now)
    (agent.heardAt, agent.isForgotten, agent.wasForgotten) = (now, false, agent.wasForgotten || agent.isForgotten)
    for key in alerts.keys where key.agent == event.agent && mayBeClosed(key) { alerts[key]?.mayBeGone = true }
    for (name, value) in event.numbers { take(name, value, &agent) }
    if event.type == "metrics" {
      agent.reports = report(after: agent.reports)
      agent.remembered = agent.remembered.map { report(after: $0) }
    }
    if event.type == "created" || event.type == "updated" {
      agent.name = event.words["name"] ?? agent.name
      agent.isActive = event.isActive ?? agent.isActive
      agent.deletedAt = nil
    }
    if event.type == "deleted" { agent.deletedAt = now }
    if event.words["state"] == "paused" { agent.unconfirmedSince = nil }
    agents[event.agent] = agent
    raise(event)
  }

  private func report(after before: Reports?) -> Reports {
    guard let before, now > before.last else { return before ?? Reports(last: now) }
    return Reports(last: now, gaps: before.gaps.suffix(3) + [now - before.last])
  }

  private func take(_ name: String, _ value: Double, _ agent: inout Agent) {
    var metric = agent.metrics[name] ?? Metric()
    // Values long apart are of two stretches, and those of a paused agent say nothing of how it would do.
    let isNewStretch = metric.good == nil || now - metric.at > .minutes(1) || agent.state == .paused
    if Self.isNear(name, value) {
      (metric.bad, metric.good) = (now, nil)
    } else if isNewStretch {
      metric.good = agent.state == .paused ? nil : now
    }
    (metric.value, metric.at) = (value, now)
    agent.metrics[name] = metric
  }

  private mutating func raise(_ event: PublishedEvent) {
    for (metric, value) in event.numbers.sorted(by: { $0.key < $1.key }) {
      guard let severity = Self.severity(metric, value), let kind = Self.levels[metric]?.kind else { continue }
      let key = AlertKey(kind: kind, agent: event.agent)
      open(key, severity)
      alerts[key]?.metrics.insert(metric)
    }
    guard let least = Self.openers[event.type] else { return }
    let key = AlertKey(kind: "agent." + event.type, agent: event.agent)
    let risk = event.words["risk_level"].flatMap { Severity(rawValue: $0) } ?? least
    // The value that it carries has opened it just now, or the event repeats what is open.
    let hasValue = event.numbers.contains { Self.levels[$0.key]?.kind == key.kind }
    open(key, max(least, risk), isRepeat: !(hasValue && alerts[key]?.since == now))
  }

  private mutating func open(_ key: AlertKey, _ severity: Severity, isRepeat: Bool = false) {
    guard var alert = alerts[key] else {
      alerts[key] = Alert(severity: severity, count: 1...1, since: now, last: now)
      return
    }
    if mayBeClosed(key) {
      (alert.isSure, alert.mayBeGone, alert.isLost) = (false, false, false)
      alert.count = 1...alert.count.upperBound
    }
    if isRepeat { alert.count = alert.count.lowerBound...alert.count.upperBound + 1 }
    if isRepeat, alert.isSure { alert.count = alert.count.upperBound...alert.count.upperBound }
    (alert.severity, alert.last) = (max(alert.severity, severity), now)
    alerts[key] = alert
  }

  /// Time passes: alerts end, deleted agents leave, commands run out.
  package mutating func pass(to instant: Instant) {
    now = max(now, instant)
    for key in alerts.keys where isClosed(key) || handlerIsAlive && alerts[key]?.isLost == true { alerts[key] = nil }
    for (name, agent) in agents {
      guard let deletedAt = agent.deletedAt, now - deletedAt > .minutes(1) + Self.slack else { continue }
      agents[name] = nil
      for key in alerts.keys where key.agent == name { alerts[key] = nil }
    }
    for (name, agent) in agents {
      let key = AlertKey(kind: "command.unconfirmed", agent: name)
      // Traffic that goes on for a minute speaks against a pause.
      let traffic = agent.metrics["messages_per_minute"]
      guard let told = agent.unconfirmedSince, agent.pausedUntil ?? now > now else { alerts[key] = nil; continue }
      guard now - told >= .minutes(1), let traffic, traffic.value > 0, traffic.at - told >= .seconds(10) else {
        continue
      }
      if alerts[key] == nil { open(key, .high) }
      // Without handler and Redis each finds it when it looks next.
      if !handlerIsAlive || !redisIsUp { alerts[key]?.isSure = false }
    }
    for (id, command) in commands where command.phases.contains("sent") && command.expiresAt <= now {
      commands[id]?.phases.formUnion(["expired", "rejected"])
    }
  }

  /// Redis has come back without anything that it held.
  package mutating func forget() {
    if handlerIsAlive { alerts = [:] }
    for (key, var alert) in alerts {
      (alert.isSure, alert.mayBeGone, alert.isLost) = (false, true, true)
      alerts[key] = alert
    }
    seen = [:]
    // The answer is lost with all else.
    for id in commands.keys { commands[id]?.phases.insert("unknown") }
    for (name, agent) in agents {
      var fresh = Agent(name: agent.name, heardAt: agent.heardAt)
      (fresh.isActive, fresh.isForgotten, fresh.remembered) = (agent.isActive, true, agent.remembered ?? agent.reports)
      agents[name] = fresh
    }
  }

  /// The handler has recorded a new state.
  package mutating func record(_ state: State, of agent: String, until: Instant?) {
    agents[agent]?.state = state
    agents[agent]?.pausedUntil = until
    agents[agent]?.unconfirmedSince = state == .paused ? now : nil
  }

  /// Somebody takes care of an alert.
  package mutating func tend(_ key: AlertKey, _ tending: History.Tending) {
    switch tending {
    case .acknowledge: alerts[key]?.isAcknowledged = true
    case .silence: alerts[key]?.silencedUntil = now + .minutes(10)
    case .close: alerts[key] = nil
    case .escalate:
      open(key, .high, isRepeat: true)
      alerts[key]?.isAcknowledged = false
    }
  }

  // MARK: Alerts at present

  package func isInHand(_ key: AlertKey) -> Bool {
    alerts[key].map { $0.isAcknowledged || $0.silencedUntil > now } ?? false
  }

  /// When it may be closed at the earliest, and must be at the latest; nil if that is not in sight.
  private func end(_ key: AlertKey) -> (earliest: Instant?, latest: Instant?) {
    guard let alert = alerts[key], let agent = agents[key.agent] else { return (.epoch, nil) }
    // Another metric of its kind that came near its level meanwhile holds it too.
    let all = agent.metrics.keys.filter { Self.levels[$0]?.kind == key.kind }
    let own = all.filter { alert.metrics.contains($0) || agent.metrics[$0]?.bad ?? .epoch >= alert.since }
    let metrics = (alert.metrics.isEmpty ? all : own).compactMap { agent.metrics[$0] }
    guard !metrics.isEmpty else { return (nil, nil) }
    var (earliest, latest): (Instant?, Instant?) = (.epoch, alert.metrics.isEmpty ? nil : .epoch)
    for metric in metrics {
      // A value alone, after which nothing comes, is no sign of recovery.
      let bad = max(metric.bad ?? alert.last, alert.metrics.isEmpty ? alert.last : .epoch)
      let isEnough = metric.bad != metric.at && metric.at - bad >= .minutes(4)
      earliest = isEnough ? earliest.map { max($0, bad + Self.almostFive) } : nil
      // After the last sign of trouble the first value may come late.
      let isSure =
        metric.good.map { metric.at - max($0, alert.last + .minutes(1)) >= Self.five + Self.slack } ?? false
      latest = isSure ? latest.map { max($0, metric.at + Self.slack) } : nil
    }
    return (earliest, latest)
  }

  package func mayBeClosed(_ key: AlertKey) -> Bool {
    alerts[key]?.mayBeGone ?? true || end(key).earliest.map { now >= $0 } ?? false
  }

  /// Without a handler what it wrote last may be shown, and so may what a console judges.
  private func isClosed(_ key: AlertKey) -> Bool { handlerIsAlive && (end(key).latest.map { now >= $0 } ?? false) }

  /// What it is at now; nil if two answers are right.
  package func stage(_ key: AlertKey) -> Alert.Stage? {
    guard let alert = alerts[key], let agent = agents[key.agent], key.kind.hasPrefix("agent.") else { return nil }
    let values = alert.metrics.compactMap { name in agent.metrics[name].map { (name, $0) } }
    let silence = now - (values.map(\.1.at).max() ?? alert.last)
    if silence > Self.five + Self.slack, now - deafUntil > Self.five { return .quiet }
    if silence > Self.almostFive { return nil }
    if values.isEmpty { return .breach }
    return values.contains { Self.severity($0.0, $0.1.value) != nil } ? .breach : .recovering
  }

  /// How many are open, at least and at most.
  package func alertCount(of agent: String? = nil) -> ClosedRange<Int> {
    let all = alerts.keys.filter { agent == nil || $0.agent == agent }
    return all.count { !mayBeClosed($0) }...all.count
  }
}
