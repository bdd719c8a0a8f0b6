import FleetModel
import TestSupport
import Testing

@Suite struct InsightTests {
  private static let start = Instant(milliseconds: 1_763_000_000_000)

  private static func coming(_ metric: String = "queue_size", in minutes: Int64) -> AgentInsight.Coming {
    AgentInsight.Coming(
      metric: metric, value: 80, level: 300, madeAt: start, crossesAt: start + .minutes(minutes), confidence: 0.75,
      known: 12, radius: 10)
  }

  private static func insight(_ forecasts: [AgentInsight.Coming] = []) -> AgentInsight {
    var insight = AgentInsight(at: start)
    insight.health = 0.4
    insight.forecasts = forecasts
    return insight
  }

  private static func fleet(_ agents: String...) throws -> Fleet {
    var fleet = Fleet()
    for agent in agents { try fleet.apply("metrics", agent, #"{"queue_size":5}"#, at: start) }
    return fleet
  }

  @Test func insightIsKeptByAgentAndGoesWithIt() throws {
    var fleet = try Self.fleet("a", "b")
    fleet.setInsight(Self.insight([Self.coming(in: 20)]), of: "a")
    let position = try #require(fleet.position(of: "a"))
    #expect(fleet.insights[position]?.health == 0.4 && fleet.insights.health(at: position) == 0.4)
    #expect(fleet.coming.map(\.agent) == ["a"])
    try fleet.apply("deleted", "a", "{}", at: Self.start)
    fleet.advance(to: Self.start + .minutes(2))
    #expect(fleet.position(of: "a") == nil)
    #expect(fleet.insights[position] == nil && fleet.coming.isEmpty && fleet.insights.byteCount == 0)
    // Who takes its place has nothing of it.
    try fleet.apply("metrics", "c", #"{"queue_size":5}"#, at: Self.start + .minutes(2))
    #expect(fleet.position(of: "c") == position && fleet.insights[position] == nil)
  }

  @Test func ofAgentsThatAreNotKnownNothingIsKept() throws {
    var fleet = try Self.fleet("a")
    fleet.setInsight(Self.insight(), of: "nobody")
    #expect(fleet.count == 1 && fleet.insights.byteCount == 0)
  }

  @Test func whatIsNotToldAgainIsGone() throws {
    var fleet = try Self.fleet("a", "b")
    fleet.beginInsights()
    for agent in ["a", "b"] { fleet.setInsight(Self.insight([Self.coming(in: 20)]), of: AgentID(agent)) }
    fleet.endInsights()
    #expect(fleet.coming.count == 2)
    fleet.beginInsights()
    fleet.setInsight(Self.insight([Self.coming(in: 20)]), of: "b")
    fleet.endInsights()
    #expect(fleet.coming.map(\.agent) == ["b"])
  }

  @Test func comingStandsByItsTimeUntilItIsLongOverdue() throws {
    var fleet = try Self.fleet("a", "b")
    fleet.setInsight(Self.insight([Self.coming(in: 30)]), of: "a")
    fleet.setInsight(Self.insight([Self.coming(in: 20), Self.coming("error_rate", in: 40)]), of: "b")
    #expect(fleet.coming.map { "\($0.agent) \($0.coming.metric)" } == ["b queue_size", "a queue_size", "b error_rate"])
    // 20 minutes, half of that, and five.
    fleet.advance(to: Self.start + .minutes(35))
    #expect(fleet.coming.count == 3)
    fleet.advance(to: Self.start + .minutes(35) + .seconds(1))
    #expect(fleet.coming.map { "\($0.agent)" } == ["a", "b"])
  }

  @Test func forecastGoesStraightToItsLevel() {
    let coming = Self.coming(in: 20)
    #expect(coming.expected(at: Self.start) == 80)
    #expect(coming.expected(at: Self.start + .minutes(10)) == 190)
    #expect(coming.expected(at: Self.start + .minutes(20)) == 300)
    #expect(Self.coming(in: 0).expected(at: Self.start) == 300)
  }

  @Test func insightIsCurrentWhileTheHandlerLivesAndTheAgentIsHeard() throws {
    var fleet = try Self.fleet("a")
    fleet.watch()
    let position = try #require(fleet.position(of: "a"))
    #expect(!fleet.isInsightCurrent(at: position))
    fleet.setHandler(isAlive: true)
    #expect(fleet.isInsightCurrent(at: position))
    fleet.advance(to: Self.start + .minutes(6))
    #expect(!fleet.isInsightCurrent(at: position))
  }

  @Test func troubleBeginsWithTheOldestAlertOrElseWithWhatWasFound() throws {
    var fleet = try Self.fleet("a")
    let position = try #require(fleet.position(of: "a"))
    #expect(fleet.troubleSince(ofAgentAt: position) == nil)
    var insight = Self.insight()
    insight.findings = [
      .init(metric: "queue_size", kind: "stuck", words: "x", since: Self.start - .minutes(3), at: Self.start),
      .init(metric: "queue_size", kind: "stuck", words: "x", since: Self.start - .hours(9), at: Self.start),
    ]
    fleet.setInsight(insight, of: "a")
    #expect(fleet.troubleSince(ofAgentAt: position) == Self.start - .minutes(3))
    try fleet.apply("metrics", "a", #"{"queue_size":5000}"#, at: Self.start + .minutes(1))
    #expect(fleet.troubleSince(ofAgentAt: position) == Self.start + .minutes(1))
  }

  @Test func tenThousandAgentsWithAllThatFitsTakeLittle() throws {
    var fleet = Fleet(keepsHistory: false)
    let long = String(repeating: "x", count: TextBound.words)
    var insight = Self.insight(Array(repeating: Self.coming(in: 20), count: AgentInsight.mostForecasts))
    insight.reasons = Array(repeating: long, count: AgentInsight.mostReasons)
    insight.findings = Array(
      repeating: .init(metric: "m", kind: "k", words: long, since: Self.start, at: Self.start),
      count: AgentInsight.mostFindings)
    insight.changes = Array(
      repeating: .init(kind: "version", detail: long, at: Self.start), count: AgentInsight.mostChanges)
    for number in 0..<10_000 {
      try fleet.apply("metrics", "agent-\(number)", #"{"queue_size":5}"#, at: Self.start)
      fleet.setInsight(insight, of: AgentID("agent-\(number)"))
    }
    #expect(fleet.count == 10_000)
    #expect(fleet.insights.byteCount <= 50 << 20)
    let usual = Self.insight()
    for number in 0..<10_000 { fleet.setInsight(usual, of: AgentID("agent-\(number)")) }
    #expect(fleet.insights.byteCount <= 2 << 20)
  }

  @Test func timesOfTheFutureAreTakenAsNow() {
    var insight = Self.insight([Self.coming(in: 20)])
    insight.changes = [.init(kind: "version", detail: "2", at: Self.start)]
    insight.findings = [.init(metric: "m", kind: "k", words: "w", since: Self.start, at: Self.start)]
    let now = Self.start - .days(1)
    let taken = insight.noLater(than: now)
    #expect(taken.at == now && taken.changes[0].at == now && taken.findings[0].since == now)
    #expect(taken.forecasts[0].madeAt == now && taken.forecasts[0].crossesAt == Self.start + .minutes(20))
  }
}
