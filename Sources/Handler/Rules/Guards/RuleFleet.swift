import Automation
import FleetModel
import Wire

/// What rules know of the fleet: its agents, which of them are healthy, which ones rules have paused, and what rules
/// have given them.
///
/// A class, since it keeps what it has read of Redis.
final class RuleFleet {
  private let session: LeaseSession
  private unowned let knowledge: any FleetKnowledge
  /// The number of the last change when those who are paused were read; nil if they must be read anew.
  private var placesRead: [UInt8]?

  init(session: LeaseSession, knowledge: any FleetKnowledge) {
    self.session = session
    self.knowledge = knowledge
  }

  private var guards: Guards { session.options.runbook.guards }

  /// Who there is, and who of them is well.
  var health: FleetHealth { knowledge.health }

  private var guardCheck: GuardCheck { GuardCheck(guards: guards, input: GuardCheck.Input(health, .none)) }

  /// Whether the fleet is ill, or its metrics have stopped.
  var isIll: Bool { guardCheck.isIll }

  /// What speaks against doing what could make things worse.
  var fault: String? { guardCheck.fleetFault }

  /// Why that is so.
  var reason: String? { guardCheck.fleetReason }

  /// That the fleet is ill or its source silent, with an agent that shows it.
  var finding: (fault: String, agent: AgentID)? {
    if let (words, agent) = knowledge.silentSource { return (words, agent) }
    return fault.flatMap { fault in health.firstInTrouble.map { (fault, $0) } }
  }

  /// How bad an agent's worst alert is.
  func severity(of agent: AgentID) -> Severity { knowledge.worstSeverity(of: agent) }

  /// Where an agent stands in the fleet, and when it was heard first; nil for one that nobody knows.
  func place(of agent: AgentID) -> (position: Int, first: Instant)? {
    knowledge.place(of: agent)
  }

  // MARK: Facts

  /// All that is known when an event is judged.
  func facts(_ trigger: TriggerEvent, _ record: AgentRecord) -> RuleFacts {
    RuleFacts(
      trigger: trigger, agent: knowledge.agent(trigger.agent), record: record, health: health,
      knownBackup: health.backup(of: trigger.agent), now: session.now, feedback: feedback(of: trigger.agent),
      makesDashboards: session.options.makesDashboards,
      metrics: session.options.metrics)
  }

  /// The same by what this handler remembers: what it has not read is not known.
  ///
  /// - Parameter asksForAgent: whether anything of the agent is asked for: all that is known of it is dear to copy.
  func knownFacts(_ trigger: TriggerEvent, asksForAgent: Bool) -> RuleFacts {
    RuleFacts(
      trigger: trigger, agent: asksForAgent ? knowledge.agent(trigger.agent) : nil, record: AgentRecord(),
      health: health, knownBackup: nil, now: session.now, makesDashboards: session.options.makesDashboards,
      metrics: session.options.metrics)
  }

  /// What its users said lately, if they were unhappy.
  private func feedback(of agent: AgentID) -> [Incident] {
    knowledge.latestFeedback(of: agent, atMost: RuleAction.mostOfEach)
  }

  // MARK: Whom rules have paused

  /// What is to be read before a rule pauses an agent.
  func ledger(of agent: AgentID) -> PauseQuota {
    PauseQuota(agent, at: session.now, keys: session.keys, knowsPlaces: placesRead != nil)
  }

  /// Takes what a ledger has found.
  ///
  /// - Returns: whether it is all; otherwise somebody else has paused an agent or let go of one, and it is read again.
  func take(_ ledger: PauseQuota) -> Bool {
    if let places = ledger.places {
      health.setHeld(places)
      placesRead = ledger.changes
      return true
    }
    if ledger.changes != placesRead { placesRead = nil }
    return placesRead != nil
  }

  /// An agent's place was taken, by a transaction that went ahead by this ledger.
  func reserved(_ agent: AgentID, until end: Instant, _ ledger: PauseQuota) {
    guard placesRead == ledger.changes else {
      placesRead = nil
      return
    }
    placesRead = ledger.nextChanges
    health.setPaused(agent, until: end)
  }
}
