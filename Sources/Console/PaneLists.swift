import FleetModel
import Insight
import Screen

/// The rows of each pane in their order, kept apart from the fleet so that nothing moves under the cursor: the pane that
/// has it is put in order anew only while the operator's hands are off the keys.
struct PaneLists: Sendable {
  /// What the rows are made by, besides the fleet.
  struct View {
    var labels: Labels
    var filter: String
    var order: AgentOrder
    var causes: FleetCauses
    /// The headings whose members are shown, by number.
    var openCauses: Set<Int>
  }

  /// Rows by pane.
  private(set) var rows = [[RowID]](repeating: [], count: PaneID.allCases.count)
  /// The agents of their pane in order, those under a heading that is closed included.
  private(set) var agentRows: [RowID] = []
  /// Where they stand in the fleet, and at which of its revisions that was their order.
  private var agentPositions: [Int] = []
  private var agentsRevision = -1
  /// When each pane's rows were put in order last.
  private var orderedAt = [Instant](repeating: .epoch, count: PaneID.allCases.count)
  /// The agents that the filter shows; nil without one.
  private var shown: Set<AgentID>?
  /// How many agents have each role.
  private var roles: [ExactText: Int] = [:]
  private var fleetSize = -1
  /// Where agents stand in the order of their names, by position, and of which revision of those that is.
  private var nameRanks: [Int32] = []
  private var namesRevision = -1
  /// What the lists in order of time were made of last.
  private var followed: Followed?
  /// Which look at queues the rows are of, and whether it put them in order.
  var followedQueues: (at: Instant, isInOrder: Bool)?
  /// Which change of conversations that wait the rows are of, and whether it put them in order.
  var followedWaiting: (revision: Int, isInOrder: Bool)?
  private var filter = ""

  private struct Followed: Equatable {
    var incidents: Int
    var commands: Int
    var names: Int
    var filter: String
    var folding: Folding
  }

  /// Panes with a row an agent.
  static let ofAgents = [PaneID.agents, .errorRate, .traffic, .satisfaction]
  /// Between two reorderings: of a large fleet they cost more, and what moves there are the rows of few.
  private var rest: TimeSpan { .seconds(fleetSize <= 1000 ? 1 : 2) }
  /// How long after a key the order is left alone.
  static let handsOff = TimeSpan.seconds(4)

  subscript(pane: PaneID) -> [RowID] { rows[pane.rawValue] }

  /// How many agents the filter shows.
  var agentCount: Int { agentRows.count }

  /// Whether the filter shows an agent.
  func isShown(_ id: AgentID) -> Bool { shown?.contains(id) ?? true }

  /// Whether agents have come or gone, or the filter changed, so that rows must be made anew whatever the operator does.
  func isOutdated(_ fleet: Fleet, filter: String) -> Bool { fleetSize != fleet.count || self.filter != filter }

  /// The panes whose turn it is to be put in order.
  func due(at now: Instant, except held: PaneID?) -> [PaneID] {
    Self.ofAgents.filter { $0 != held && now - orderedAt[$0.rawValue] >= rest }
  }

  /// Whether a pane has kept its order for longer than usual.
  func isHeld(_ pane: PaneID, at now: Instant) -> Bool { now - orderedAt[pane.rawValue] > rest }

  /// The clock was set back.
  mutating func stepBack(by step: TimeSpan) { orderedAt = orderedAt.map { $0 - step } }

  // MARK: Order

  /// How many agents had a role when the agents were put in order last.
  func count(ofRole role: String) -> Int { roles[ExactText(role)] ?? 0 }

  /// Puts panes in order. Agents that have come or gone, and a new filter, must have been taken in with ``patch``, or all
  /// panes be named.
  mutating func order(_ panes: [PaneID], _ fleet: Fleet, _ view: View, now: Instant) {
    if namesRevision != fleet.agents.namesRevision { rankNames(of: fleet, view.labels) }
    let positions = Self.matching(fleet, view)
    if panes.contains(.agents) { countRoles(of: fleet) }
    for pane in panes {
      set(pane, positions: ordered(pane, positions, fleet, view.order), fleet, view)
      orderedAt[pane.rawValue] = now
    }
    guard panes.count == Self.ofAgents.count else { return }
    note(fleet, view)
  }

  private mutating func note(_ fleet: Fleet, _ view: View) {
    fleetSize = fleet.count
    filter = view.filter
    shown = filter.isEmpty ? nil : Set(agentRows.compactMap { if case .agent(let id) = $0 { id } else { nil } })
  }

  private func ordered(_ pane: PaneID, _ positions: [Int], _ fleet: Fleet, _ order: AgentOrder) -> [Int] {
    switch pane {
    case .agents: agents(positions, fleet, order)
    case .errorRate: ranked(positions, ShownValue.Reading(.errorRate, of: fleet))
    case .traffic: ranked(positions, ShownValue.Reading(.messagesPerMinute, of: fleet))
    case .satisfaction: ranked(positions, ShownValue.Reading(.averageRating, of: fleet, isLowFirst: true))
    case .security, .commands, .queues, .waiting: []
    }
  }

  private func agents(_ positions: [Int], _ fleet: Fleet, _ order: AgentOrder) -> [Int] {
    switch order.key {
    case .trouble: return byTrouble(positions, fleet, isInverted: order.isInverted)
    case .column(.label):
      let sorted = positions.sorted { rank($0) < rank($1) }
      return order.isInverted ? sorted.reversed() : sorted
    case .open(let column):
      let reading = ShownValue.OpenReading(column.name, of: fleet, isLowFirst: !order.isDescending)
      return sort(positions.map { (reading.value(at: $0), $0) }) { $0 < $1 }
    case .column(let column):
      let reading = column.metric.map { ShownValue.Reading($0, of: fleet, isLowFirst: !order.isDescending) }
      return sort(
        positions.map { (reading?.value(at: $0) ?? ShownValue.age(at: $0, fleet, isLowFirst: !order.isDescending), $0) }
      ) { $0 < $1 }
    }
  }

  /// The worst first, and by name those that are equally bad: one number for each holds both.
  private func byTrouble(_ positions: [Int], _ fleet: Fleet, isInverted: Bool) -> [Int] {
    let rankBits = 64 - Trouble.keyBits
    return positions.map { position in
      let key = Trouble(fleet, position).key
      let place = isInverted ? key : (1 << Trouble.keyBits - 1) - key
      return (place: place << rankBits | min(UInt64(rank(position)), 1 << rankBits - 1), position: position)
    }.sorted { $0.place < $1.place }.map(\.position)
  }

  /// Those that have a value of the present, the first to look at first.
  private func ranked(_ positions: [Int], _ reading: ShownValue.Reading) -> [Int] {
    sort(
      positions.compactMap { position in
        let value = reading.value(at: position)
        return value.isOfPresent ? (value, position) : nil
      }
    ) { $0 < $1 }
  }

  /// Positions by what they show; of those that show the same, by name.
  private func sort<Value: Equatable>(
    _ values: [(value: Value, position: Int)], _ precedes: (Value, Value) -> Bool
  ) -> [Int] {
    values.sorted { left, right in
      left.value == right.value
        ? rank(left.position) < rank(right.position) : precedes(left.value, right.value)
    }.map(\.position)
  }

  private func rank(_ position: Int) -> Int32 { nameRanks.indices.contains(position) ? nameRanks[position] : .max }

  private mutating func countRoles(of fleet: Fleet) {
    roles.removeAll(keepingCapacity: true)
    for profile in fleet.agents.profiles {
      if let role = profile?.role, !role.isEmpty { roles[ExactText(role), default: 0] += 1 }
    }
  }

  private mutating func rankNames(of fleet: Fleet, _ labels: Labels) {
    let names = fleet.agents.profiles.map { profile in
      (label: NaturalOrder(profile.map { labels[$0.id] } ?? ""), id: profile?.id.bytes ?? [])
    }
    nameRanks = Array(repeating: 0, count: names.count)
    let sorted = names.indices.sorted { left, right in
      names[left].label == names[right].label
        ? names[left].id.lexicographicallyPrecedes(names[right].id) : names[left].label < names[right].label
    }
    for (rank, position) in sorted.enumerated() { nameRanks[position] = Int32(rank) }
    namesRevision = fleet.agents.namesRevision
  }

  /// So many rows cost nothing to be put in order with every frame.
  private static let few = 100

  /// Puts the rows in view of a pane into the order of what they show now; those of a small fleet all: a large one is put
  /// in order only now and then.
  mutating func settleHead(of pane: PaneID, count: Int, _ fleet: Fleet) {
    let reading: ShownValue.Reading
    switch pane {
    case .errorRate: reading = .init(.errorRate, of: fleet)
    case .traffic: reading = .init(.messagesPerMinute, of: fleet)
    case .satisfaction: reading = .init(.averageRating, of: fleet, isLowFirst: true)
    case .agents, .security, .commands, .queues, .waiting: return
    }
    let count = self[pane].count <= Self.few ? self[pane].count : count
    let head = self[pane].prefix(count).compactMap { row -> Int? in
      guard case .agent(let id) = row else { return nil }
      return fleet.position(of: id)
    }
    // One that has left is taken out soon.
    guard head.count == min(count, self[pane].count) else { return }
    let sorted = sort(head.map { (reading.value(at: $0), $0) }) { $0 < $1 }
    guard sorted != head else { return }
    for (index, position) in sorted.enumerated() {
      if let id = fleet.agents.profiles[position]?.id { rows[pane.rawValue][index] = .agent(id) }
    }
  }

  /// Puts the agents' rows into the order of what they show now, if anything is new. Which agents are shown, ``order``
  /// and ``patch`` say.
  mutating func settleAgents(_ fleet: Fleet, _ view: View) {
    guard agentsRevision != fleet.revision else { return }
    // From the order so far: most of them stand where they should, and that takes little time to find.
    let positions = agents(agentPositions.filter { fleet.isPresent($0) }, fleet, view.order)
    agentsRevision = fleet.revision
    if positions != agentPositions { set(.agents, positions: positions, fleet, view) }
  }

  // MARK: Between two orders

  /// Adds agents that have come and drops those that have left, where they stand: the others stay in their places.
  mutating func patch(_ fleet: Fleet, _ view: View) {
    let matching = Self.matching(fleet, view)
    let present = Set(matching.compactMap { position in fleet.agents.profiles[position].map { RowID.agent($0.id) } })
    for pane in Self.ofAgents where pane != .agents { rows[pane.rawValue].removeAll { !present.contains($0) } }
    let known = agentRows.compactMap { row -> Int? in
      guard present.contains(row), case .agent(let id) = row else { return nil }
      return fleet.position(of: id)
    }
    let all = Set(known)
    set(.agents, positions: known + matching.filter { !all.contains($0) }, fleet, view)
    // They are not in the order of anything.
    agentsRevision = -1
    note(fleet, view)
  }

  /// Incidents and commands are in order of time, newest first: these lists grow at their head.
  mutating func followTime(_ fleet: borrowing Fleet, _ view: View) {
    let next = Followed(
      incidents: fleet.incidents.additions, commands: fleet.commands.additions, names: fleet.agents.namesRevision,
      filter: view.filter, folding: Folding(view))
    guard next != followed else { return }
    followed = next
    func matches(_ id: AgentID) -> Bool {
      view.filter.isEmpty || Self.holds(view.labels[id], view.filter) || Self.holds(Labels.idText(id), view.filter)
    }
    let incidents = fleet.incidents.security.reversed().lazy.filter { matches($0.agent) }
      .prefix(RecentIncidents.limit)
    rows[PaneID.security.rawValue] = fold(
      incidents.map { .incident($0.agent, $0.number) }, view, under: incidents.map { attack($0, view.causes) })
    rows[PaneID.commands.rawValue] = fleet.commands.latestKeys.map { .command($0) }
  }

  private mutating func set(_ pane: PaneID, positions: [Int], _ fleet: Fleet, _ view: View) {
    let new = positions.compactMap { position in fleet.agents.id(at: position).map { RowID.agent($0) } }
    guard pane == .agents else { return setRows(new, of: pane) }
    (agentPositions, agentsRevision, agentRows) = (positions, fleet.revision, new)
    foldAgents(view)
  }

  mutating func setRows(_ new: [RowID], of pane: PaneID) { rows[pane.rawValue] = new }

  private static func matching(_ fleet: Fleet, _ view: View) -> [Int] {
    let filter = view.filter
    return fleet.agents.indices.filter { position in
      guard let agent = fleet.agents.profiles[position] else { return false }
      guard !filter.isEmpty else { return true }
      return holds(view.labels[agent.id], filter) || holds(Labels.idText(agent.id), filter) || holds(agent.role, filter)
        || holds(agent.state.rawValue, filter)
    }
  }

  private static func holds(_ text: String, _ part: String) -> Bool {
    text.lowercased().contains(part.lowercased())
  }
}
