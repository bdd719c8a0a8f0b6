/// What an alert is about: the event type that opens it, or an operator's escalation.
package enum AlertKind: UInt8, CaseIterable, Sendable {
  case performanceDegraded, highTraffic, satisfactionLow, securityAlert, healthCritical, predictiveAlert, escalation
  /// A runtime has not done what it was told.
  case commandUnconfirmed
  /// The agent has stopped to report.
  case silent
  /// The handler's detectors have found something unusual.
  case anomaly
  /// The agent does far more than it normally does, as one that is caught in a loop.
  case runaway
  /// Metrics of the fleet's table are past their levels.
  case metric
  /// A part of what may be used a day is used.
  case budget

  /// The first part of the alert's id on the wire.
  package var type: String {
    switch self {
    case .performanceDegraded: "agent.performance_degraded"
    case .highTraffic: "agent.high_traffic"
    case .satisfactionLow: "agent.satisfaction_low"
    case .securityAlert: "agent.security_alert"
    case .healthCritical: "agent.health_critical"
    case .predictiveAlert: "agent.predictive_alert"
    case .escalation: "escalation"
    case .commandUnconfirmed: "command.unconfirmed"
    case .silent: "agent.silent"
    case .anomaly: "agent.anomaly"
    case .runaway: "agent.runaway"
    case .metric: "agent.metric"
    case .budget: "agent.budget"
    }
  }

  /// Whether it tells how the agent is. The others tell what people were called for, or what was not obeyed.
  package var isOfAgent: Bool { self != .escalation && self != .commandUnconfirmed }

  /// Whether it turns quiet if nothing is heard of it. That an agent is silent is known all the time.
  package var turnsQuiet: Bool { isOfAgent && self != .silent }
}

/// `<event type>/<agent>`: one alert of a kind an agent at a time.
package struct AlertID: Hashable, Sendable {
  package var kind: AlertKind
  package var agent: AgentID

  package init(_ kind: AlertKind, _ agent: AgentID) {
    self.kind = kind
    self.agent = agent
  }

  /// Reads the wire form; nil if the part before the first slash is no known kind.
  package init?(bytes: [UInt8]) {
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let kind = AlertKind.allCases.first(where: { bytes[..<slash].elementsEqual($0.type.utf8) })
    else { return nil }
    guard let agent = AgentID(outside: Array(bytes[(slash + 1)...])) else { return nil }
    self.init(kind, agent)
  }

  /// The wire form.
  package var bytes: [UInt8] { Array(kind.type.utf8) + [UInt8(ascii: "/")] + agent.bytes }
}

/// An alert as the hash `agentos:alerts` holds it.
package struct AlertRecord: Equatable, Sendable {
  package var id: AlertID
  package var severity: Severity
  /// How often it was opened or repeated.
  package var count: Int
  package var since: Instant
  /// The last sign of trouble.
  package var last: Instant
  /// Since when nothing has told how its trouble goes on; nil while something does.
  package var quietSince: Instant?
  /// The metric that opened it or made it worse last; nil if no value did.
  package var metric: Metric?
  /// The same by its name, of an alert of open metrics.
  package var openMetric: String?
  package var isClosed: Bool
  /// Who acknowledged it; nil if nobody did.
  package var acknowledgedBy: String?
  package var acknowledgedAt: Instant?
  /// When the acknowledgement ends by itself; nil if it stands until somebody takes it back.
  package var acknowledgedUntil: Instant?
  package var silencedUntil: Instant?
  /// Who silenced it; nil if nobody did, or an older handler wrote it.
  package var silencedBy: String?
  package var note: String
  /// What it says, in a few words: `error rate 25%`.
  package var summary: String
  /// The channels that people were called by, if it is an escalation: what becomes of it goes there too.
  package var told: [String]
  /// The stream's entry up to which it has counted, if that may be behind the handler's cursor.
  package var countedTo: String?

  package init(
    id: AlertID, severity: Severity, count: Int = 1, since: Instant, last: Instant, quietSince: Instant? = nil,
    metric: Metric? = nil, isClosed: Bool = false,
    acknowledgedBy: String? = nil, acknowledgedAt: Instant? = nil, acknowledgedUntil: Instant? = nil,
    silencedUntil: Instant? = nil, silencedBy: String? = nil, note: String = "",
    summary: String = "", told: [String] = []
  ) {
    self.id = id
    self.severity = severity
    self.count = count
    self.since = since
    self.last = last
    self.quietSince = quietSince
    self.metric = metric
    self.isClosed = isClosed
    self.acknowledgedBy = acknowledgedBy
    self.acknowledgedAt = acknowledgedAt
    self.acknowledgedUntil = acknowledgedUntil
    self.silencedUntil = silencedUntil
    self.silencedBy = silencedBy
    self.note = note
    self.summary = summary
    self.told = told
  }
}
