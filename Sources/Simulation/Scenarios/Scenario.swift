import FleetModel

/// A kind of trouble of which the simulation knows the truth: whom it befalls, when, and by what.
package enum Scenario: String, CaseIterable, Sendable {
  /// One agent's answers take longer and longer, until they take too long.
  case slowLeak = "slow-leak"
  /// The hours of the day differ more than on other days, and nobody is ill.
  case seasonalLoad = "seasonal-load"
  /// One agent fails, and those that depend on it follow, minutes apart. They have nothing else in common.
  case cascade
  /// A third of the agents get a new version, and fail with it.
  case badDeploy = "bad-deploy"
  /// All agents of one provider fail and are slow at once.
  case providerOutage = "provider-outage"
  /// One role has twice as much to do for a while, which is load; one agent of another role is apart from its peers.
  case correlatedRoles = "correlated-roles"
  /// Some agents stop to report.
  case silentAgents = "silent-agents"
  /// One agent calls its tools again and again, and uses up tokens.
  case runaway

  /// Which part of its slot a trouble lasts: at least, and at most.
  var lasts: ClosedRange<Double> {
    switch self {
    case .slowLeak: 0.4...0.8
    case .seasonalLoad: 1...1
    case .cascade, .badDeploy: 0.1...0.15
    case .providerOutage: 0.08...0.12
    case .correlatedRoles: 0.2...0.4
    case .silentAgents: 0.05...0.1
    case .runaway: 0.08...0.1
    }
  }
}
