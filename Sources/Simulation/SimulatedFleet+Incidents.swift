import FleetModel

/// When incidents begin, and which.
struct IncidentTimetable: Sendable {
  /// In turns a new one begins every so often, and ends by itself after a while.
  static let interval = TimeSpan.seconds(25)
  static let lasts = TimeSpan.seconds(70)
  /// In the first round they follow close on one another, so that a demo shows all of them within two minutes.
  private static let firstInterval = TimeSpan.seconds(16)
  /// What is left to a person has the screen for itself at first, and lasts long enough to be read about.
  private static let quiet = TimeSpan.seconds(38)
  private static let waitsForPerson = TimeSpan.minutes(4)

  private let plan: IncidentPlan
  private var next: Instant
  private var begun = 0

  init(_ plan: IncidentPlan, from start: Instant) {
    self.plan = plan
    next = start
  }

  /// The incidents that begin now: each with a number that decides whom it befalls.
  mutating func due(at now: Instant) -> [(incident: SimulatedIncident, number: Int, until: Instant?)] {
    switch plan {
    case .none: return []
    case .fixed(let incidents):
      guard begun == 0, now >= next else { return [] }
      begun = incidents.count
      return incidents.enumerated().map { ($1, $0, nil) }
    case .automatic:
      guard now >= next else { return [] }
      defer { begun += 1 }
      let all = SimulatedIncident.allCases
      let incident = all[begun % all.count]
      next = now + (incident == .badRelease ? Self.quiet : begun < all.count ? Self.firstInterval : Self.interval)
      // How many of its kind have been before; of the others, how many of all of them.
      let round = begun / all.count
      let number = incident == .badRelease ? round : begun - round - 1
      return [(incident, number, now + (incident == .badRelease ? Self.waitsForPerson : Self.lasts))]
    }
  }
}

extension SimulatedFleet {
  /// Lets incidents begin and end; what says so beforehand.
  mutating func beginAndEndIncidents() -> [SimulatedEvent] {
    outbreaks.removeAll { $0.until.map { $0 <= now } ?? false || positions[$0.agent] == nil }
    return incidents.due(at: now).flatMap { begin($0.incident, number: $0.number, until: $0.until) }
  }

  /// Ends the incidents of an agent that something has cured.
  mutating func cure(_ incidents: Set<SimulatedIncident>, of agent: AgentID) {
    outbreaks.removeAll { $0.agent == agent && incidents.contains($0.incident) }
  }

  /// An intrusion is felt while an address of it is not blocked.
  func isFelt(_ outbreak: Outbreak) -> Bool {
    outbreak.incident != .intrusion || outbreak.addresses.contains { !isBlocked($0) }
  }

  func isBlocked(_ address: String) -> Bool {
    guard let end = blocked[address] else { return false }
    return end.map { now < $0 } ?? true
  }

  /// What the incidents under way make their agents say.
  mutating func incidentReports() -> [SimulatedEvent] {
    outbreaks.indices.compactMap { index in
      let outbreak = outbreaks[index]
      guard outbreak.nextReport <= now, isFelt(outbreak), let agent = agent(outbreak.agent), agent.state == .running
      else { return nil }
      outbreaks[index].nextReport = now + outbreak.interval
      outbreaks[index].reports += 1
      var event = report(of: outbreak, agent)
      event.eventID = eventID()
      return event
    }
  }

  private mutating func report(of outbreak: Outbreak, _ agent: SimulatedAgent) -> SimulatedEvent {
    switch outbreak.incident {
    case .errorStorm: return agent.performanceDegraded()
    case .trafficSpike: return agent.highTraffic()
    case .unhappyUsers: return agent.satisfactionLow(&random)
    case .intrusion:
      let open = outbreak.addresses.filter { !isBlocked($0) }
      return agent.securityAlert(from: open, repeats: outbreak.reports)
    // What is critical of it is said of any agent whose health is.
    case .leak, .badRelease: return agent.metrics()
    }
  }

  private mutating func begin(_ incident: SimulatedIncident, number: Int, until: Instant?) -> [SimulatedEvent] {
    // A visitor would take its trouble away with it before anybody has seen much of it.
    let primaries = agents.prefix(residents).filter { $0.profile.backupFor == nil }
    guard let victim = victim(of: incident, number, among: primaries) else { return [] }
    var outbreak = Outbreak(
      incident: incident, agent: victim.profile.id, since: now, until: until, nextReport: now + .seconds(2))
    guard incident == .trafficSpike else {
      if incident == .intrusion { outbreak.addresses = (0..<2).map { _ in address() } }
      outbreaks.append(outbreak)
      return []
    }
    outbreaks.append(outbreak)
    return victim.state == .running ? [victim.predictiveAlert()] : []
  }

  /// Whom an incident befalls; nil for nobody. What waits for a person has its agent to itself.
  private func victim(
    of incident: SimulatedIncident, _ number: Int, among primaries: [SimulatedAgent]
  ) -> SimulatedAgent? {
    let waiting = Set(outbreaks.filter { $0.incident == .badRelease }.map(\.agent))
    if incident == .badRelease {
      guard waiting.isEmpty, !primaries.isEmpty else { return nil }
      return primaries[(3 + number) % primaries.count]
    }
    let free = primaries.filter { !waiting.contains($0.profile.id) }
    guard !free.isEmpty else { return nil }
    // By steps that pass through all of them: the next incident befalls somebody else.
    let step = [3, 5, 7, 11].first { free.count % $0 != 0 } ?? 1
    return free[(1 + number * step) % free.count]
  }

  /// The users of an agent that was paused for its bad answers go to another one of its role, and are too many for it.
  mutating func sendUsersOn(from agent: AgentID) -> [SimulatedEvent] {
    guard outbreaks.contains(where: { $0.agent == agent && $0.incident == .badRelease }) else { return [] }
    cure([.badRelease], of: agent)
    let role = self.agent(agent)?.profile.role
    let others = agents.prefix(residents).filter {
      $0.profile.id != agent && $0.profile.role == role && $0.profile.backupFor == nil && $0.state == .running
    }
    guard let other = others.first else { return [] }
    outbreaks.append(
      Outbreak(
        incident: .trafficSpike, agent: other.profile.id, since: now, until: now + IncidentTimetable.lasts,
        nextReport: now + .seconds(2)))
    return [other.predictiveAlert()]
  }

  /// An address of the networks that are set aside for documentation (RFC 5737).
  private mutating func address() -> String {
    let network = random.chance(0.5) ? "203.0.113" : "198.51.100"
    return "\(network).\(Int.random(in: 2...254, using: &random))"
  }
}
