/// One agent as far as its events and the handler's records tell: a picture of one moment.
@dynamicMemberLookup
package struct Agent: Sendable {
  package let profile: AgentProfile
  package let activity: AgentActivity
  /// What it has reported of open metrics.
  let readings: OpenReadings

  package subscript<Value>(dynamicMember path: KeyPath<AgentProfile, Value>) -> Value { profile[keyPath: path] }

  package var eventCount: Int { activity.eventCount }
  package var lastEventAt: Instant { activity.lastEventAt }

  package func value(_ metric: Metric) -> Double? { activity.value(metric) }
  package func valueTime(_ metric: Metric) -> Instant? { activity.valueTime(metric) }

  package func value(_ metric: Metric, within age: TimeSpan, of now: Instant) -> Double? {
    activity.value(metric, within: age, of: now)
  }

  /// The last value of an open metric, by its place in the fleet's table.
  package func value(_ place: MetricPlace) -> Double? { readings[place].map { Double($0.latest) } }

  /// The same, if it is no older than `age`.
  package func value(_ place: MetricPlace, within age: TimeSpan, of now: Instant) -> Double? {
    guard let cell = readings[place], now - Instant(milliseconds: cell.at) <= age else { return nil }
    return Double(cell.latest)
  }

  package func isSuspect(_ metric: Metric) -> Bool { activity.isSuspect(metric) }
  package func hasSeries(_ metric: Metric) -> Bool { activity.hasSeries(metric) }
}

/// All agents by position; nil if one has left. Positions of those who stay never change.
package struct AgentTable: RandomAccessCollection, Sendable {
  package internal(set) var profiles: [AgentProfile?] = []
  var activity: [AgentActivity] = []
  var openReadings = OpenReadingStore()
  /// Steps with every agent that comes or leaves, and with every new name.
  package internal(set) var namesRevision = 0
  /// How many bytes the words of all of them take.
  var textBytes = 0

  package var startIndex: Int { 0 }
  package var endIndex: Int { profiles.count }

  package subscript(position: Int) -> Agent? {
    profiles[position].map {
      let activity = activity[position]
      return Agent(profile: $0, activity: activity, readings: openReadings[activity.openSlot])
    }
  }

  /// Who stands at a position, without copying the profile; nil if nobody does.
  package func id(at position: Int) -> AgentID? { profiles.withUnsafeBufferPointer { $0[position]?.id } }

  /// Whether the agent has an open alert, without copying its numbers.
  func hasAlerts(at position: Int) -> Bool { activity.span[position].hasAlerts }

  /// The last value of a metric, without copying the agent.
  package func value(_ metric: Metric, at position: Int) -> Double? { activity.span[position].value(metric) }

  /// The last value of an open metric, if it is no older than `age`, without copying the agent.
  package func value(_ place: MetricPlace, at position: Int, within age: TimeSpan, of now: Instant) -> Double? {
    let slot = activity.span[position].openSlot
    guard slot >= 0, let cell = openReadings.cell(place, at: slot), now - Instant(milliseconds: cell.at) <= age else {
      return nil
    }
    return Double(cell.latest)
  }

  /// When an agent was heard last, without copying it.
  package func lastEventAt(at position: Int) -> Instant { activity.span[position].lastEventAt }

  /// When a metric's last value came.
  func valueTime(_ metric: AnyMetric, at position: Int) -> Instant? {
    switch metric {
    case .known(let metric): activity.span[position].valueTime(metric)
    case .open(let place):
      openReadings[activity.span[position].openSlot][place].map { Instant(milliseconds: $0.at) }
    }
  }

  /// The last value of a metric, if it is no older than `age`, without copying the agent.
  package func value(_ metric: Metric, at position: Int, within age: TimeSpan, of now: Instant) -> Double? {
    activity.span[position].value(metric, within: age, of: now)
  }

  /// The last value of an open metric, and when it came, without copying the agent.
  package func value(_ place: MetricPlace, at position: Int) -> (value: Double, at: Instant)? {
    openReadings[activity.span[position].openSlot][place].map { (Double($0.latest), Instant(milliseconds: $0.at)) }
  }

  /// Whether the last number of an open metric could not be a value of it.
  package func isSuspect(_ place: MetricPlace, at position: Int) -> Bool {
    openReadings[activity.span[position].openSlot].suspects.contains(place)
  }

  /// What ``AgentProfile/state`` says, without copying the profile; nil if nobody stands there.
  package func state(at position: Int) -> AgentState? {
    profiles.withUnsafeBufferPointer { profiles in
      guard let isActive = profiles[position]?.isActive else { return nil }
      guard isActive, profiles[position]?.deletedAt == nil else { return .stopped }
      return profiles[position]?.record.state
    }
  }

  /// What groups an agent with others, without copying the rest of the profile.
  package func traits(at position: Int) -> AgentTraits {
    profiles.withUnsafeBufferPointer { $0[position]?.traits } ?? AgentTraits()
  }

  /// When an agent was heard first, without copying the profile; nil if nobody stands there.
  package func firstHeard(at position: Int) -> Instant? {
    profiles.withUnsafeBufferPointer { $0[position]?.firstEventAt }
  }

  /// How many events of an agent were taken.
  @inline(__always)
  package func eventCount(at position: Int) -> Int { activity.span[position].eventCount }

  /// The place of an agent's alert of a kind in the fleet's list; negative if none is open.
  @inline(__always)
  func alertSlot(_ kind: AlertKind, at position: Int) -> Int { activity.span[position].alertSlot(kind) }

  /// An agent's numbers, without copying its words.
  package func numbers(at position: Int) -> AgentActivity { activity[position] }

  /// Puts a new agent at a position, or at the end.
  mutating func put(_ profile: AgentProfile, at position: Int) {
    namesRevision += 1
    let fresh = AgentActivity(at: profile.firstEventAt)
    if position < profiles.count {
      profiles[position] = profile
      activity[position] = fresh
    } else {
      profiles.append(profile)
      activity.append(fresh)
    }
  }
}
