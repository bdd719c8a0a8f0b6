/// One agent as far as its events and the handler's records tell.
package struct Agent: Sendable {
  package let id: AgentID
  /// What its publishers call it; empty where nobody said. Not scrubbed.
  package var name = ""
  package var role = ""
  package var tier = ""
  package var model = ""
  package var language = ""
  package var backupFor = ""
  package var replicasMinimum: Int?
  package var replicasMaximum: Int?
  package var isActive = true
  /// When `agent.deleted` came; the row leaves a minute later.
  package var deletedAt: Instant?
  /// What the handler has recorded; changes only when the audit or the agent's hash says so.
  package var record = AgentRecord()
  /// What the runtime itself said last, by `agent.status`.
  package var reported: Report?
  package var firstEventAt: Instant
  package var lastEventAt: Instant
  package var eventCount = 0
  /// Metrics whose last number could not be one, such as an error rate of 25.
  package var suspect: Set<Metric> = []

  private var latest = InlineArray<11, Float>(repeating: 0)
  private var latestAt = InlineArray<11, Int64>(repeating: .min)
  private var series = InlineArray<11, Int32>(repeating: -1)
  private var alerts = InlineArray<7, Int32>(repeating: -1)

  /// A runtime's own word on its state.
  package struct Report: Equatable, Sendable {
    package var state: AgentState?
    package var replicas: Int?
    package var commandID: CommandID?
    package var at: Instant
  }

  package init(id: AgentID, at instant: Instant) {
    self.id = id
    firstEventAt = instant
    lastEventAt = instant
  }

  /// The state to show: inactive and deleted agents are stopped, whatever the record says.
  package var state: AgentState { isActive && deletedAt == nil ? record.state : .stopped }

  /// Whether the runtime has confirmed the recorded state; nil where it never reported.
  package var isObeying: Bool? {
    guard let reported, let state = reported.state else { return nil }
    return state == record.state
  }

  /// The last value of a metric.
  package func value(_ metric: Metric) -> Double? {
    latestAt[metric.rawValue] == .min ? nil : Double(latest[metric.rawValue])
  }

  /// When that value came.
  package func valueTime(_ metric: Metric) -> Instant? {
    let milliseconds = latestAt[metric.rawValue]
    return milliseconds == .min ? nil : Instant(milliseconds: milliseconds)
  }

  /// The last value, where it is no older than `age`.
  package func value(_ metric: Metric, within age: TimeSpan, of now: Instant) -> Double? {
    guard let time = valueTime(metric), now - time <= age else { return nil }
    return value(metric)
  }

  /// Takes a value as the latest, unless a later one is known.
  mutating func set(_ metric: Metric, _ value: Double, at instant: Instant) {
    guard instant.milliseconds >= latestAt[metric.rawValue] else { return }
    latest[metric.rawValue] = Float(value)
    latestAt[metric.rawValue] = instant.milliseconds
  }

  /// The metric's slot in the fleet's series; negative where it has none yet.
  package func seriesSlot(_ metric: Metric) -> Int32 { series[metric.rawValue] }

  mutating func setSeriesSlot(_ metric: Metric, _ slot: Int32) { series[metric.rawValue] = slot }

  /// The place of the agent's alert of a kind in the fleet's list; negative where none is open.
  func alertSlot(_ kind: AlertKind) -> Int { Int(alerts[Int(kind.rawValue)]) }

  mutating func setAlertSlot(_ kind: AlertKind, _ slot: Int) { alerts[Int(kind.rawValue)] = Int32(slot) }
}
