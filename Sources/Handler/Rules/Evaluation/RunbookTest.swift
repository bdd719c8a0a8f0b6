import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What rules would have made of recorded events: nothing is done, and nobody is asked.
///
/// Time is the events' own; what rules remember is kept here. Records of agents are as nobody had acted, since nothing is.
package struct RunbookTest {
  /// What one rule made of one event.
  package struct Finding: Equatable {
    package var at: Instant
    package var event: String
    package var agent: AgentID
    package var rule: String
    package var decision: Decision
    /// What would be done.
    package var ruleActions: [PlannedAction]
  }

  private let runbook: Runbook
  private let mode: AutomationMode
  private let decoder = EventDecoder()
  private var fleet = Fleet(seed: 1, keepsHistory: false, tracksAgentChanges: true)
  private let health = FleetHealth()
  private var memories: [ExactText: RuleHistory] = [:]
  private var acted: [ExactText: [Instant]] = [:]
  private var asked: [ExactText: Instant] = [:]
  private var occurrences: [ExactText: [Instant]] = [:]
  /// What rules have acted on and has not cleared since: agent → rule → the event.
  private var uncleared: [AgentID: [String: TriggerEvent]] = [:]
  /// Until when what rules with `clear` have proposed stands.
  private var proposed: [ExactText: Instant] = [:]

  /// - Parameter mode: what the fleet-wide switch is taken to say.
  package init(_ runbook: Runbook, mode: AutomationMode = .on) {
    self.runbook = runbook
    self.mode = mode
  }

  /// Takes the next event, a line of a recording.
  ///
  /// - Returns: what each rule that concerns it made of it, those that did not match included.
  package mutating func take(_ line: UnsafeRawBufferPointer) throws(Unreadable) -> [Finding] {
    let (event, id) = try EventLine.decode(line, using: decoder)
    let before = fleet[event.agentID]
    let trigger = TriggerEvent(
      event, id ?? StreamID(milliseconds: UInt64(max(0, event.receivedAt.milliseconds))), before: before)
    fleet.apply(event)
    clear(event.agentID, at: event.receivedAt)
    guard let trigger else { return [] }
    return runbook.rules(on: trigger.type).map { judge($0, trigger) }
  }

  private mutating func judge(_ rule: Rule, _ trigger: TriggerEvent) -> Finding {
    let now = trigger.receivedAt
    let facts = facts(trigger, at: now)
    let circumstances = DecisionContext(mode: mode, now: now, age: .zero, actWithin: .minutes(1))
    let first = Planner(rule, memory(rule, trigger.agent, at: now), circumstances).decide(rule.judge(facts))
    let guardCheck = GuardCheck(guards: runbook.guards, input: GuardCheck.Input(facts, nil))
    let planned = rule.ruleActions.planned(for: trigger.agent, facts)
    let actions = first.course == .propose ? guardCheck.asking(planned) : guardCheck.filter(planned)
    let decision = actions.kept(first)
    remember(rule, trigger, decision, at: now)
    return Finding(
      at: now, event: "\(trigger.entry)", agent: trigger.agent, rule: rule.id, decision: decision,
      ruleActions: decision.course == .propose ? actions.asked : actions.ruleActions)
  }

  private mutating func facts(_ trigger: TriggerEvent, at now: Instant) -> RuleFacts {
    health.update(&fleet, at: now, silence: runbook.guards.silence)
    return RuleFacts(
      trigger: trigger, agent: fleet[trigger.agent], record: AgentRecord(), health: health,
      knownBackup: health.backup(of: trigger.agent), now: now)
  }

  /// Looks whether the trouble is over that rules have acted on.
  private mutating func clear(_ agent: AgentID, at now: Instant) {
    for (name, trigger) in uncleared[agent] ?? [:] {
      guard let clear = runbook.rule(name)?.clear else { continue }
      if clear.judge(facts(trigger, at: now)).holds { uncleared[agent]?[name] = nil }
    }
  }

  // MARK: What rules remember

  private func key(_ rule: Rule, _ agent: AgentID, _ scope: Rule.Scope) -> ExactText {
    switch scope {
    case .agent: ExactText("\(rule.id)/\(agent.escapedText)")
    case .rule: ExactText(rule.id)
    case .fleet: ExactText("")
    }
  }

  private func memory(_ rule: Rule, _ agent: AgentID, at now: Instant) -> RuleHistory {
    func times(_ list: [Instant]?, _ count: Rule.Count?) -> [Instant] {
      count.map { count in (list ?? []).filter { now - $0 < count.within } } ?? []
    }
    var memory = RuleHistory(
      throttles: rule.throttle.map { throttle in
        let key = key(rule, agent, throttle.per)
        return throttle.onceAfter == nil ? acted[key]?.last : asked[key]
      })
    memory.occurrences = times(occurrences[key(rule, agent, .agent)], rule.for)
    memory.actedOnAgent = times(acted[key(rule, agent, .agent)], rule.limits.perAgent)
    memory.isUncleared = uncleared[agent]?[rule.id] != nil
    memory.isProposed = proposed[key(rule, agent, .agent)].map { now < $0 } ?? false
    memory.acted = times(acted[key(rule, agent, .rule)], rule.limits.rate)
    return memory
  }

  private mutating func remember(_ rule: Rule, _ trigger: TriggerEvent, _ decision: Decision, at now: Instant) {
    let scopes = [Rule.Scope.agent, .rule].map { key(rule, trigger.agent, $0) }
    // The fleet's throttles are shared by those rules that have one.
    func keys(_ isOfFleet: (Rule.Throttle) -> Bool) -> [ExactText] {
      scopes + (rule.throttle.contains { $0.per == .fleet && isOfFleet($0) } ? [key(rule, trigger.agent, .fleet)] : [])
    }
    let (acting, asking) = (keys { $0.onceWithin != nil }, keys { $0.onceAfter != nil })
    switch decision.course {
    case .act, .propose, .dryRun:
      for key in acting { acted[key, default: []].append(now) }
      for key in asking { asked[key] = now }
      occurrences[scopes[0]] = []
      guard rule.clear != nil else { break }
      if decision.course == .act { uncleared[trigger.agent, default: [:]][rule.id] = trigger }
      if decision.course == .propose { proposed[scopes[0]] = now + rule.approval.lifetime }
    case .suppression(.counting), .suppression(.throttled):
      occurrences[scopes[0], default: []].append(now)
      for key in asking { asked[key] = now }
    case .suppression: break
    }
  }
}
