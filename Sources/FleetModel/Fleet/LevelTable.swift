/// Levels of alerts by role, tier and agent, as a configuration gives them.
///
/// Of the entries that fit an agent, the first that names a metric says where the metric's levels are. If none does, the
/// usual ones count.
package struct LevelTable: Equatable, Sendable {
  /// One entry of the configuration: which agents it is for, and their levels.
  package struct Entry: Equatable, Sendable {
    /// Nil fits all.
    package var role: Glob?
    package var tier: Glob?
    package var agent: Glob?
    package var levels: [Metric: Limits.Levels]
    /// Of open metrics, by their names.
    package var open: [String: Limits.Levels]
    /// Where it stands in its file, from 1.
    package var line: Int

    package init(
      role: Glob? = nil, tier: Glob? = nil, agent: Glob? = nil, levels: [Metric: Limits.Levels],
      open: [String: Limits.Levels] = [:], line: Int = 0
    ) {
      (self.role, self.tier, self.agent, self.levels, self.line) = (role, tier, agent, levels, line)
      self.open = open
    }

    package func fits(_ id: AgentID, role: String, tier: String) -> Bool {
      (self.agent?.matches(id.bytes) ?? true) && (self.role?.matches(role) ?? true)
        && (self.tier?.matches(tier) ?? true)
    }
  }

  /// Which entries fit an agent, by bit in their order.
  typealias Fit = UInt64

  package static let mostEntries = 64

  /// No more than ``mostEntries`` of them count.
  package let entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = Array(entries.prefix(Self.mostEntries)) }

  func fit(_ id: AgentID, role: String, tier: String) -> Fit {
    entries.indices.reduce(0) { entries[$1].fits(id, role: role, tier: tier) ? $0 | 1 << Fit($1) : $0 }
  }

  /// The levels of agents that the same entries fit.
  func limits(_ fit: Fit, usual: Limits, of metrics: MetricTable) -> Limits {
    var limits = usual
    for index in entries.indices.reversed() where fit & 1 << Fit(index) != 0 {
      for (metric, levels) in entries[index].levels { limits[metric] = levels }
      for (name, levels) in entries[index].open {
        if let place = metrics.place(named: name) { limits[place] = levels }
      }
    }
    return limits
  }

  /// The entry that says where a metric's levels of an agent are; nil if they are the usual ones.
  package func entry(_ metric: Metric, of id: AgentID, role: String, tier: String) -> Entry? {
    entries.first { $0.levels[metric] != nil && $0.fits(id, role: role, tier: tier) }
  }

  /// The same of an open metric.
  package func entry(openMetric name: String, of id: AgentID, role: String, tier: String) -> Entry? {
    entries.first { $0.open[name] != nil && $0.fits(id, role: role, tier: tier) }
  }
}

/// The levels of all agents: those that the same entries fit share one copy.
struct LevelSets: Sendable {
  private(set) var table = LevelTable()
  private(set) var metrics = MetricTable.builtIn
  /// The usual ones first.
  private var sets: [Limits]
  private var places: [LevelTable.Fit: Int32] = [:]

  init(usual: Limits) { sets = [usual] }

  var usual: Limits { sets[0] }

  @inline(__always)
  subscript(place: Int32) -> Limits { sets[Int(place)] }

  mutating func set(_ table: LevelTable) {
    (self.table, sets, places) = (table, [usual], [:])
  }

  /// The levels of open metrics are those of another table.
  mutating func set(_ metrics: MetricTable) {
    (self.metrics, sets, places) = (metrics, [usual.with(metrics)], [:])
  }

  /// Where an agent's levels are.
  mutating func place(of id: AgentID, role: String, tier: String) -> Int32 {
    let fit = table.fit(id, role: role, tier: tier)
    guard fit != 0 else { return 0 }
    if let known = places[fit] { return known }
    sets.append(table.limits(fit, usual: usual, of: metrics))
    places[fit] = Int32(sets.count - 1)
    return Int32(sets.count - 1)
  }
}

extension Fleet {
  /// The levels by which an agent's values are judged.
  package func limits(ofAgentAt position: Int) -> Limits {
    levelSets[agents.activity.span[position].levelsPlace]
  }

  /// The levels that the configuration gives.
  package var levels: LevelTable { levelSets.table }

  /// Takes other levels: values are judged by them from now on.
  package mutating func setLevels(_ table: LevelTable) {
    guard table != levelSets.table else { return }
    revision &+= 1
    levelSets.set(table)
    for position in agents.indices where isPresent(position) { findLevels(ofAgentAt: position) }
  }

  /// An agent has come, or said another role or tier.
  mutating func findLevels(ofAgentAt position: Int) {
    guard !levelSets.table.entries.isEmpty else {
      agents.activity[position].levelsPlace = 0
      return
    }
    guard let profile = agents.profiles[position] else { return }
    agents.activity[position].levelsPlace = levelSets.place(of: profile.id, role: profile.role, tier: profile.tier)
  }
}
