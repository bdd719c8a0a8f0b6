import Automation
import FleetModel
import Wire

/// What rules go by of the fleet: its agents, who of them is well, whom rules have paused, and what rules have given them.
///
/// A class, since it keeps what it has read of Redis.
final class FleetView {
  private let term: Term
  /// Whose fleet it is: asked in place, for a copy of a fleet is dear.
  private unowned let judge: EventJudge
  /// The number of the last change when those who are paused were read; nil if they must be read anew.
  private var placesRead: [UInt8]?

  init(term: Term, judge: EventJudge) {
    self.term = term
    self.judge = judge
  }

  private var guards: Guards { term.options.runbook.guards }

  /// Who there is, and who of them is well.
  var health: FleetHealth { judge.health }

  private var guarding: Guarding { Guarding(guards: guards, situation: Guarding.Situation(health, .none)) }

  /// Whether the fleet is ill, or its metrics have stopped.
  var isIll: Bool { guarding.isIll }

  /// What speaks against doing what could make things worse.
  var fault: String? { guarding.fleetFault }

  /// Why that is so.
  var reason: String? { guarding.fleetReason }

  /// The same, with an agent that shows it.
  var finding: (fault: String, agent: AgentID)? {
    fault.flatMap { fault in health.firstInTrouble.map { (fault, $0) } }
  }

  /// How bad an agent's worst alert is.
  func severity(of agent: AgentID) -> Severity {
    judge.fleet.position(of: agent).flatMap { judge.fleet.alerts(ofAgentAt: $0).map(\.record.severity).max() } ?? .low
  }

  /// Where an agent stands in the fleet, and when it was heard first; nil for one that nobody knows.
  func place(of agent: AgentID) -> (position: Int, first: Instant)? {
    judge.fleet.position(of: agent).flatMap { position in firstHeard(at: position).map { (position, $0) } }
  }

  func firstHeard(at position: Int) -> Instant? { judge.fleet.agents.firstHeard(at: position) }

  // MARK: Facts

  /// All that is known on an occasion.
  func facts(_ occasion: Occasion, _ record: AgentRecord) -> OccasionFacts {
    OccasionFacts(
      occasion: occasion, agent: judge.fleet[occasion.agent], record: record, health: health,
      knownBackup: health.backup(of: occasion.agent), now: term.now, feedback: feedback(of: occasion.agent),
      makesDashboards: term.options.makesDashboards)
  }

  /// The same by what this handler remembers: what it has not read is not known.
  ///
  /// - Parameter asksForAgent: whether anything of the agent is asked for: all that is known of it is dear to copy.
  func knownFacts(_ occasion: Occasion, asksForAgent: Bool) -> OccasionFacts {
    OccasionFacts(
      occasion: occasion, agent: asksForAgent ? judge.fleet[occasion.agent] : nil, record: AgentRecord(),
      health: health, knownBackup: nil, now: term.now, makesDashboards: term.options.makesDashboards)
  }

  /// What its users said lately, where they were unhappy.
  private func feedback(of agent: AgentID) -> [Incident] {
    judge.fleet.incidents.satisfaction.filter { $0.kind == .feedback && $0.agent == agent }.suffix(Deed.mostOfEach)
  }

  // MARK: Whom rules have paused

  /// What is to be read before a rule pauses an agent.
  func ledger(of agent: AgentID) -> PauseLedger {
    PauseLedger(agent, at: term.now, keys: term.keys, knowsPlaces: placesRead != nil)
  }

  /// Takes what a ledger has found.
  ///
  /// - Returns: whether it is all; otherwise somebody else has paused an agent or let go of one, and it is read again.
  func take(_ ledger: PauseLedger) -> Bool {
    if let places = ledger.places {
      health.setHeld(places)
      placesRead = ledger.changes
      return true
    }
    if ledger.changes != placesRead { placesRead = nil }
    return placesRead != nil
  }

  /// An agent's place was taken, by a step that went ahead by this ledger.
  func reserved(_ agent: AgentID, until end: Instant, _ ledger: PauseLedger) {
    guard placesRead == ledger.changes else {
      placesRead = nil
      return
    }
    placesRead = ledger.nextChanges
    health.hold(agent, until: end)
  }
}
