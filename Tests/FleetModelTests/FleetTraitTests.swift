import TestSupport
import Testing
import Wire

@testable import FleetModel

/// What groups agents: their model, version, provider, region, role and tier.
@Suite struct FleetTraitTests {
  private var fleet = Fleet(tracksAgentChanges: true)

  private func said(_ agent: AgentID) -> [String] {
    Trait.allCases.map { fleet[agent]?.traits[$0] ?? "?" }.filter { !$0.isEmpty }
  }

  @Test mutating func anyEventSaysThem() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.1,"llm_model":"gpt-4o","provider":"openai"}"#, at: .at(0))
    try fleet.apply("performance_degraded", "a", #"{"version":"1.8","region":"eu","prompt_version":7}"#, at: .at(1))
    try fleet.apply("whatever", "a", #"{"role":"claims","tier":"gold"}"#, at: .at(2))
    #expect(said("a") == ["gpt-4o", "1.8", "openai", "eu", "7", "claims", "gold"])
  }

  @Test mutating func countsFollowAgentsThatComeChangeAndGo() throws {
    for agent in ["a", "b", "c"] { try fleet.apply("metrics", agent, #"{"version":"1","role":"x"}"#, at: .at(0)) }
    #expect(fleet.traits.agents == 3 && fleet.traits.count(TraitValue(.version, "1")) == 3)
    try fleet.apply("metrics", "b", #"{"version":"2"}"#, at: .at(1))
    try fleet.apply("deleted", "c", at: .at(1))
    fleet.advance(to: .at(70))
    #expect(fleet.traits.agents == 2 && fleet.traits.count(TraitValue(.version, "1")) == 1)
    #expect(fleet.traits.count(TraitValue(.version, "2")) == 1)
    try fleet.apply("metrics", "d", at: .at(71))
    try fleet.apply("metrics", "b", #"{"version":""}"#, at: .at(72))
    #expect(fleet.traits.agents == 3 && fleet.traits.count(TraitValue(.version, "2")) == 0)
    #expect(fleet.traits.count(TraitValue(.version, "")) == 0)
  }

  @Test mutating func eachChangeIsToldOnce() throws {
    try fleet.apply("metrics", "a", #"{"version":"1"}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"version":"1","queue_size":2}"#, at: .at(1))
    try fleet.apply("metrics", "a", #"{"version":"\u0032"}"#, at: .at(2))
    try fleet.apply("metrics", "a", #"{"version":"2"}"#, at: .at(3))
    #expect(
      fleet.takeTraitChanges() == [
        TraitChange(agent: "a", trait: .version, old: "", new: "1", at: .at(0)),
        TraitChange(agent: "a", trait: .version, old: "1", new: "2", at: .at(2)),
      ])
    #expect(!fleet.hasTraitChanges)
  }

  @Test mutating func aChangedRoleMakesAnAgentDescribedAnew() throws {
    try fleet.apply("metrics", "a", #"{"role":"x"}"#, at: .at(0))
    _ = fleet.takeAgentChanges()
    try fleet.apply("metrics", "a", #"{"role":"x"}"#, at: .at(1))
    #expect(fleet.takeAgentChanges().map(\.isDescribed) == [false])
    try fleet.apply("metrics", "a", #"{"role":"y"}"#, at: .at(2))
    #expect(fleet.takeAgentChanges().map(\.isDescribed) == [true])
  }

  @Test mutating func aLateEventSaysOnlyWhatNobodyHasSaidSince() throws {
    try fleet.apply("metrics", "a", #"{"version":"2"}"#, at: .at(10))
    try fleet.apply("metrics", "a", #"{"version":"1","region":"eu"}"#, at: .at(5))
    #expect(said("a") == ["2", "eu"])
  }

  @Test mutating func wordsAreBoundedAndNothingElseIsTaken() throws {
    let long = String(repeating: "é", count: 500)
    try fleet.apply("metrics", "a", #"{"version":"\#(long)"}"#, at: .at(0))
    #expect(fleet["a"]?.traits[.version].utf8.count == 128)
    _ = fleet.takeTraitChanges()
    try fleet.apply("metrics", "a", #"{"version":"\#(long)"}"#, at: .at(1))
    try fleet.apply("metrics", "a", #"{"region":null,"provider":{"a":1},"llm_model":["m"]}"#, at: .at(1))
    #expect(said("a").count == 1 && !fleet.hasTraitChanges)
    for number in 0..<5000 { try fleet.apply("metrics", "a", #"{"version":"v\#(number)"}"#, at: .at(2)) }
    #expect(fleet.takeTraitChanges().count == 1000)
    #expect(
      fleet.traits.count(TraitValue(.version, "v4999")) == 1 && fleet.traits.count(TraitValue(.version, "v1")) == 0)
  }

  @Test mutating func aHandlerThatTakesOverKnowsThem() throws {
    let data =
      #"{"llm_model":"m","version":"1.8","provider":"p","region":"r","prompt_version":"7","role":"x","tier":"t"}"#
    try fleet.apply("metrics", "a", data, at: .at(0))
    let before = said("a")
    let stored = AgentProfileCoding.encode(try #require(fleet["a"]).profile)
    fleet = Fleet()
    try fleet.apply(json: stored, at: .at(1))
    #expect(before.count == 7 && said("a") == before)
    // One of a version that did not know them.
    try fleet.apply(
      json: Array(#"{"entity_id":"b","event_type":"agent.updated","data":{"role":"x"}}"#.utf8), at: .at(2))
    #expect(said("b") == ["x"])
  }
}
