import Automation
import Execution
import FleetModel
import Insight
import Wire

extension EventProcessor: FleetKnowledge {
  func agent(_ id: AgentID) -> Agent? { fleet[id] }

  func worstSeverity(of agent: AgentID) -> Severity {
    fleet.position(of: agent).flatMap { fleet.alerts(ofAgentAt: $0).map(\.record.severity).max() } ?? .low
  }

  func latestFeedback(of agent: AgentID, atMost most: Int) -> [Incident] {
    fleet.incidents.satisfaction.filter { $0.kind == .feedback && $0.agent == agent }.suffix(most)
  }

  func replicas(of id: AgentID) -> ClosedRange<Int>? {
    guard let agent = fleet[id], agent.replicasMinimum != nil || agent.replicasMaximum != nil else { return nil }
    let most = Change.mostReplicas
    let least = min(max(0, agent.replicasMinimum ?? 1), most)
    return least...min(max(least, agent.replicasMaximum ?? most), most)
  }

  func backup(of agent: AgentID) -> AgentID? { health.backup(of: agent) }

  /// The event that an agent is silent.
  func silenceEvent(of id: AgentID) -> [UInt8] {
    let (position, now) = (fleet.position(of: id), max(session.now, fleet.now))
    let since = position.flatMap { fleet.silentSince($0) } ?? now
    let interval = position.flatMap { fleet.agents.numbers(at: $0).reportInterval }
    return HandlerEvent.silent(id, for: now - since, interval: interval, at: now)
  }

  /// What the leaders of the other shards of a divided fleet count.
  func setElsewhere(_ others: OtherShards) { health.elsewhere = others }

  /// Why nothing is known of some of the other shards; nil if all is, or the fleet is not divided.
  var othersFault: String? { health.elsewhere?.fault }

  var silentSource: (words: String, agent: AgentID)? { Self.silentSource(&fleet) }

  private static func silentSource(_ fleet: inout Fleet) -> (words: String, agent: AgentID)? {
    guard fleet.isSourceSilent, let agent = fleet.silences.held.min().flatMap({ fleet.agents.id(at: $0) }) else {
      return nil
    }
    let span = fleet.silences.lastReportAt.map { TimeSpan.seconds((fleet.now - $0).milliseconds / 1000) }
    let words = span.map { " for \($0)" } ?? ""
    return ("no agent has reported\(words): what carries their events may be dead", agent)
  }

  func state(of agent: AgentID) -> AgentState? {
    fleet.position(of: agent).flatMap { fleet.agents.state(at: $0) }
  }

  func version(of id: AgentID) -> String? {
    let version = fleet[id]?.profile.traits[.version] ?? ""
    return version.isEmpty ? nil : version
  }

  func role(of id: AgentID) -> String? {
    let role = health.role(of: id)
    return role.isEmpty ? nil : role
  }

  func sharedCauses() -> [SharedCause] {
    causes.look(at: fleet, now: session.now)
    return causes.headings.map {
      SharedCause(
        title: $0.cause.title($0.cause.shared.value), words: $0.cause.words, agents: Set($0.agents),
        alerts: Set($0.alerts.lazy.map { ExactText(RuleNotice.key($0)) }))
    }
  }

  func isOpen(_ id: AlertID) -> Bool { Self.isOpen(id, &fleet) }

  func openEscalations() -> [AlertRecord] { Self.openEscalations(&fleet) }

  private static func openEscalations(_ fleet: inout Fleet) -> [AlertRecord] { fleet.alerts.escalations.map(\.record) }

  /// Static, and in place: two questions to a fleet that is only read make the compiler copy all of it.
  private static func isOpen(_ id: AlertID, _ fleet: inout Fleet) -> Bool { fleet.isOpen(id) }

  private static func open(_ id: AlertID, _ fleet: inout Fleet) -> AlertRecord? {
    guard let position = fleet.position(of: id.agent) else { return nil }
    return fleet.alert(id.kind, ofAgentAt: position)?.record
  }

  /// Where an agent stands, and when it was heard first; nil for one that nobody knows.
  func place(of agent: AgentID) -> (position: Int, first: Instant)? { Self.place(of: agent, &fleet) }

  private static func place(of agent: AgentID, _ fleet: inout Fleet) -> (position: Int, first: Instant)? {
    guard let position = fleet.position(of: agent), let first = fleet.agents.firstHeard(at: position) else {
      return nil
    }
    return (position, first)
  }

  /// The alert as it is open at present.
  func open(_ id: AlertID) -> AlertRecord? { Self.open(id, &fleet) }
}

extension EventProcessor {
  /// Why the handler may not begin maintenance of an agent by itself; nil if it may.
  func maintenanceFault(of agent: AgentID) -> String? {
    GuardCheck(guards: session.options.runbook.guards, input: GuardCheck.Input(health, agent)).maintenanceFault
  }
}

extension EventProcessor {
  /// Looks for the open metrics that the settings name now.
  func adoptMetrics() {
    let metrics = session.options.metrics
    guard metrics != fleet.metrics else { return }
    reader.setMetrics(metrics)
    minutes?.metrics = metrics
    fleet.setMetrics(metrics)
  }
}

extension EventProcessor {
  /// All roles that agents say they have, each once.
  var roles: [String] { Set(fleet.agents.profiles.compactMap { $0.map { ExactText($0.role) } }).map(\.text) }
}

extension EventProcessor: WatchedFleet {
  var positions: Int { fleet.agents.count }

  func id(at position: Int) -> AgentID? { Self.id(at: position, &fleet) }

  private static func id(at position: Int, _ fleet: inout Fleet) -> AgentID? {
    position < fleet.agents.count ? fleet.agents.id(at: position) : nil
  }

  func profile(at position: Int) -> AgentProfile? { Self.profile(at: position, &fleet) }

  private static func profile(at position: Int, _ fleet: inout Fleet) -> AgentProfile? {
    position < fleet.agents.count ? fleet.agents.profiles[position] : nil
  }

  func hasLeft(_ version: String, _ agent: AgentID) -> Bool { Self.hasLeft(version, agent, &fleet) }

  private static func hasLeft(_ version: String, _ agent: AgentID, _ fleet: inout Fleet) -> Bool {
    guard let position = fleet.position(of: agent), let profile = fleet.agents.profiles[position],
      profile.state != .stopped, !fleet.isSilent(position)
    else { return false }
    let present = profile.traits[.version]
    return !present.isEmpty && !present.isExactly(version)
  }

  func runners(of versions: [WorseVersion]) -> [RollbackBook.Runners] { Self.runners(of: versions, &fleet) }

  private static func runners(of versions: [WorseVersion], _ fleet: inout Fleet) -> [RollbackBook.Runners] {
    var found = versions.map { _ in RollbackBook.Runners() }
    let places = Dictionary(zip(versions.map { ExactText($0.role) }, versions.indices)) { first, _ in first }
    for case let profile? in fleet.agents.profiles where profile.state != .stopped {
      guard let place = places[ExactText(profile.role)] else { continue }
      found[place].add(profile.id, runs: profile.traits[.version].isExactly(versions[place].worse))
    }
    return found
  }

  /// Where the agent of an event stands; nil if nobody knows it.
  func position(of event: borrowing Event) -> Int? { fleet.position(of: event.agentID) }

  func level(of metric: Metric, at position: Int) -> Double? { fleet.limits(ofAgentAt: position)[metric]?.medium }

  func level(of place: MetricPlace, at position: Int) -> Double? { fleet.limits(ofAgentAt: position)[place]?.medium }
}

extension EventProcessor: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .alert(let alert): fleet.setAlert(alert)
    case .record(let agent, let record, let restart): take(record, of: agent, restart)
    case .unheard(let start, let end): fleet.applyGap(from: start, to: end, count: nil)
    case .alertsSaved, .schedule, .automation, .proposalEnded, .notices, .queueHands, .conversations, .maintenance:
      break
    }
  }

  private func take(_ record: AgentRecord?, of agent: AgentID, _ restart: ConfirmedRestart?) {
    let before = fleet[agent]?.profile.record
    if let record { fleet.setRecord(record, of: agent) }
    if let restart { return mark(agent, Self.change(by: restart)) }
    guard let before, let record, before.version != record.version else { return }
    if let change = Self.change(from: before, to: record) { mark(agent, change) }
  }

  /// Tells of a change of an agent that may explain a trouble.
  func mark(_ agent: AgentID, _ change: AgentInsight.Change) {
    if let position = fleet.position(of: agent) { marked(position, change) }
  }

  /// What was done to an agent, as a mark on its charts; nil if nothing that shows there was.
  private static func change(from before: AgentRecord, to after: AgentRecord) -> AgentInsight.Change? {
    guard let author = after.updatedBy else { return nil }
    var what: [String] = []
    // That its record leaves `restarting` confirms nothing: the restart may have been given up.
    if after.state != before.state { what.append(after.state.rawValue) }
    if after.replicas != before.replicas {
      what.append(after.replicas.map { "\($0) replicas" } ?? "replicas as before")
    }
    if after.rateLimit != before.rateLimit {
      what.append(after.rateLimit.map { $0 == 0 ? "no rate limit" : "rate limit \($0) a minute" } ?? "no rate limit")
    }
    if after.backup != before.backup { what.append(after.backup.map { "backup \($0)" } ?? "no backup") }
    return what.isEmpty ? nil : change(what, by: author, at: after.updatedAt ?? .epoch)
  }

  /// By the restart alone, so that one that is told twice makes the same mark.
  private static func change(by restart: ConfirmedRestart) -> AgentInsight.Change {
    change([AgentInsight.Change.restarted], by: restart.author, at: restart.at)
  }

  private static func change(_ what: [String], by author: String, at instant: Instant) -> AgentInsight.Change {
    let words = "\(what.joined(separator: ", ")) by \(author)".clipped(toBytes: TextBound.words)
    return AgentInsight.Change(kind: author.hasPrefix("rule/") ? "rule" : "operator", detail: words, at: instant)
  }
}
