import FleetModel
import Testing

@testable import Insight

/// Versions of agents in one role, compared minute by minute.
@Suite struct VersionWatchTests {
  private static let errors = MetricID(rawValue: 0)
  private static let messages = MetricID(rawValue: 3)
  private static let fallbacks = MetricID(rawValue: 24)
  private static let begin = Instant(milliseconds: 1_700_006_400_000)

  private var watch = VersionWatch([errors, fallbacks], messages: messages)
  private var found: [VersionDifference] = []

  private static func rollup(_ value: Double) -> Rollup {
    Rollup(count: 6, sum: value * 6, min: Float(value), max: Float(value), p95: Float(value))
  }

  private mutating func take(
    _ minute: Int, _ agent: Int, _ version: String, _ rate: Double, messages: Double? = 100, role: String = "sales",
    metric: MetricID = errors
  ) {
    var rollups = [(metric: metric, rollup: Self.rollup(rate))]
    if let messages { rollups.append((Self.messages, Self.rollup(messages))) }
    let minute = AgentWatch.Minute(Self.begin + .minutes(Int64(minute)), rollups)
    guard let difference = watch.take(minute, of: agent, role: role, version: version) else { return }
    #expect(difference.worse == version)
    found.append(difference)
  }

  /// Minutes in which three agents of each version report the same.
  private mutating func run(
    _ minutes: Range<Int>, old: (Int) -> Double, new: (_ agent: Int, _ minute: Int) -> Double,
    agents: Int = 3, role: String = "sales", metric: MetricID = errors
  ) {
    for minute in minutes {
      for agent in 0..<3 { take(minute, agent, "1.4.1", old(minute), role: role, metric: metric) }
      for agent in 0..<agents { take(minute, 10 + agent, "1.4.2", new(agent, minute), role: role, metric: metric) }
    }
  }

  @Test mutating func versionThatFailsMoreOftenIsNamedOnce() throws {
    run(0..<120, old: { _ in 0.01 }, new: { _, _ in 0.03 })
    let difference = try #require(found.first)
    #expect(found.count == 1 && difference.worse == "1.4.2" && difference.better == "1.4.1")
    #expect(difference.metric == Self.errors && (2.5...3.5).contains(difference.times))
    let finding = difference.finding(at: Self.begin)
    #expect(finding.kind == .version && finding.strength > 1 && finding.facts.value > finding.facts.usual ?? 1)
  }

  @Test mutating func minutesOfLongAgoAreComparedAndTellNothing() throws {
    for minute in 0..<60 {
      for agent in 0..<6 {
        let (version, rate) = agent < 3 ? ("1.4.1", 0.01) : ("1.4.2", 0.05)
        let rollups = [(Self.errors, Self.rollup(rate)), (Self.messages, Self.rollup(100))]
        let heard = AgentWatch.Minute(Self.begin + .minutes(Int64(minute)), rollups)
        #expect(watch.take(heard, of: agent, role: "sales", version: version, tells: false) == nil)
      }
    }
    take(60, 3, "1.4.2", 0.05)
    #expect(found.map(\.worse) == ["1.4.2"], "the first minute that may tell does")
  }

  @Test mutating func itIsNamedWhicheverOfTheTwoIsTheNewer() {
    run(0..<120, old: { _ in 0.03 }, new: { _, _ in 0.01 })
    #expect(found.map(\.worse) == ["1.4.1"])
  }

  @Test mutating func everyMetricIsComparedByItself() {
    run(0..<120, old: { _ in 0.01 }, new: { _, _ in 0.05 }, metric: Self.fallbacks)
    #expect(found.map(\.metric) == [Self.fallbacks])
  }

  @Test func wordsNameBothWithTheirCounts() {
    let difference = VersionDifference(
      metric: Self.errors, worse: "1.4.2", better: "1.4.1", worseCounts: RateCounts(failures: 37, of: 412),
      betterCounts: RateCounts(failures: 279, of: 9310))
    #expect(
      difference.words(named: "error_rate")
        == "version 1.4.2: error_rate is 3 times that of 1.4.1, 37 of 412 messages against 279 of 9310")
  }

  @Test mutating func sameRatesAndLoadThatWeighsOnBothAreNoDifference() {
    run(0..<300, old: { $0 % 40 < 20 ? 0.01 : 0.2 }, new: { $0 < 0 || $1 % 40 < 20 ? 0.01 : 0.2 })
    #expect(found.isEmpty)
  }

  /// Of few messages a minute a small rate is less than one failure.
  @Test mutating func sameRateWithOtherLoadsIsNoDifference() {
    for minute in 0..<300 {
      for agent in 0..<3 {
        take(minute, agent, "1", 0.02, messages: 20)
        take(minute, 10 + agent, "2", 0.02, messages: 30)
      }
    }
    #expect(found.isEmpty)
  }

  @Test mutating func differenceThatIsSureAndSmallIsNotTold() {
    run(0..<300, old: { _ in 0.20 }, new: { _, _ in 0.27 })
    #expect(found.isEmpty)
  }

  @Test mutating func oneBadAgentIsNoBadVersion() {
    run(0..<200, old: { _ in 0.01 }, new: { agent, _ in agent == 0 ? 0.3 : 0.01 })
    #expect(found.isEmpty)
  }

  @Test mutating func versionOfOneAgentIsNotJudged() {
    run(0..<200, old: { _ in 0.01 }, new: { _, _ in 0.3 }, agents: 1)
    #expect(found.isEmpty)
  }

  @Test mutating func badAgentIsFoundAmongMoreThanAreKnownByThemselves() {
    for minute in 0..<60 {
      for agent in 0..<3 { take(minute, 1000 + agent, "1", 0.01) }
      // The last of them fails always.
      for agent in 0..<100 { take(minute, agent, "2", agent == 99 ? 1 : 0.01) }
    }
    #expect(found.isEmpty)
  }

  @Test mutating func otherRolesAndAgentsThatDoNotSayEnoughAreNotCompared() {
    for minute in 0..<120 {
      for agent in 0..<3 {
        take(minute, agent, "1.4.1", 0.01, role: "sales")
        take(minute, 10 + agent, "1.4.2", 0.3, role: "support")
        take(minute, 20 + agent, "1.4.2", 0.3, messages: nil)
        take(minute, 30 + agent, "", 0.3)
        take(minute, 40 + agent, "1.4.2", 0.3, role: "")
      }
    }
    #expect(found.isEmpty)
  }

  @Test mutating func lateMinutesAndAClockThatIsSetBackDoNoHarm() {
    run(0..<20, old: { _ in 0.01 }, new: { _, _ in 0.01 })
    for _ in 0..<50 { take(12, 10, "1.4.2", 1) }
    #expect(found.isEmpty)
    run(-200 ..< -80, old: { _ in 0.01 }, new: { _, _ in 0.05 })
    #expect(found.map(\.worse) == ["1.4.2"])
  }

  @Test mutating func manyVersionsAndRolesAreForgottenOrLeftOut() {
    for minute in 0..<300 {
      for agent in 0..<2 { take(minute, agent, "v\(minute)", 0.5) }
    }
    for number in 0..<200 { take(300, number, "1", 0.1, role: "role-\(number)") }
    #expect(found.isEmpty)
    // There is no room for one more role before a day is over.
    run(301..<400, old: { _ in 0.01 }, new: { _, _ in 0.3 }, role: "last")
    #expect(found.isEmpty)
    run(2000..<2100, old: { _ in 0.01 }, new: { _, _ in 0.3 }, role: "last")
    #expect(found.map(\.worse) == ["1.4.2"])
  }

  @Test mutating func ofMoreVersionsThanAreComparedTheNewestStayAndAreToldOnce() {
    for minute in 0..<60 {
      for version in 1...6 {
        for agent in 0..<2 { take(minute, 10 * version + agent, "1.\(version)", version == 6 ? 0.1 : 0.01) }
      }
    }
    #expect(found.map(\.worse) == ["1.6"] && ["1.3", "1.4", "1.5"].contains(found[0].better))
  }

  @Test mutating func strangeNumbersAreNotCounted() {
    for minute in 0..<60 {
      for (agent, rate) in [Double.nan, .infinity, -1, 2, 0.5].enumerated() {
        take(minute, agent, "a", rate, messages: [Double.nan, .infinity, -5, 0, 1e300][(minute + agent) % 5])
        take(minute, 10 + agent, "b", rate, messages: 1e300)
      }
    }
    #expect(found.isEmpty)
  }

  // MARK: What is said of an agent

  @Test func agentIsToldOnceADayAlsoOverARestart() throws {
    let difference = VersionDifference(
      metric: Self.errors, worse: "2", better: "1", worseCounts: RateCounts(failures: 9, of: 10),
      betterCounts: RateCounts(failures: 1, of: 10))
    let metrics = [WatchedMetric(Self.errors, name: "error_rate", bad: .above, weight: 0.7, level: 0.05)]
    var agent = AgentWatch(metrics, stored: nil)
    let said = agent.note(difference, at: Self.begin)
    guard case .finding(let finding, let words, let isCorroborated)? = said else {
      Issue.record("nothing is said")
      return
    }
    #expect(finding.kind == .version && !isCorroborated)
    #expect(agent.insight.findings.map(\.words) == [words] && words.hasPrefix("version 2: error_rate is "))
    #expect(agent.insight.findings.map(\.kind) == ["version"])
    #expect(agent.note(difference, at: Self.begin + .hours(23)) == nil)
    var next = AgentWatch(metrics, stored: agent.insight)
    #expect(next.note(difference, at: Self.begin + .hours(23)) == nil)
    #expect(next.note(difference, at: Self.begin + .hours(25)) != nil)
  }
}
