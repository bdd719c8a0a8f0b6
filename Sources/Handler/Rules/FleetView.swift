import Automation
import FleetModel
import Wire

/// What rules go by of the fleet: its agents, who of them is well, and what rules have given them.
///
/// A class, since the count of a large fleet is kept for a while.
final class FleetView {
  private let term: Term
  /// Whose fleet it is: asked in place, for a copy of a fleet is dear.
  private unowned let judge: EventJudge
  private var counted: (census: Census, at: Instant)?
  /// How many conversations rules have given to agents that have not sent metrics since.
  private var given: [AgentID: Int] = [:]

  /// How old the census of a large fleet may be; a small one is counted anew each time.
  private static let smallFleet = 200
  private static let censusSpan = TimeSpan.seconds(1)

  init(term: Term, judge: EventJudge) {
    self.term = term
    self.judge = judge
  }

  private var guards: Guards { term.options.runbook.guards }

  /// Who there is, and who of them is well.
  var census: Census {
    if let counted, judge.fleet.count > Self.smallFleet, term.now - counted.at < Self.censusSpan {
      return counted.census
    }
    let fresh = Census(judge.fleet, at: present, silence: guards.silence)
    counted = (fresh, term.now)
    return fresh
  }

  /// Until all events have been read, the time of the last: nobody has stopped who is only not heard yet.
  private var present: Instant {
    guard !term.hasReadEvents, let last = judge.position?.instant else { return term.now }
    return min(last, term.now)
  }

  /// What speaks against acting at all.
  var fault: String? { Guarding(guards: guards, situation: Guarding.Situation(census: census)).fleetFault }

  /// The same, with an agent that shows it.
  var finding: (fault: String, agent: AgentID)? {
    fault.flatMap { fault in census.firstInTrouble.map { (fault, $0) } }
  }

  /// How bad an agent's worst alert is.
  func severity(of agent: AgentID) -> Severity {
    judge.fleet.position(of: agent).flatMap { judge.fleet.alerts(ofAgentAt: $0).first?.record.severity } ?? .low
  }

  // MARK: Facts

  /// All that is known on an occasion.
  func facts(_ occasion: Occasion, _ record: AgentRecord) -> OccasionFacts {
    OccasionFacts(
      occasion: occasion, agent: judge.fleet[occasion.agent], record: record, census: census,
      knownBackup: term.knownBackup(occasion.agent), now: term.now, feedback: feedback(of: occasion.agent),
      given: given,
      makesDashboards: term.options.makesDashboards)
  }

  /// What the event and its agent tell by themselves.
  func ownFacts(_ occasion: Occasion) -> OccasionFacts {
    OccasionFacts(
      occasion: occasion, agent: judge.fleet[occasion.agent], record: AgentRecord(), census: Census(), knownBackup: nil,
      now: term.now)
  }

  /// What its users said lately, where they were unhappy.
  private func feedback(of agent: AgentID) -> [Incident] {
    judge.fleet.incidents.satisfaction.filter { $0.kind == .feedback && $0.agent == agent }.suffix(Deed.mostOfEach)
  }

  // MARK: What rules have given

  func give(to agents: [AgentID]) {
    for agent in agents { given[agent, default: 0] += 1 }
  }

  /// An agent has sent metrics: they tell what rules have given it.
  func measured(_ agent: AgentID) {
    if !given.isEmpty { given[agent] = nil }
  }
}
