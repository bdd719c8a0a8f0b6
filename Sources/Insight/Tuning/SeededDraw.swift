import FleetModel

/// Draws that follow from a seed: whoever takes over a handler draws the same.
struct SeededDraw: Sendable {
  private let seed: UInt64

  /// - Parameter number: another one for each draw from the same seed.
  init(seed: UInt64, _ number: Int) { self.seed = Self.mix(seed ^ Self.mix(UInt64(bitPattern: Int64(number)))) }

  /// A fair coin.
  func coin(round: Int, of agent: AgentID) -> Bool {
    Self.mix(rank(of: agent) ^ Self.mix(UInt64(bitPattern: Int64(round)))) >> 63 == 1
  }

  /// Where an agent stands among others.
  func rank(of agent: AgentID) -> UInt64 {
    // FNV-1a, then mixed: ids that differ in their last digit alone stand far from each other.
    Self.mix(agent.bytes.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }

  /// The same as a part of all, 0..<1.
  func part(of agent: AgentID) -> Double { Double(rank(of: agent) >> 11) * 0x1p-53 }

  /// So many of the agents.
  func draw(_ count: Int, of agents: [AgentID]) -> [AgentID] {
    Array(agents.map { (rank: rank(of: $0), agent: $0) }.sorted { $0.rank < $1.rank }.prefix(count).map(\.agent))
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var random = SeededRandom(seed: value)
    return random.next()
  }
}
