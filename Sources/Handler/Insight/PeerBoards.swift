import FleetModel
import Insight

/// What each role does, looked at once a minute, one role a turn.
struct PeerBoards {
  private var boards: [String: PeerBoard] = [:]
  /// Roles that are still to be looked at in this round.
  private var roles: [(role: String, positions: [Int])] = []
  /// The minute in which the last round began.
  private var round: Int64?

  /// What the agents of a role do; of agents without a role, and of a role of few, nothing is compared.
  subscript(role: String) -> PeerBoard {
    role.isEmpty ? PeerBoard() : boards[role] ?? (round == nil ? .pending : PeerBoard())
  }

  /// Looks at the next role, or begins a round if one is due.
  mutating func look(at present: Instant, _ agents: WatchedAgents) {
    if let next = roles.popLast() {
      let readings = next.positions.lazy.compactMap { agents[$0]?.watch }.flatMap { $0.readings(at: present) }
      boards[next.role] = PeerBoard(of: readings)
      return
    }
    // At the beginning of a minute: then nearly all have reported the one before.
    let minute = present.milliseconds / 60_000
    guard minute != round else { return }
    round = minute
    let groups = Dictionary(grouping: agents.positions) { agents[$0]?.role ?? "" }
    roles = groups.filter { !$0.key.isEmpty && $0.value.count >= PeerGroup.least }
      .map { (role: $0.key, positions: $0.value) }
    boards = boards.filter { groups[$0.key] != nil }
    for (role, _) in roles where boards[role] == nil { boards[role] = .pending }
  }
}
