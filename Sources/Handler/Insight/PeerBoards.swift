import FleetModel
import Insight

/// What each role does, looked at once a minute, one role a turn.
struct PeerBoards {
  private var boards: [String: PeerBoard] = [:]
  /// Roles that are still to be looked at in this round.
  private var roles: [(role: String, positions: [Int])] = []
  private var lookedAt = Instant.epoch

  private static let every = TimeSpan.minutes(1)

  /// What the agents of a role do; of agents without a role nothing is compared.
  subscript(role: String) -> PeerBoard { boards[role] ?? PeerBoard() }

  /// Looks at the next role, or begins a round if one is due.
  mutating func look(at present: Instant, _ agents: WatchedAgents) {
    if let next = roles.popLast() {
      let readings = next.positions.lazy.compactMap { agents[$0]?.watch }.flatMap { $0.readings(at: present) }
      boards[next.role] = PeerBoard(of: readings)
      return
    }
    guard (present - lookedAt).magnitude >= Self.every else { return }
    lookedAt = present
    let groups = Dictionary(grouping: agents.positions) { agents[$0]?.role ?? "" }
    roles = groups.filter { !$0.key.isEmpty && $0.value.count >= PeerGroup.least }
      .map { (role: $0.key, positions: $0.value) }
    boards = boards.filter { groups[$0.key] != nil }
  }
}
