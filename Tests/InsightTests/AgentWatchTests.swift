import FleetModel
import Insight
import Testing

@Suite struct AgentWatchTests {
  private static let queue = MetricID(rawValue: 4)
  private static let errors = MetricID(rawValue: 0)
  private static let begin = Instant(milliseconds: 1_700_006_400_000)
  private static let metrics = [
    WatchedMetric(errors, name: "error_rate", bad: .above, weight: 0.7, level: 0.05),
    WatchedMetric(queue, name: "queue_size", bad: .above, weight: 0.5, level: 100, tellsRunaway: true),
  ]

  private var watch = AgentWatch(metrics, stored: nil)
  private var record = ForecastRecord()
  private var random = SeededRandom(seed: 4)

  private static func rollup(_ value: Double) -> Rollup {
    Rollup(count: 6, sum: value * 6, min: Float(value), max: Float(value), p95: Float(value))
  }

  private static func minute(_ number: Int, errors: Double? = nil, queue: Double? = nil) -> AgentWatch.Minute {
    var rollups: [(metric: MetricID, rollup: Rollup)] = []
    if let errors { rollups.append((Self.errors, rollup(errors))) }
    if let queue { rollups.append((Self.queue, rollup(queue))) }
    return AgentWatch.Minute(begin + .minutes(Int64(number)), rollups)
  }

  /// Some hours in which all is well.
  private mutating func calm(_ minutes: Int) -> [AgentWatch.Outcome] {
    (0..<minutes).flatMap { number in
      let minute = Self.minute(
        number, errors: .random(in: 0.009...0.011, using: &random), queue: .random(in: 18...22, using: &random))
      return watch.learn(minute, peers: PeerBoard(), record: &record)
    }
  }

  private mutating func learn(_ minute: AgentWatch.Minute) -> [AgentWatch.Outcome] {
    watch.learn(minute, peers: PeerBoard(), record: &record)
  }

  @Test mutating func nothingIsSaidOfAnAgentThatIsWell() {
    #expect(calm(400).isEmpty)
    #expect(watch.insight.health == 1 && watch.insight.reasons.isEmpty && watch.insight.findings.isEmpty)
  }

  @Test mutating func metricIsSpokenOfOnceAndOnceMoreIfAnotherFindingSaysTheSame() {
    _ = calm(300)
    let outcomes = (300..<320).flatMap { learn(Self.minute($0, errors: 0.01, queue: $0 < 301 ? 90 : 900)) }
    let findings = outcomes.compactMap { outcome -> Bool? in
      if case .finding(_, _, let isCorroborated) = outcome { isCorroborated } else { nil }
    }
    #expect(findings.first == false)
    #expect(findings.count <= 3 && findings.count { $0 } <= 1)
    #expect(watch.insight.findings.allSatisfy { $0.metric == "queue_size" })
  }

  @Test mutating func oneBadMinuteIsNoBadAgentTwoAreAndItsHealthIsToldUntilItIsWell() {
    _ = calm(200)
    #expect(!learn(Self.minute(200, errors: 0.9)).contains { $0.isTurnedCritical })
    #expect(learn(Self.minute(201, errors: 0.9)).contains { $0.isTurnedCritical })
    #expect(watch.insight.isCritical && watch.insight.reasons.first?.hasPrefix("error_rate is 0.9") == true)
    #expect(!learn(Self.minute(202, errors: 0.9)).contains { $0.isTurnedCritical })
    let after = (203..<240).map { learn(Self.minute($0, errors: 0.01)).contains { $0.isHealth } }
    #expect(!watch.insight.isCritical)
    let told = after.prefix { $0 }.count
    #expect((8...16).contains(told) && after.dropFirst(told).allSatisfy { !$0 })
  }

  @Test mutating func whatWasPublishedIsNotSaidAgainAfterARestart() throws {
    _ = calm(300)
    for number in 300..<303 { _ = learn(Self.minute(number, errors: 0.9, queue: 900)) }
    #expect(watch.insight.isCritical && !watch.insight.findings.isEmpty)
    var next = AgentWatch(Self.metrics, stored: watch.insight)
    var again = SeededRandom(seed: 4)
    for number in 0..<300 {
      let minute = Self.minute(
        number, errors: .random(in: 0.009...0.011, using: &again), queue: .random(in: 18...22, using: &again))
      next.recall(minute)
    }
    for number in 300..<303 { next.recall(Self.minute(number, errors: 0.9, queue: 900)) }
    let outcomes = next.learn(Self.minute(303, errors: 0.9, queue: 900), peers: PeerBoard(), record: &record)
    #expect(outcomes.allSatisfy { $0.isHealth })
  }

  @Test mutating func forecastIsTakenUpAfterARestartAndSettledOnce() throws {
    for number in 0..<65 { _ = learn(Self.minute(number, queue: 20 + Double(number))) }
    let coming = try #require(watch.insight.forecasts.first)
    #expect(coming.metric == "queue_size" && coming.level == 100)
    var next = AgentWatch(Self.metrics, stored: watch.insight)
    for number in 0..<65 { next.recall(Self.minute(number, queue: 20 + Double(number))) }
    var settled = ForecastRecord()
    let outcomes = (65..<90).flatMap {
      next.learn(Self.minute($0, queue: 20 + Double($0)), peers: PeerBoard(), record: &settled)
    }
    #expect(!outcomes.contains { $0.isForecast })
    #expect(settled.score.forecasts == 1 && settled.score.hits == 1)
    #expect(next.insight.forecasts.isEmpty)
  }

  @Test mutating func restartThatNobodyConfirmsForgetsNothing() {
    for number in 0..<65 { _ = learn(Self.minute(number, queue: 20 + Double(number))) }
    #expect(!watch.insight.forecasts.isEmpty)
    watch.note(.init(kind: "operator", detail: "restarting by ana", at: Self.begin + .minutes(65)))
    #expect(watch.insight.forecasts.isEmpty)
    #expect(learn(Self.minute(65, queue: 85)).contains { $0.isForecast }, "the last hour says the same")
    watch.note(.init(kind: "operator", detail: "restarted by ana", at: Self.begin + .minutes(66)))
    #expect(watch.insight.forecasts.isEmpty)
    #expect(!learn(Self.minute(66, queue: 86)).contains { $0.isForecast })
    #expect(record.score.forecasts == 0, "what was to be prevented counts for nothing")
  }

  /// Whoever takes over may tell of it once more.
  @Test mutating func restartThatIsToldAgainForgetsNothingSince() {
    let restarted = AgentInsight.Change(kind: "operator", detail: "restarted by ana", at: Self.begin)
    watch.note(restarted)
    for number in 0..<65 { _ = learn(Self.minute(number, queue: 20 + Double(number))) }
    #expect(!watch.insight.forecasts.isEmpty)
    watch.note(restarted)
    #expect(!watch.insight.forecasts.isEmpty && watch.insight.changes == [restarted])
    // Nor once it has made room for others.
    for number in 0..<AgentInsight.mostChanges {
      watch.note(.init(kind: "version", detail: "v\(number)", at: Self.begin + .minutes(Int64(66 + number))))
    }
    watch.note(restarted)
    #expect(!watch.insight.forecasts.isEmpty && !watch.insight.changes.contains(restarted))
  }

  @Test func agentApartFromItsRoleIsFoundAfterThreeMinutesAndARoleThatMovesTogetherIsNot() {
    var watches = (0..<8).map { _ in AgentWatch(Self.metrics, stored: nil) }
    var record = ForecastRecord()
    var random = SeededRandom(seed: 9)
    var found: [Int: Int] = [:]
    for number in 0..<120 {
      let board = PeerBoard(of: watches.flatMap { Array($0.readings(at: Self.begin + .minutes(Int64(number)))) })
      for agent in watches.indices {
        // All move from minute 60 on; agent 3 stands apart from minute 100 on.
        let level = number < 60 ? 20.0 : 60
        let value = (agent == 3 && number >= 100 ? 300 : level) + .random(in: -2...2, using: &random)
        let outcomes = watches[agent].learn(Self.minute(number, queue: value), peers: board, record: &record)
        for case .finding(let finding, _, _) in outcomes where finding.kind == .apart { found[agent] = number }
      }
    }
    #expect(found == [3: 102])
  }

  @Test func changesAreKeptInTheirOrderAndBounded() {
    var watch = AgentWatch(Self.metrics, stored: nil)
    for number in (0..<40).reversed() {
      watch.note(.init(kind: "version", detail: "v\(number)", at: Self.begin + .minutes(Int64(number))))
      watch.note(.init(kind: "version", detail: "v\(number)", at: Self.begin + .minutes(Int64(number))))
    }
    #expect(watch.insight.changes.count == AgentInsight.mostChanges)
    #expect(zip(watch.insight.changes, watch.insight.changes.dropFirst()).allSatisfy { $0.at < $1.at })
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300])
  func numbersThatNobodyCanHaveMeasuredComeToNothing(value: Double) {
    var watch = AgentWatch(Self.metrics, stored: nil)
    var record = ForecastRecord()
    for number in 0..<300 {
      let isOdd = number % 50 == 49
      let minute = Self.minute(number, errors: isOdd ? value : 0.01, queue: isOdd ? value : 20 + Double(number % 4))
      #expect(watch.learn(minute, peers: PeerBoard(), record: &record).isEmpty)
    }
    #expect(watch.insight.health == 1)
  }
}

extension AgentWatch.Outcome {
  fileprivate var isTurnedCritical: Bool { if case .turnedCritical = self { true } else { false } }
  fileprivate var isHealth: Bool { if case .health = self { true } else { false } }
  fileprivate var isForecast: Bool { if case .forecast = self { true } else { false } }
}
