import FleetModel
import Insight

/// A role that a seed draws, and what befalls it: routed in each way with the same agents and the same conversations.
package struct RoutingTrial {
  package enum Scenario: String, CaseIterable, Sendable {
    /// All agents have the same room, and conversations last as long with each.
    case alike
    /// Room for 4, 8 or 16, and conversations that last 0.75 to 1.35 times as long: which nobody declares.
    case mixed
    /// The same, and a share of 1 is declared by all, whatever their room.
    case undeclared
    /// Mixed; an agent answers four times as late for an hour and a half, and its conversations last twice as long.
    case slow
    /// Mixed; an agent fails 60 of 100 conversations for an hour and a half. Customers come again after ten seconds.
    case ill
    /// Mixed; what comes grows by 40 of 100 at once.
    case step
    /// Mixed; what comes grows by 50 of 100 within an hour.
    case ramp
    /// Mixed; what comes swings by 30 of 100 to either side every hour.
    case sine
  }

  package struct Outcome: Equatable, Sendable {
    /// Seconds until the first answer.
    package var percentile95: Double
    package var mean: Double
    /// Attempts that failed.
    package var failures: Int
    /// Of shares.
    package var moves = 0
    package var reversals = 0
  }

  package static let agents = 8
  package static let hours = 3
  /// When trouble begins and ends, in seconds.
  package static let trouble = 3600.0..<9000.0

  package let scenario: Scenario
  package let seed: UInt64
  private let busy: Double
  private let noise: RoutedRole.Noise
  package let fleet: [RoutedAgent]

  /// - Parameter busy: what comes at first, of what the agents can do when they are well.
  package init(_ scenario: Scenario, seed: UInt64, busy: Double = 0.6, noise: RoutedRole.Noise = RoutedRole.Noise()) {
    (self.scenario, self.seed, self.busy, self.noise) = (scenario, seed, busy, noise)
    var random = SeededRandom(seed: seed ^ 0x524F_5554)
    let what: RoutedAgent.Trouble? =
      switch scenario {
      case .slow: .slow(answers: 4, conversations: 2)
      case .ill: .ill(failing: 0.6)
      case .alike, .mixed, .undeclared, .step, .ramp, .sine: nil
      }
    fleet = (0..<Self.agents).map { agent in
      let (room, pace) = ([4, 8, 8, 16][Int(random.unit() * 4)], 0.75 + 0.6 * random.unit())
      if scenario == .alike { return RoutedAgent(capacity: 8) }
      return RoutedAgent(
        capacity: agent == 0 ? 8 : room, pace: pace, declared: scenario == .undeclared ? 1 : nil,
        trouble: agent == 0 ? what.map { (Self.trouble.lowerBound, Self.trouble.upperBound, $0) } : nil)
    }
  }

  private var load: RoutedLoad {
    switch scenario {
    case .step: .step(at: 5400, times: 1.4)
    case .ramp: .ramp(from: 3600, to: 7200, times: 1.5)
    case .sine: .sine(period: 3600, part: 0.3)
    case .alike, .mixed, .undeclared, .slow, .ill: .steady
    }
  }

  package func run(_ routing: Routing) -> Outcome {
    if routing.followsShares {
      let balanced = balance(routing)
      var outcome = Outcome(balanced.role)
      (outcome.moves, outcome.reversals) = (balanced.moves.count, balanced.reversals)
      return outcome
    }
    var role = role(routing)
    role.run(seconds: Double(Self.hours) * 3600) { role, _ in role.agents.map(\.share) }
    return Outcome(role)
  }

  /// The whole course of a routing that follows shares.
  package func balance(_ routing: Routing = .shares) -> BalancedRole {
    var balanced = BalancedRole(role(routing))
    balanced.run(seconds: Double(Self.hours) * 3600)
    return balanced
  }

  private func role(_ routing: Routing) -> RoutedRole {
    RoutedRole(fleet, routing: routing, busy: busy, load: load, noise: noise, seed: seed)
  }
}

extension RoutingTrial.Outcome {
  fileprivate init(_ role: RoutedRole) {
    percentile95 = role.percentile(95)
    mean = role.responses.reduce(0, +) / Double(max(1, role.responses.count))
    failures = role.failures
  }
}
