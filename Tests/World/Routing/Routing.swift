/// How the agent is chosen that a new conversation goes to, and what whoever chooses sees.
package enum Routing: CaseIterable, Sendable {
  /// One after the other. Sees nothing.
  case roundRobin
  /// In proportion to the room that each declares (smooth weighted round robin). Sees what agents declare.
  case byRoom
  /// Who has the fewest conversations, as agents last told: late and with noise.
  case leastTold
  /// Who has the fewest for its room, as agents last told: late and with noise.
  case leastToldForRoom
  /// Who has the fewest at this moment: the router counts itself, and makes no mistake.
  case leastCounted
  /// Who has the fewest for its room at this moment: counted without a mistake.
  case leastCountedForRoom
  /// In proportion to the shares that vigia sets (smooth weighted round robin). Vigia sees what agents last told: late and
  /// with noise.
  case shares
  /// Who has the fewest for its share at this moment: the router counts, vigia sets the shares.
  case leastCountedForShare

  /// Whether shares matter.
  package var followsShares: Bool { self == .shares || self == .leastCountedForShare }
}
