import FleetModel

@testable import Insight

/// A role of agents whose open conversations follow their shares, looked at every ten seconds.
struct BalancedAgents {
  struct Agent {
    let id: AgentID
    var parameter: TunableParameter
    var share: Double
    var capacity = 16
    /// What is open for a share of 1, of a role in which all take what they declare.
    var demand = 8.0
    /// What is open now: it follows the share by a third a minute.
    var open = 8.0
    var health: Double?
    var responseTime: Double?
    var movedAt: Instant?
    var isFree = true
    /// Whether its share becomes what is decided.
    var follows = true
  }

  var balancer: RoleBalancer
  var agents: [Agent]
  var now = begin
  private(set) var given: [(time: Instant, move: ShareMove)] = []

  static let begin = Instant(milliseconds: 1_700_006_400_000)

  init(_ names: [String], minimum: Double = 0.2, settings: BalanceSettings = BalanceSettings()) {
    balancer = RoleBalancer(settings)
    agents = names.compactMap { name in
      TunableParameter(name: "routing_share", minimum: minimum, maximum: 2, step: 0.1, value: 1).map {
        Agent(id: AgentID(name), parameter: $0, share: 1)
      }
    }
  }

  var moves: [ShareMove] { given.map(\.move) }
  var shares: [Double] { agents.map(\.share) }

  var readings: [LoadReading] {
    agents.map {
      LoadReading(
        agent: $0.id, parameter: $0.parameter, share: $0.share, capacity: $0.capacity, open: $0.open.rounded(),
        health: $0.health, responseTime: $0.responseTime, heardAt: now, movedAt: $0.movedAt,
        isFree: $0.isFree)
    }
  }

  mutating func run(minutes: Int, most: Int = .max, alone: Bool = false) {
    run(looks: minutes * 6, most: most, alone: alone)
  }

  mutating func run(looks: Int, most: Int = .max, alone: Bool = false) {
    for _ in 0..<looks {
      now = now + .seconds(10)
      let sum = shares.reduce(0, +) / Double(agents.count)
      for index in agents.indices {
        let open = agents[index].demand * agents[index].share / sum
        agents[index].open += (open - agents[index].open) / 18
      }
      for move in balancer.look(readings, at: now, most: most, alone: alone) {
        given.append((now, move))
        guard let index = agents.firstIndex(where: { $0.id == move.agent && $0.follows }) else { continue }
        (agents[index].share, agents[index].movedAt) = (move.to, now)
      }
    }
  }
}
