import FleetModel
import Simulation

/// What was said of troubles of which the truth is known: found, how soon, how far ahead, and what was said for nothing.
struct ForesightScore {
  /// What was said of the troubles of one scenario. An agent in trouble counts for itself.
  struct Tally {
    var agents = 0
    var found = 0
    /// From when an agent began to feel its trouble until the first word about it, in seconds.
    var delays = Rounds()
    /// Agents whose metric crosses its level, and the minutes between the first forecast and that.
    var crossings = 0
    var leads = Rounds()
    /// The minutes between the first word of any kind and that.
    var warnings = Rounds()
  }

  private(set) var tallies: [Scenario: Tally] = [:]
  /// Words of foresight's own about agents in trouble, and about others.
  private(set) var right = 0
  private(set) var falseAlarms: [ForesightAlarm.Kind: Int] = [:]
  /// Of how long these are, after the first day.
  private(set) var agentWeeks = 0.0
  /// False alarms on the first day of an agent, while it is learnt what is usual, and of how many agents.
  private(set) var firstDay = (falseAlarms: 0, agents: 0)
  /// How much later than it had to silence was noticed, in seconds, and how many never were.
  private(set) var silenceDelays = Rounds()
  private(set) var silencesMissed = 0
  /// Troubles with a common cause, those whose cause was named right, and causes that were named for nothing.
  private(set) var correlated = 0
  private(set) var named = 0
  private(set) var wrongClaims = 0
  private(set) var namingDelays = Rounds()

  /// What is said so long after a trouble is about its end.
  static let after = TimeSpan.minutes(15)
  /// A season is known no sooner.
  private static let learning = TimeSpan.days(1)

  /// Adds a run of a fleet.
  ///
  /// - Parameters:
  ///   - limits: by which a metric crosses its level.
  ///   - interval: how far apart agents report.
  mutating func add(
    _ troubles: [PlannedTrouble], of fleet: ScenarioFleet, alarms: [ForesightAlarm], claims: [ForesightClaim],
    from start: Instant, lasting span: TimeSpan, limits: Limits = Limits()
  ) {
    let known = max(.zero, (start + span) - (start + Self.learning))
    agentWeeks += Double(fleet.count) * Double(known.milliseconds) / Double(TimeSpan.days(7).milliseconds)
    firstDay.agents += fleet.count
    let byAgent = Dictionary(grouping: alarms) { $0.agent }
    for trouble in troubles {
      for (place, agent) in trouble.agents.enumerated() {
        let own = (byAgent[agent] ?? []).filter { trouble.begins <= $0.at && $0.at < trouble.ends + Self.after }
        judge(trouble, place, agent, own, fleet, limits)
      }
      judgeCause(of: trouble, claims)
    }
    for alarm in alarms where alarm.kind.isForesight {
      if troubles.contains(where: { Self.explains($0, alarm) }) {
        right += 1
      } else if alarm.at < start + Self.learning {
        firstDay.falseAlarms += 1
      } else {
        falseAlarms[alarm.kind, default: 0] += 1
      }
    }
    wrongClaims += claims.count { claim in
      !troubles.contains { Self.explains($0, claim) }
    }
  }

  static func explains(_ trouble: PlannedTrouble, _ claim: ForesightClaim) -> Bool {
    trouble.cause == claim.cause && trouble.begins <= claim.at && claim.at < trouble.ends + after
  }

  static func explains(_ trouble: PlannedTrouble, _ alarm: ForesightAlarm) -> Bool {
    trouble.agents.contains(alarm.agent) && trouble.begins <= alarm.at && alarm.at < trouble.ends + after
  }

  private mutating func judge(
    _ trouble: PlannedTrouble, _ place: Int, _ agent: AgentID, _ alarms: [ForesightAlarm], _ fleet: ScenarioFleet,
    _ limits: Limits
  ) {
    var tally = tallies[trouble.scenario] ?? Tally()
    defer { tallies[trouble.scenario] = tally }
    tally.agents += 1
    let onset = trouble.onset(place)
    let first = alarms.filter { $0.at >= onset }.map(\.at).min()
    if let first {
      tally.found += 1
      tally.delays.add(Self.seconds(first - onset))
    }
    if trouble.scenario == .silentAgents { judgeSilence(alarms, agent, trouble, fleet) }
    let level = trouble.metric.flatMap { limits[$0]?.medium }
    guard let level, let crosses = fleet.crossing(of: trouble, agent, level: level) else { return }
    tally.crossings += 1
    let forecasts = alarms.filter { $0.kind == .forecast && $0.metric == trouble.metric?.field && $0.at < crosses }
    if let forecast = forecasts.map(\.at).min() { tally.leads.add(Self.seconds(crosses - forecast) / 60) }
    if let first, first < crosses { tally.warnings.add(Self.seconds(crosses - first) / 60) }
  }

  /// Silence counts from the last report on: three intervals, at least half a minute, must pass.
  private mutating func judgeSilence(
    _ alarms: [ForesightAlarm], _ agent: AgentID, _ trouble: PlannedTrouble, _ fleet: ScenarioFleet
  ) {
    let before = fleet.events(from: trouble.begins - fleet.interval * 2, to: trouble.begins)
    guard let last = before.last(where: { $0.event.agent == agent })?.at else { return }
    let due = last + max(fleet.interval * 3, .seconds(30))
    guard due < trouble.ends else { return }
    guard let noticed = alarms.filter({ $0.kind == .silence }).map(\.at).min() else {
      silencesMissed += 1
      return
    }
    silenceDelays.add(Self.seconds(noticed - due))
  }

  private mutating func judgeCause(of trouble: PlannedTrouble, _ claims: [ForesightClaim]) {
    guard let cause = trouble.cause else { return }
    correlated += 1
    let first = claims.first { trouble.begins <= $0.at && $0.at < trouble.ends }
    guard let first, first.cause == cause else { return }
    named += 1
    namingDelays.add(Self.seconds(first.at - trouble.begins))
  }

  private static func seconds(_ span: TimeSpan) -> Double { Double(span.milliseconds) / 1000 }

  // MARK: Sums

  /// The share of foresight's own words that were about agents in trouble; nil if there were none.
  var precision: Double? {
    let all = right + falseAlarms.values.reduce(0, +)
    return all == 0 ? nil : Double(right) / Double(all)
  }

  var falseAlarmsPerAgentWeek: Double {
    agentWeeks == 0 ? 0 : Double(falseAlarms.values.reduce(0, +)) / agentWeeks
  }

  /// The share of gradual failures that a forecast announced at least ten minutes ahead.
  var announced: Double? {
    guard let leak = tallies[.slowLeak], leak.crossings > 0 else { return nil }
    return Double(leak.leads.values.count { $0 >= 10 }) / Double(leak.crossings)
  }

  /// The share of troubles with a common cause whose cause was named right.
  var namedRight: Double? { correlated == 0 ? nil : Double(named) / Double(correlated) }
}
