import FleetModel
import Simulation
import TestSupport
import Testing

@testable import vigia_bench

/// What counts as found, as false, and as named right.
@Suite struct ForesightTests {
  private static let span = TimeSpan.hours(30)

  private static func fleet(_ scenario: Scenario) -> (fleet: ScenarioFleet, troubles: [PlannedTrouble]) {
    var settings = ScenarioPlan.Settings([scenario], agents: 24, seed: 3, start: .at(0))
    settings.calm = .hours(26)
    let fleet = ScenarioFleet(settings)
    return (fleet, fleet.troubles(from: .at(0), to: .at(0) + span))
  }

  private static func score(
    _ scenario: Scenario, _ alarms: (PlannedTrouble) -> [ForesightAlarm],
    claims: (PlannedTrouble) -> [ForesightClaim] = { _ in [] }
  ) throws -> ForesightScore {
    let (fleet, troubles) = fleet(scenario)
    let trouble = try #require(troubles.first)
    var score = ForesightScore()
    score.add(troubles, of: fleet, alarms: alarms(trouble), claims: claims(trouble), from: .at(0), lasting: span)
    return score
  }

  @Test func aForecastTenMinutesAheadAnnouncesAGradualFailure() throws {
    let (fleet, troubles) = Self.fleet(.slowLeak)
    let crosses = try #require(fleet.crossing(of: troubles[0], troubles[0].agents[0], level: 2000))
    func score(_ kind: ForesightAlarm.Kind, minutes: Int64) throws -> ForesightScore {
      try Self.score(.slowLeak) {
        [ForesightAlarm(agent: $0.agents[0], kind: kind, at: crosses - .minutes(minutes), metric: "response_time")]
      }
    }
    #expect(try score(.forecast, minutes: 11).announced == 1 && score(.forecast, minutes: 9).announced == 0)
    #expect(try score(.anomaly, minutes: 11).announced == 0)
    #expect(try score(.anomaly, minutes: 11).tallies[.slowLeak]?.warnings.median == 11)
    #expect(try Self.score(.slowLeak) { _ in [] }.tallies[.slowLeak]?.found == 0)
  }

  @Test func whatIsSaidOfOthersOrLaterIsFalse() throws {
    let score = try Self.score(.runaway) { trouble in
      [
        ForesightAlarm(agent: trouble.agents[0], kind: .runaway, at: trouble.begins + .minutes(2)),
        ForesightAlarm(agent: trouble.agents[0], kind: .anomaly, at: trouble.ends + .minutes(14)),
        ForesightAlarm(agent: trouble.agents[0], kind: .anomaly, at: trouble.ends + .minutes(16)),
        ForesightAlarm(agent: "another", kind: .anomaly, at: trouble.begins + .minutes(2)),
        ForesightAlarm(agent: "another", kind: .anomaly, at: .at(60)),
        ForesightAlarm(agent: "another", kind: .level, at: trouble.begins + .minutes(2)),
      ]
    }
    #expect(score.right == 2 && score.falseAlarms == [.anomaly: 2] && score.precision == 0.5)
    // On its first day an agent is still learnt.
    #expect(score.firstDay.falseAlarms == 1 && score.firstDay.agents == 24)
    // 24 agents over the six hours that follow.
    #expect(abs(score.falseAlarmsPerAgentWeek - 2 / (24.0 * 6 / 168)) < 1e-9)
    #expect(score.tallies[.runaway]?.delays.median == 120)
  }

  @Test func silenceCountsFromWhenItHadToBeNoticed() throws {
    let score = try Self.score(.silentAgents) { trouble in
      [ForesightAlarm(agent: trouble.agents[0], kind: .silence, at: trouble.begins + .seconds(90))]
    }
    let count = try #require(score.tallies[.silentAgents]).agents
    #expect(score.silenceDelays.values.count == 1 && (0...30).contains(score.silenceDelays.median))
    #expect(score.silencesMissed == count - 1)
  }

  @Test func theFirstCauseThatIsNamedCounts() throws {
    func named(_ claims: @escaping (PlannedTrouble) -> [ForesightClaim]) throws -> (Double?, Int) {
      let score = try Self.score(.badDeploy, { _ in [] }, claims: claims)
      return (score.namedRight, score.wrongClaims)
    }
    let right = { (trouble: PlannedTrouble) in
      ForesightClaim(cause: TraitValue(.version, "4.2"), at: trouble.begins + .minutes(1))
    }
    let wrong = { (trouble: PlannedTrouble) in
      ForesightClaim(cause: TraitValue(.region, "eu"), at: trouble.begins + .seconds(30))
    }
    #expect(try named { [right($0)] } == (1, 0))
    #expect(try named { [wrong($0), right($0)] } == (0, 1))
    #expect(try named { _ in [] } == (0, 0))
  }

  @Test func theProductsOwnPartsFindAnOutageAndItsCause() throws {
    var settings = ScenarioPlan.Settings([.providerOutage], agents: 24, seed: 1, start: .at(0))
    (settings.calm, settings.slot) = (.minutes(20), .hours(1))
    let fleet = ScenarioFleet(settings)
    var handler = ForesightHandler()
    for second in 0..<4800 as Range<Int64> {
      for published in fleet.events(from: .at(second), to: .at(second + 1)) { try handler.take(published) }
      handler.advance(to: .at(second + 1))
    }
    let trouble = try #require(fleet.troubles(from: .at(0), to: .at(4800)).first)
    let told = Set(handler.alarms.filter { $0.at >= trouble.begins && $0.kind == .level }.map(\.agent))
    #expect(told == Set(trouble.agents))
    #expect(handler.claims.first?.cause == trouble.cause)
  }
}
