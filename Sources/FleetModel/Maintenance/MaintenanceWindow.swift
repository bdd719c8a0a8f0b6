/// A window in which one agent is restarted while its backup works in its place.
///
/// ```text
/// proposed ─▶ planned ─▶ stand_in ─▶ drain ─▶ restart ─▶ verify ─▶ release ─▶ over
///                            │         └────────┴─▶ resume ─▶ over, and the backup stays on
///                            └─▶ over, or release ─▶ over if the backup is on
/// ```
/// At most one an agent. What moves it on is `MaintenanceRun`.
package struct MaintenanceWindow: Equatable, Sendable {
  /// What it is planned for.
  package enum Origin: Equatable, Sendable {
    /// An operator wants it: it is kept, whatever is forecast.
    case person(String)
    /// A failure is forecast: it is cancelled by itself if that clears.
    case forecast(Sign)
  }

  /// The forecast that it is to come before.
  package struct Sign: Equatable, Sendable {
    package var metric: String
    /// When the metric is expected to cross its level, and when at the earliest.
    package var crossesAt: Instant
    package var earliest: Instant

    package init(metric: String, crossesAt: Instant, earliest: Instant) {
      (self.metric, self.crossesAt, self.earliest) = (metric, crossesAt, earliest)
    }
  }

  /// Why it does not begin though its time has come, and since when.
  package struct Wait: Equatable, Sendable {
    package var why: String
    package var since: Instant

    package init(why: String, since: Instant) { (self.why, self.since) = (why, since) }
  }

  package enum Phase: String, CaseIterable, Sendable {
    /// Waits for a person's word.
    case proposed
    /// Waits for its time.
    case planned
    /// The backup is told to stand in.
    case standIn = "stand_in"
    /// The agent takes no new conversations; those that are open end or move.
    case drain
    case restart
    /// Its metrics are compared with its own normal.
    case verify
    /// The backup is told that it is not needed any more.
    case release
    /// Something failed, or a person has cancelled it: the agent is to work again.
    case resume

    /// Whether nothing has been done yet.
    package var isAhead: Bool { self == .proposed || self == .planned }
  }

  /// Unique, in visible ASCII without `/`: ids of its commands are made of it.
  package let id: String
  package let agent: AgentID
  package var backup: AgentID
  package var origin: Origin
  /// The forecast that had led to it, if a person has taken it over.
  package var accepted: Sign?
  /// When it begins.
  package var at: Instant
  /// How long open conversations get to end or to move.
  package var drain: TimeSpan
  package var phase: Phase
  /// Since when it is in this phase.
  package var since: Instant
  /// Why it waits after its time; nil if it does not.
  package var wait: Wait?
  /// Whether the backup stood in before it began, and so does after it.
  package var keepsBackup = false
  /// Since when the forecast says nothing any more.
  package var clearSince: Instant?
  /// What failed, once it goes back.
  package var fault: String?
  /// Who has cancelled it after it had begun.
  package var cancelledBy: String?

  package init(
    id: String, agent: AgentID, backup: AgentID, origin: Origin, at begin: Instant, drain: TimeSpan = usualDrain,
    phase: Phase, since: Instant
  ) {
    (self.id, self.agent, self.backup, self.origin) = (id, agent, backup, origin)
    (at, self.drain, self.phase, self.since) = (begin, drain, phase, since)
  }

  /// More are not kept.
  package static let most = 64
  package static let usualDrain = TimeSpan.minutes(15)
  package static let drains = TimeSpan.seconds(10)...TimeSpan.hours(6)
  /// No window is planned for later.
  package static let farthest = TimeSpan.days(30)
  /// So long after a window that a forecast has led to, none is planned for the agent by the next forecast.
  package static let rest = TimeSpan.hours(2)
  /// One that could not begin within so long after its time is given up.
  package static let lateness = TimeSpan.minutes(15)

  /// The forecast that has led to it, whoever wants it by now; nil if none has.
  package var sign: Sign? { if case .forecast(let sign) = origin { sign } else { accepted } }

  /// Why it cannot be under way together with another agent's window; nil if it can.
  package func conflict(with other: MaintenanceWindow) -> String? {
    if other.agent == backup { return "\(backup) is under maintenance itself" }
    if other.backup == agent { return "\(agent) is needed for the maintenance of \(other.agent)" }
    return other.backup == backup ? "\(backup) is needed for the maintenance of \(other.agent)" : nil
  }

  /// Whose window it is, in words: `planned by ana@ops`, `queue_size is to cross its level`.
  package var cause: String {
    switch origin {
    case .person(let name): "planned by \(name)"
    case .forecast(let sign): "\(sign.metric) is forecast to cross its level"
    }
  }
}

/// What the settings say of maintenance.
package struct MaintenanceSettings: Equatable, Sendable {
  /// What becomes of a failure that is forecast. What an operator plans is done unless it is off.
  package var mode = Autonomy.off

  package init() {}
}

extension MaintenanceWindow.Phase: WireWord {}
