import FleetModel

/// A kind of trouble that the simulation can make.
package enum SimulatedIncident: String, CaseIterable, Sendable {
  /// A quarter of the answers fail, and its metrics alone say so: no rule is about those, so that it is left to a person.
  /// A pause or a restart ends it.
  case badRelease = "bad-release"
  /// Many answers fail and take long; a restart cures it.
  case errorStorm = "error-storm"
  /// Three times the messages: the queue grows until replicas, a limit or a backup take it on.
  case trafficSpike = "traffic-spike"
  /// Ratings fall; a restart or somebody who steps in (an escalation) turns them.
  case unhappyUsers = "unhappy-users"
  /// Log-in attempts from a few addresses; blocking all of them stops it.
  case intrusion
  /// Its health falls, and nothing else says so yet; a restart cures it.
  case leak
}

/// Which incidents there are to be.
package enum IncidentPlan: Equatable, Sendable {
  case none
  /// These, from the start and until somebody cures them.
  case fixed([SimulatedIncident])
  /// One after the other on changing agents, each for a while.
  case automatic
}

/// An incident that has befallen an agent.
struct Outbreak: Equatable, Sendable {
  let incident: SimulatedIncident
  let agent: AgentID
  let since: Instant
  /// When it ends without anybody's doing; nil for never.
  let until: Instant?
  /// Where the attempts of an intrusion come from.
  var addresses: [String] = []
  /// When it makes its next event of its own.
  var nextReport: Instant
  var reports = 0

  /// How often it makes one.
  var interval: TimeSpan {
    switch incident {
    case .errorStorm, .trafficSpike: .seconds(3)
    case .unhappyUsers, .intrusion, .leak, .badRelease: .seconds(4)
    }
  }
}
