import FleetModel
import Screen

/// The rows of each pane in their order, kept apart from the fleet so that nothing moves under the cursor: they are put
/// in order anew only while the operator's hands are off the keys.
struct PaneLists: Sendable {
  /// Rows by pane.
  private(set) var rows = [[RowID]](repeating: [], count: PaneID.allCases.count)
  var orderedAt = Instant.epoch
  private var fleetSize = -1
  /// What agents are called, by position, and of which revision of the fleet's names that is.
  private var names: [String] = []
  private var namesRevision = -1
  private var filter = ""

  /// Between two reorderings.
  static let rest = TimeSpan.seconds(2)
  /// How long after a key the order is left alone.
  static let handsOff = TimeSpan.seconds(4)

  subscript(pane: PaneID) -> [RowID] { rows[pane.rawValue] }

  /// Whether agents have come or gone, or the filter changed, so that rows must be made anew whatever the operator does.
  func isOutdated(_ fleet: Fleet, filter: String) -> Bool { fleetSize != fleet.count || self.filter != filter }

  mutating func order(_ fleet: Fleet, labels: Labels, filter: String, now: Instant) {
    let positions = Self.matching(fleet, labels, filter)
    let trouble = positions.map { (position: $0, trouble: Trouble(fleet, $0)) }
    if namesRevision != fleet.agents.namesRevision {
      names = fleet.agents.profiles.map { $0.map { labels[$0.id] } ?? "" }
      namesRevision = fleet.agents.namesRevision
    }
    let names = names
    func agentRow(_ position: Int) -> RowID? { fleet.agents.profiles[position].map { .agent($0.id) } }
    func ranked(_ metric: Metric, isWorseWhenLow: Bool = false) -> [RowID] {
      let valued = positions.compactMap { position in
        fleet.agents.value(metric, at: position, within: Fleet.freshness, of: fleet.now).map { (position, $0) }
      }
      return valued.sorted { left, right in
        if left.1 != right.1 { return isWorseWhenLow ? left.1 < right.1 : left.1 > right.1 }
        return names[left.0] < names[right.0]
      }.compactMap { agentRow($0.0) }
    }
    set(
      .agents,
      trouble.sorted { left, right in
        if left.trouble != right.trouble { return left.trouble > right.trouble }
        return names[left.position] < names[right.position]
      }.compactMap { agentRow($0.position) })
    set(.errorRate, ranked(.errorRate))
    set(.traffic, ranked(.messagesPerMinute))
    set(.satisfaction, ranked(.averageRating, isWorseWhenLow: true))
    orderedAt = now
    fleetSize = fleet.count
    self.filter = filter
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
  mutating func followTime(_ fleet: Fleet, filter: String, labels: Labels) {
    func matches(_ id: AgentID) -> Bool {
      filter.isEmpty || Self.holds(labels[id], filter) || Self.holds(Labels.idText(id), filter)
    }
    set(
      .security,
      fleet.incidents.security.reversed().lazy.filter { matches($0.agent) }.prefix(RecentIncidents.limit)
        .map { .incident($0.agent, $0.at, $0.kind) })
    set(.commands, fleet.commands.entries.reversed().prefix(CommandLog.limit).map { .command($0.origin.key) })
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
