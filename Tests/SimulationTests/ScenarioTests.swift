import FleetModel
import TestSupport
import Testing
import Wire

@testable import Simulation

/// Scenarios are a function of seed and time, and their truth is what happens.
@Suite struct ScenarioTests {
  private static func fleet(
    _ scenarios: [Scenario], agents: Int = 24, seed: UInt64 = 1, interval: TimeSpan = .seconds(30)
  ) -> ScenarioFleet {
    ScenarioFleet(ScenarioPlan.Settings(scenarios, agents: agents, seed: seed, start: .at(0)), interval: interval)
  }

  /// The value that an agent reports in each of some events.
  private static func values(_ events: [ScenarioFleet.Published], _ agent: AgentID, _ field: String) -> [Double] {
    events.filter { $0.event.agent == agent }.compactMap { $0.event.data[field]?.double }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

  @Test func sameSeedAndTimeGiveTheSameEvents() {
    let span = (Instant.at(9000), Instant.at(9600))
    let whole = Self.fleet([.cascade, .badDeploy]).events(from: span.0, to: span.1)
    var parts: [ScenarioFleet.Published] = []
    for second in stride(from: Int64(9000), to: 9600, by: 7) {
      parts += Self.fleet([.cascade, .badDeploy]).events(from: .at(second), to: min(span.1, .at(second + 7)))
    }
    #expect(whole.count == 24 * 20)
    #expect(whole.map(\.event) == parts.map(\.event) && whole.map(\.at) == parts.map(\.at))
    #expect(Self.fleet([.cascade], seed: 2).events(from: span.0, to: span.1).map(\.event) != whole.map(\.event))
  }

  @Test func everyEventSaysWhatGroupsItsAgent() {
    let events = Self.fleet([.runaway]).events(from: .at(60), to: .at(90))
    #expect(events.count == 24)
    for field in ["llm_model", "provider", "version", "region", "role", "tokens_per_minute", "tool_calls_per_turn"] {
      #expect(events.allSatisfy { $0.event.data[field] != nil })
    }
  }

  @Test func eachSlotHasOneTroubleAfterTheCalm() {
    let fleet = Self.fleet([.slowLeak, .silentAgents])
    let troubles = fleet.troubles(from: .at(0), to: .at(0) + .hours(14))
    #expect(troubles.map(\.scenario) == [.slowLeak, .silentAgents, .slowLeak, .silentAgents])
    for trouble in troubles {
      let slot = Instant.at(0) + .hours(2) + .hours(3) * Int64(trouble.number)
      #expect(trouble.begins >= slot && trouble.ends <= slot + .hours(3) && trouble.begins < trouble.ends)
    }
    #expect(fleet.troubles(from: .at(0), to: .at(0) + .hours(2)).isEmpty)
  }

  @Test func aLeakCrossesItsLevelWhenItsTruthSays() throws {
    let fleet = Self.fleet([.slowLeak])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let crosses = try #require(fleet.crossing(of: trouble, trouble.agents[0], level: 2000))
    #expect(crosses - trouble.begins > .minutes(20) && crosses < trouble.ends)
    let before = fleet.events(from: crosses - .minutes(6), to: crosses - .minutes(4))
    let after = fleet.events(from: crosses + .minutes(4), to: crosses + .minutes(6))
    #expect(Self.mean(Self.values(before, trouble.agents[0], "response_time")) < 2000)
    #expect(Self.mean(Self.values(after, trouble.agents[0], "response_time")) > 2000)
  }

  @Test func aBadDeployBefallsThoseWithTheNewVersionAlone() throws {
    let fleet = Self.fleet([.badDeploy])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    #expect(trouble.cause == TraitValue(.version, "4.2") && trouble.agents.count == 8)
    let middle = trouble.begins + .minutes(5)
    for (_, event) in fleet.events(from: middle, to: middle + .seconds(30)).map({ ($0.at, $0.event) }) {
      let isNew = event.data["version"]?.text == "4.2"
      #expect(isNew == trouble.agents.contains(event.agent))
      #expect(((event.data["error_rate"]?.double ?? 0) > 0.1) == isNew)
    }
    let told = fleet.events(from: trouble.begins, to: trouble.begins + .seconds(1)).filter { $0.event.kind == .updated }
    #expect(Set(told.map(\.event.agent)) == Set(trouble.agents))
    let later = fleet.events(from: trouble.ends, to: trouble.ends + .minutes(1))
    #expect(later.allSatisfy { $0.event.data["version"]?.text == "4.1" })
  }

  @Test func anOutageBefallsAllOfOneProviderWithinAMinute() throws {
    let fleet = Self.fleet([.providerOutage])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let cause = try #require(trouble.cause)
    #expect(cause.trait == .provider && trouble.agents.count >= 3)
    let later = trouble.begins + .minutes(2)
    for (_, event) in fleet.events(from: later, to: later + .seconds(30)).map({ ($0.at, $0.event) }) {
      #expect(((event.data["error_rate"]?.double ?? 0) > 0.1) == (event.data["provider"]?.text == cause.value))
    }
  }

  @Test func silentAgentsSayNothingAndOthersGoOn() throws {
    let fleet = Self.fleet([.silentAgents])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let agents = Set(fleet.events(from: trouble.begins, to: trouble.ends).map(\.event.agent))
    #expect(agents.isDisjoint(with: trouble.agents) && agents.count == 24 - trouble.agents.count)
    #expect(fleet.events(from: trouble.ends, to: trouble.ends + .seconds(30)).count == 24)
  }

  @Test func aRunawayCallsItsToolsFarMoreOften() throws {
    let fleet = Self.fleet([.runaway])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let middle = trouble.begins + .minutes(3)
    let calls = Self.values(
      fleet.events(from: middle, to: middle + .minutes(2)), trouble.agents[0], "tool_calls_per_turn")
    #expect(Self.mean(calls) > 20)
  }

  @Test func aCascadeGoesFromAgentToAgent() throws {
    let fleet = Self.fleet([.cascade])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let crossings = trouble.agents.compactMap { fleet.crossing(of: trouble, $0, level: 0.05) }
    #expect(trouble.agents.count == 4 && trouble.cause == nil && crossings.count == 4)
    #expect(zip(crossings, crossings.dropFirst()).allSatisfy { $1 - $0 > .minutes(1) })
  }

  @Test func seasonalLoadIsNoTrouble() {
    let fleet = Self.fleet([.seasonalLoad])
    #expect(fleet.troubles(from: .at(0), to: .at(0) + .hours(48)).isEmpty)
    // 08:00 and 16:00 in the morning and the afternoon; at four it is lowest.
    let night = fleet.events(from: .at(0) + .hours(20), to: .at(0) + .hours(20) + .minutes(5))
    let day = fleet.events(from: .at(0) + .hours(8), to: .at(0) + .hours(8) + .minutes(5))
    let agent = AgentID("support-eu-01")
    #expect(
      Self.mean(Self.values(day, agent, "messages_per_minute"))
        > 2.5 * Self.mean(Self.values(night, agent, "messages_per_minute")))
  }

  @Test func truthIsALineOfJSON() throws {
    let fleet = Self.fleet([.providerOutage])
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(0) + .hours(5)).first)
    let line = try JSONValue.parse(TruthLine.encode(trouble, of: fleet))
    #expect(line["kind"]?.text == "provider-outage" && line["cause"]?["trait"]?.text == "provider")
    #expect(line["agents"]?.list?.count == trouble.agents.count && line["metric"]?.text == "error_rate")
    #expect(line["begins"]?.text == ISO8601.format(trouble.begins) && line["level"]?.double == 0.05)
    #expect(line["crosses"]?.text.map { $0 > ISO8601.format(trouble.begins) } == true)
  }

  @Test(arguments: [0, 1, 2])
  func aSmallFleetLivesThroughAllOfThem(agents: Int) {
    let fleet = Self.fleet(Scenario.allCases, agents: agents)
    _ = fleet.troubles(from: .at(0), to: .at(0) + .days(2)).map { TruthLine.encode($0, of: fleet) }
    #expect(fleet.events(from: .at(0), to: .at(30)).count == agents * 2)
  }

  @Test func aRunConfirmsWhatItIsToldAndKeepsItsTroubles() throws {
    let fleet = Self.fleet([.badDeploy])
    var run = ScenarioRun(fleet, from: .at(0))
    _ = run.advance(to: .at(31))
    let agent = fleet.agents[0]
    let message = ControlMessage(agent: agent, action: .pause, commandID: CommandID("c1"), until: .at(120))
    let answer = run.obey(message)
    #expect(answer.map(\.agent) == [agent] && answer[0].data["state"]?.text == "paused")
    #expect(run.advance(to: .at(100)).allSatisfy { $0.agent != agent })
    #expect(run.advance(to: .at(151)).contains { $0.agent == agent && $0.data["state"]?.text == "running" })
    #expect(run.advance(to: .at(211)).contains { $0.agent == agent && $0.kind == .metrics })
  }
}
