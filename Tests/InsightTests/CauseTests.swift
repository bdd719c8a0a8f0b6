import FleetModel
import Insight
import Testing

@Suite struct CauseTests {
  private static let begin = Instant(milliseconds: 1_700_000_000_000)

  private static func traits(_ model: String, region: String = "eu") -> Set<TraitValue> {
    [TraitValue(.llmModel, model), TraitValue(.region, region)]
  }

  /// 12 agents on gpt-4o and 40 on another model, all in one region.
  private static var fleet: TraitCounts {
    var counts = TraitCounts()
    for _ in 0..<12 { counts.add(traits("gpt-4o")) }
    for _ in 0..<40 { counts.add(traits("other")) }
    return counts
  }

  private static func alerts(_ count: Int, _ model: String, every step: TimeSpan = .seconds(1)) -> [CommonCause.Member]
  {
    (0..<count).map {
      CommonCause.Member(agent: AgentID("\(model)-\($0)"), began: begin + step * Int64($0), traits: traits(model))
    }
  }

  @Test func alertsOfOneModelStandUnderOneHeading() throws {
    let alerts = Self.alerts(11, "gpt-4o") + Self.alerts(1, "other")
    let causes = CommonCause.find(alerts, counts: Self.fleet)
    let cause = try #require(causes.first)
    #expect(causes.count == 1 && cause.shared == TraitValue(.llmModel, "gpt-4o"))
    #expect(cause.words == "11 of 12 affected; others 1 of 40")
    #expect(cause.members.sorted() == Array(0..<11) && cause.since == Self.begin)
  }

  @Test func aGroupThatHoldsLessClaimsNothing() {
    // Too few, too small a share of the model, as many outside, and what all agents have.
    #expect(CommonCause.find(Self.alerts(2, "gpt-4o"), counts: Self.fleet).isEmpty)
    #expect(CommonCause.find(Self.alerts(19, "other"), counts: Self.fleet).isEmpty)
    #expect(CommonCause.find(Self.alerts(8, "gpt-4o") + Self.alerts(20, "other"), counts: Self.fleet).isEmpty)
    #expect(CommonCause.find(Self.alerts(12, "gpt-4o") + Self.alerts(40, "other"), counts: Self.fleet).isEmpty)
    #expect(CommonCause.find([], counts: Self.fleet).isEmpty)
  }

  @Test func severalAlertsOfOneAgentCountOnce() {
    let same = (0..<9).map { _ in Self.alerts(1, "gpt-4o")[0] }
    #expect(CommonCause.find(same, counts: Self.fleet).isEmpty)
  }

  @Test func alertsThatBeginApartHaveNoCommonCause() {
    #expect(CommonCause.find(Self.alerts(11, "gpt-4o", every: .minutes(2)), counts: Self.fleet).isEmpty)
  }

  @Test func twoCausesAtOnceAreToldApart() {
    var counts = Self.fleet
    for _ in 0..<10 { counts.add(Self.traits("mini", region: "us")) }
    let us = (0..<10).map {
      CommonCause.Member(agent: AgentID("us-\($0)"), began: Self.begin, traits: Self.traits("mini", region: "us"))
    }
    // Model and region are equally good here: the earlier in the table stands.
    let causes = CommonCause.find(Self.alerts(12, "gpt-4o") + us, counts: counts)
    #expect(causes.map(\.shared) == [TraitValue(.llmModel, "gpt-4o"), TraitValue(.llmModel, "mini")])
    #expect(causes.map(\.affected) == [12, 10])
  }

  @Test func agentsThatGoAreNoLongerCounted() {
    var counts = Self.fleet
    for _ in 0..<50 { counts.remove(Self.traits("gpt-4o")) }
    #expect(counts.count(TraitValue(.llmModel, "gpt-4o")) == 0 && counts.agents == 2)
    for _ in 0..<50 { counts.remove(Self.traits("gpt-4o")) }
    #expect(counts.agents == 0)
  }

  // MARK: What changed

  private static func series(_ agent: String, _ metric: UInt8, by change: Double) -> SpanChange.Series {
    let before = (0..<30).map { 100 + Double($0 % 7) }
    return SpanChange.Series(
      agent: AgentID(agent), metric: MetricID(rawValue: metric), before: before, during: before.map { $0 + change })
  }

  @Test func whatDiffersMostComesFirst() {
    let ranked = SpanChange.ranked([
      Self.series("a", 0, by: 1), Self.series("a", 1, by: 50), Self.series("b", 0, by: -90), Self.series("c", 0, by: 0),
    ])
    #expect(ranked.map { "\($0.agent) \($0.metric.rawValue)" } == ["b 0", "a 1"])
    #expect(ranked[0].before == 103 && ranked[0].during == 13 && ranked[0].effect < -20)
    #expect(SpanChange.ranked((0..<50).map { Self.series("a\($0)", 0, by: 60) }, most: 20).count == 20)
  }

  @Test func badNumbersAreNoChange() {
    var series = Self.series("a", 0, by: 0)
    series.during = [.nan, .infinity, 1e300, 100]
    #expect(SpanChange.ranked([series]).isEmpty)
    series.during = Array(repeating: 1e15, count: 5)
    #expect(SpanChange.ranked([series]).first?.effect.isFinite == true)
  }
}
