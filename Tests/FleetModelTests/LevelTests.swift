import TestSupport
import Testing

@testable import FleetModel

/// Levels by role, tier and agent.
@Suite struct LevelTests {
  private var fleet = Fleet(tracksAlertChanges: true)

  private func levels(_ medium: Double) -> [Metric: Limits.Levels] {
    [.errorRate: Limits.Levels(medium: medium, high: medium * 2, critical: medium * 4)]
  }

  private mutating func severity(_ agent: String, _ rate: Double, at second: Int64) throws -> Severity? {
    try fleet.apply("metrics", agent, #"{"error_rate":\#(rate)}"#, at: .at(second))
    return fleet.position(of: AgentID(agent)).flatMap { fleet.alert(.performanceDegraded, ofAgentAt: $0) }?.record
      .severity
  }

  @Test mutating func firstEntryThatFitsAndNamesTheMetricCounts() throws {
    fleet.setLevels(
      LevelTable([
        LevelTable.Entry(agent: Glob("vip-*"), levels: levels(0.001)),
        LevelTable.Entry(role: Glob("sales*"), tier: Glob("gold"), levels: levels(0.01)),
        LevelTable.Entry(role: Glob("sales*"), levels: levels(0.2)),
      ]))
    for (agent, data) in [
      ("vip-1", #"{"role":"sales","tier":"gold"}"#), ("gold", #"{"role":"sales","tier":"gold"}"#),
      ("tin", #"{"role":"sales-br","tier":"tin"}"#), ("other", #"{"role":"support"}"#),
    ] {
      try fleet.apply("created", agent, data, at: .at(0))
    }
    #expect(try severity("vip-1", 0.0041, at: 1) == .critical)
    #expect(try severity("gold", 0.012, at: 1) == .medium)
    #expect(try severity("tin", 0.15, at: 1) == nil)
    #expect(try severity("other", 0.012, at: 1) == nil)
    #expect(try severity("other", 0.06, at: 2) == .medium)
  }

  @Test mutating func levelsFollowTheRoleThatAnAgentSays() throws {
    fleet.setLevels(LevelTable([LevelTable.Entry(role: Glob("sales"), levels: levels(0.01))]))
    #expect(try severity("a", 0.02, at: 0) == nil)
    try fleet.apply("updated", "a", #"{"role":"sales"}"#, at: .at(1))
    #expect(try severity("a", 0.02, at: 2) == .high)
  }

  @Test mutating func newTableIsForThoseWhoAreThere() throws {
    #expect(try severity("a", 0.02, at: 0) == nil)
    let table = LevelTable([LevelTable.Entry(levels: levels(0.01))])
    fleet.setLevels(table)
    #expect(fleet.levels == table)
    #expect(try severity("a", 0.02, at: 1) == .high)
    fleet.setLevels(LevelTable())
    #expect(fleet.limits(ofAgentAt: 0) == Limits())
  }

  @Test mutating func placeOfOneWhoHasLeftIsNotTheNextOnes() throws {
    fleet.setLevels(LevelTable([LevelTable.Entry(agent: Glob("a"), levels: levels(0.01))]))
    try fleet.apply("deleted", "a", at: .at(0))
    fleet.advance(to: .at(100))
    #expect(try severity("b", 0.02, at: 101) == nil)
  }

  @Test func entryOfAMetricIsTheFirstThatNamesIt() {
    let table = LevelTable([
      LevelTable.Entry(levels: [.queueSize: Limits.Levels(medium: 1, high: 2, critical: 3)], line: 3),
      LevelTable.Entry(levels: levels(0.01), line: 7),
    ])
    #expect(table.entry(.errorRate, of: "a", role: "", tier: "")?.line == 7)
    #expect(table.entry(.healthScore, of: "a", role: "", tier: "") == nil)
  }
}
