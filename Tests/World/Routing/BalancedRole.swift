import FleetModel
import Insight

/// A routed role whose shares vigia's balancer sets, and how they went.
package struct BalancedRole {
  package private(set) var role: RoutedRole
  private var balancer: RoleBalancer
  private let settings: BalanceSettings
  private let takeovers: [Double]
  private let parameters: [TunableParameter]
  /// The shares after each look, one every ten seconds.
  package private(set) var course: [[Double]] = []
  package private(set) var moves: [(second: Double, agent: Int, move: ShareMove)] = []

  /// A move that goes against one that is no older is a reversal, in seconds.
  package static let reversal = 1800.0

  /// - Parameter takeovers: the seconds at which another handler goes on, which knows nothing but the shares.
  package init(_ role: RoutedRole, settings: BalanceSettings = BalanceSettings(), takeovers: [Double] = []) {
    (self.role, self.settings, self.takeovers, balancer) = (role, settings, takeovers, RoleBalancer(settings))
    parameters = role.agents.compactMap {
      TunableParameter(name: "routing_share", minimum: 0.1, maximum: 4, step: 0.1, value: $0.declared)
    }
    precondition(parameters.count == role.agents.count, "an agent declares a share that is none")
  }

  package mutating func run(seconds: Double) {
    var role = role
    role.run(seconds: seconds) { role, second in
      if takeovers.contains(where: { $0 <= second && $0 > second - RoutedRole.tells }) {
        balancer = RoleBalancer(settings)
      }
      var shares = role.agents.map(\.share)
      for move in balancer.look(readings(role), at: Self.instant(second)) {
        guard let agent = role.agents.indices.first(where: { Self.id($0) == move.agent }) else { continue }
        moves.append((second, agent, move))
        shares[agent] = move.to
      }
      course.append(shares)
      return shares
    }
    self.role = role
  }

  /// Moves of an agent against its move before.
  package var reversals: Int {
    var last: [Int: (second: Double, change: Double)] = [:]
    return moves.count { second, agent, move in
      defer { last[agent] = (second, move.to - move.from) }
      guard let before = last[agent], second - before.second < Self.reversal else { return false }
      return before.change * (move.to - move.from) < 0
    }
  }

  private func readings(_ role: RoutedRole) -> [LoadReading] {
    role.agents.indices.compactMap { agent in
      role.told[agent].map { told in
        LoadReading(
          agent: Self.id(agent), parameter: parameters[agent], share: role.agents[agent].share,
          capacity: role.agents[agent].capacity, open: told.open, waiting: told.waiting, health: told.health,
          responseTime: told.responseTime, heardAt: Self.instant(told.at))
      }
    }
  }

  private static func id(_ agent: Int) -> AgentID { AgentID("agent-\(agent)") }

  private static func instant(_ second: Double) -> Instant {
    Instant(milliseconds: 1_700_000_000_000 + Int64(second * 1000))
  }
}
