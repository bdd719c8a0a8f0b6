import FleetModel
import Screen

/// The rows of each pane in their order, kept apart from the fleet so that nothing moves under the cursor: they are put
/// in order anew only while the operator's hands are off the keys.
struct PaneLists: Sendable {
  /// Rows by pane.
  private(set) var rows = [[RowID]](repeating: [], count: PaneID.allCases.count)
  var orderedAt = Instant.epoch
  private var fleetSize = -1
  /// Where agents stand in the order of their names, by position, and of which revision of those that is.
  private var nameRanks: [Int32] = []
  private var namesRevision = -1
  /// What the lists in order of time were made of last.
  private var followed: Followed?
  private var filter = ""

  private struct Followed: Equatable {
    var incidents: Int
    var commands: Int
    var names: Int
    var filter: String
  }

  /// Between two reorderings.
  static let rest = TimeSpan.seconds(2)
  /// How long after a key the order is left alone.
  static let handsOff = TimeSpan.seconds(4)

  subscript(pane: PaneID) -> [RowID] { rows[pane.rawValue] }

  /// Whether agents have come or gone, or the filter changed, so that rows must be made anew whatever the operator does.
  func isOutdated(_ fleet: Fleet, filter: String) -> Bool { fleetSize != fleet.count || self.filter != filter }

  mutating func order(_ fleet: Fleet, labels: Labels, filter: String, now: Instant) {
    let positions = Self.matching(fleet, labels, filter)
    if namesRevision != fleet.agents.namesRevision { rankNames(of: fleet, labels) }
    // What the closures hold: a fleet in them would be copied for every agent.
    let (ranks, agents, present) = (nameRanks, fleet.agents, fleet.now)
    func rows(_ order: some Sequence<Int>) -> [RowID] {
      order.compactMap { position in
        guard let id = agents.profiles[position]?.id else { return nil }
        return .agent(id)
      }
    }
    func ranked(_ metric: Metric, isWorseWhenLow: Bool = false) -> [RowID] {
      let valued = positions.compactMap { position in
        agents.value(metric, at: position, within: Fleet.freshness, of: present)
          .map { (badness: isWorseWhenLow ? -$0 : $0, rank: ranks[position], position: position) }
      }
      return rows(
        valued.sorted { $0.badness != $1.badness ? $0.badness > $1.badness : $0.rank < $1.rank }.lazy.map(\.position))
    }
    let troubles = positions.map { (trouble: Trouble(fleet, $0), rank: ranks[$0], position: $0) }
    set(
      .agents,
      rows(
        troubles.sorted { $0.trouble != $1.trouble ? $0.trouble > $1.trouble : $0.rank < $1.rank }.lazy.map(\.position))
    )
    set(.errorRate, ranked(.errorRate))
    set(.traffic, ranked(.messagesPerMinute))
    set(.satisfaction, ranked(.averageRating, isWorseWhenLow: true))
    orderedAt = now
    fleetSize = fleet.count
    self.filter = filter
  }

  private mutating func rankNames(of fleet: Fleet, _ labels: Labels) {
    let names = fleet.agents.profiles.map { $0.map { labels[$0.id] } ?? "" }
    nameRanks = Array(repeating: 0, count: names.count)
    for (rank, position) in names.indices.sorted(by: { names[$0] < names[$1] }).enumerated() {
      nameRanks[position] = Int32(rank)
    }
    namesRevision = fleet.agents.namesRevision
  }

  /// Adds agents that have come and drops those that have left, where they stand: the others stay in their places.
  mutating func patch(_ fleet: Fleet, labels: Labels, filter: String) {
    let matching = Self.matching(fleet, labels, filter).compactMap { position in
      fleet.agents.profiles[position].map { RowID.agent($0.id) }
    }
    let present = Set(matching)
    for pane in [PaneID.agents, .errorRate, .traffic, .satisfaction] {
      rows[pane.rawValue].removeAll { !present.contains($0) }
    }
    let known = Set(self[.agents])
    rows[PaneID.agents.rawValue] += matching.filter { !known.contains($0) }
    fleetSize = fleet.count
    self.filter = filter
  }

  /// Incidents and commands are in order of time, newest first: these lists grow at their head.
  mutating func followTime(_ fleet: borrowing Fleet, filter: String, labels: Labels) {
    let next = Followed(
      incidents: fleet.incidents.additions, commands: fleet.commands.additions, names: fleet.agents.namesRevision,
      filter: filter)
    guard next != followed else { return }
    followed = next
    func matches(_ id: AgentID) -> Bool {
      filter.isEmpty || Self.holds(labels[id], filter) || Self.holds(Labels.idText(id), filter)
    }
    set(
      .security,
      fleet.incidents.security.reversed().lazy.filter { matches($0.agent) }.prefix(RecentIncidents.limit)
        .map { .incident($0.agent, $0.number) })
    set(.commands, fleet.commands.latestKeys.map { .command($0) })
  }

  private mutating func set(_ pane: PaneID, _ list: [RowID]) { rows[pane.rawValue] = list }

  private static func matching(_ fleet: Fleet, _ labels: Labels, _ filter: String) -> [Int] {
    fleet.agents.indices.filter { position in
      guard let agent = fleet.agents.profiles[position] else { return false }
      guard !filter.isEmpty else { return true }
      return holds(labels[agent.id], filter) || holds(Labels.idText(agent.id), filter) || holds(agent.role, filter)
        || holds(agent.state.rawValue, filter)
    }
  }

  private static func holds(_ text: String, _ part: String) -> Bool {
    text.lowercased().contains(part.lowercased())
  }
}
