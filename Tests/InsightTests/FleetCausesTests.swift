import FleetModel
import TestSupport
import Testing

@testable import Insight

/// Which alerts of a fleet stand under one heading.
@Suite struct FleetCausesTests {
  private var fleet = Fleet()
  private var causes = FleetCauses(settles: .zero)

  /// 12 agents on gpt-4o and 40 on mini, all in one region.
  private mutating func populate() throws {
    for number in 0..<52 {
      let model = number < 12 ? "gpt-4o" : "mini"
      let data = #"{"error_rate":0.01,"llm_model":"\#(model)","region":"eu"}"#
      try fleet.apply("metrics", "a\(number)", data, at: .at(0))
    }
  }

  private mutating func fail(_ numbers: Range<Int>, from second: Int64) throws {
    for number in numbers {
      try fleet.apply("metrics", "a\(number)", #"{"error_rate":0.5}"#, at: .at(second + Int64(number) * 2))
    }
  }

  @Test mutating func alertsOfOneModelStandUnderOneHeading() throws {
    try populate()
    try fail(0..<11, from: 100)
    try fail(51..<52, from: 20)
    #expect(causes.look(at: fleet, now: .at(130)) == true)
    let heading = try #require(causes.headings.first)
    #expect(causes.headings.count == 1 && heading.agents.count == 11 && heading.alerts.count == 11)
    #expect(heading.cause.title("gpt-4o") == "11 agents on gpt-4o")
    #expect(heading.cause.words == "11 of 12 affected; others 1 of 40")
    #expect(causes.heading(of: "a3") == heading && causes.heading(of: "a51") == nil)
  }

  @Test mutating func aLookIsTakenOnlyIfAlertsChangedAndOnceASecond() throws {
    try populate()
    try fail(0..<9, from: 100)
    #expect(causes.look(at: fleet, now: .at(120)) == true)
    let number = try #require(causes.headings.first).number
    #expect(causes.look(at: fleet, now: .at(200)) == false)
    try fail(9..<11, from: 100)
    #expect(causes.look(at: fleet, now: .at(120)) == false)
    #expect(causes.look(at: fleet, now: .at(121)) == true)
    #expect(causes.headings.map(\.number) == [number] && causes.heading(number)?.agents.count == 11)
    // The clock was set back.
    try fail(11..<12, from: 100)
    #expect(causes.look(at: fleet, now: .at(1)) == true)
  }

  @Test mutating func traitsThatBecomeKnownAfterTheAlertsCount() throws {
    for number in 0..<20 { try fleet.apply("metrics", "a\(number)", at: .at(0)) }
    try fail(0..<5, from: 10)
    #expect(causes.look(at: fleet, now: .at(30)) == false)
    for number in 0..<20 {
      try fleet.apply("metrics", "a\(number)", #"{"version":"\#(number < 5 ? 2 : 1)"}"#, at: .at(31))
    }
    #expect(causes.look(at: fleet, now: .at(32)) == true)
    #expect(causes.headings.map { $0.cause.title("2") } == ["5 agents on version 2"])
  }

  @Test mutating func aHeadingEndsWithItsAlerts() throws {
    try populate()
    try fail(0..<11, from: 100)
    causes.look(at: fleet, now: .at(130))
    for number in 0..<12 { try fleet.apply("deleted", "a\(number)", at: .at(131)) }
    fleet.advance(to: .at(200))
    #expect(causes.look(at: fleet, now: .at(200)) == true && causes.headings.isEmpty)
    #expect(causes.heading(of: "a1") == nil)
  }

  @Test mutating func aNewCauseWaitsUntilNoAlertHasBegunForAWhile() throws {
    causes = FleetCauses()
    try populate()
    try fail(0..<8, from: 100)
    #expect(causes.look(at: fleet, now: .at(115)) == false)
    try fail(8..<11, from: 100)
    #expect(causes.look(at: fleet, now: .at(121)) == false)
    // The last one began at 120 s.
    #expect(causes.look(at: fleet, now: .at(129)) == false)
    #expect(causes.look(at: fleet, now: .at(130)) == true && causes.headings.map(\.agents.count) == [11])
    try fail(11..<12, from: 109)
    #expect(causes.look(at: fleet, now: .at(131)) == true && causes.headings.map(\.agents.count) == [12])
  }

  @Test mutating func aCauseWaitsForNoMoreThanAMinute() throws {
    causes = FleetCauses()
    try populate()
    for number in 0..<11 {
      try fleet.apply("metrics", "a\(number)", #"{"error_rate":0.5}"#, at: .at(100 + Int64(number) * 6))
      #expect(causes.look(at: fleet, now: .at(100 + Int64(number) * 6)) == (number == 10))
    }
  }

  @Test mutating func aVersionThatIsRolledBackStaysTheCause() throws {
    try populate()
    for number in 0..<8 { try fleet.apply("metrics", "a\(number)", #"{"version":"2"}"#, at: .at(90)) }
    try fail(0..<8, from: 100)
    #expect(causes.look(at: fleet, now: .at(130)) == true)
    for number in 0..<8 { try fleet.apply("metrics", "a\(number)", #"{"version":"1"}"#, at: .at(140)) }
    causes.look(at: fleet, now: .at(150))
    #expect(causes.headings.map(\.cause.shared) == [TraitValue(.version, "2")])
    #expect(causes.headings.first?.cause.words == "8 of 8 affected; others 0 of 44")
  }

  @Test mutating func furtherAlertsOfTheSameAgentsAreNoOtherCause() throws {
    try populate()
    try fail(0..<11, from: 100)
    causes.look(at: fleet, now: .at(130))
    for number in 0..<7 { try fleet.apply("anomaly", "a\(number)", at: .at(300)) }
    causes.look(at: fleet, now: .at(320))
    #expect(causes.headings.count == 1 && causes.headings.first?.agents.count == 11)
  }

  @Test mutating func whatIsLeftOfACauseIsNoOtherCause() throws {
    // 8 agents on one provider; 4 of them are all there are in region us.
    for number in 0..<24 {
      let (provider, region) = (number < 8 ? "p" : "q", number < 4 ? "us" : "eu")
      let data = #"{"error_rate":0.01,"provider":"\#(provider)","region":"\#(region)"}"#
      try fleet.apply("metrics", "a\(number)", data, at: .at(0))
    }
    try fail(0..<8, from: 100)
    causes.look(at: fleet, now: .at(120))
    let number = try #require(causes.headings.first).number
    #expect(causes.headings.map(\.cause.shared) == [TraitValue(.provider, "p")])
    for number in 0..<8 { try fleet.apply("anomaly", "a\(number)", at: .at(200)) }
    for second in stride(from: 240 as Int64, through: 1000, by: 20) {
      // Four recover one after another, from the last one on. The others share a region besides.
      try report(at: second, bad: 0..<max(4, 8 - Int(second - 240) / 40), version: 1)
      causes.look(at: fleet, now: .at(second))
      #expect(causes.headings.allSatisfy { $0.cause.shared == TraitValue(.provider, "p") && $0.number == number })
    }
    // What they suffer from later is news.
    for second in stride(from: 1020 as Int64, through: 2980, by: 20) {
      try report(at: second, bad: 0..<0, version: 2)
      causes.look(at: fleet, now: .at(second))
    }
    try report(at: 3000, bad: 0..<4, version: 2)
    causes.look(at: fleet, now: .at(3020))
    #expect(causes.headings.map(\.cause.shared) == [TraitValue(.version, "2")])
  }

  /// What all 24 report; the first four have a version of their own.
  private mutating func report(at second: Int64, bad: Range<Int>, version: Int) throws {
    for number in 0..<24 {
      let data = #"{"error_rate":\#(bad.contains(number) ? 0.5 : 0.01),"version":"\#(number < 4 ? version : 1)"}"#
      try fleet.apply("metrics", "a\(number)", data, at: .at(second))
    }
    fleet.advance(to: .at(second))
  }

  @Test mutating func anOldCauseThatIsQuietHidesNoNewIncident() throws {
    try populate()
    for number in 0..<11 { try fleet.apply("anomaly", "a\(number)", at: .at(100 + Int64(number))) }
    #expect(causes.look(at: fleet, now: .at(120)) == true)
    let old = try #require(causes.headings.first).number
    try fail(0..<11, from: 3000)
    #expect(causes.look(at: fleet, now: .at(3030)) == true)
    #expect(
      causes.headings.count == 1 && causes.headings[0].cause.since == .at(3000) && causes.headings[0].number != old)
  }

  // MARK: The search

  private func members(_ agents: Range<Int>, _ traits: [TraitValue], from second: Int64) -> [CommonCause.Member] {
    agents.map { CommonCause.Member(agent: AgentID("a\($0)"), began: .at(second + Int64($0)), traits: Set(traits)) }
  }

  private func counts(_ groups: [(count: Int, traits: [TraitValue])]) -> TraitCounts {
    var counts = TraitCounts()
    for group in groups { for _ in 0..<group.count { counts.add(Set(group.traits)) } }
    return counts
  }

  @Test func anAlertShortlyBeforeDoesNotSplitAnIncident() {
    let model = [TraitValue(.llmModel, "m")]
    let counts = counts([(20, model), (40, [])])
    let before = members(90..<91, [], from: -100)
    let found = CommonCause.find(before + members(0..<20, model, from: 40), counts: counts)
    #expect(found.map(\.affected) == [20])
  }

  @Test func theTraitThatTellsMoreIsTheCause() {
    let (openai, small, large) = (
      TraitValue(.provider, "openai"), TraitValue(.llmModel, "small"), TraitValue(.llmModel, "large")
    )
    let counts = counts([(10, [openai, small]), (10, [openai, large]), (20, [])])
    let alerts = members(0..<10, [openai, small], from: 0) + members(10..<20, [openai, large], from: 0)
    #expect(CommonCause.find(alerts, counts: counts).map(\.shared) == [openai])
    #expect(CommonCause.find(members(0..<10, [openai, small], from: 0), counts: counts).map(\.shared) == [small])
  }

  @Test func aProviderCountsOnceASecondModelFollows() {
    let (anthropic, haiku, sonnet) = (
      TraitValue(.provider, "anthropic"), TraitValue(.llmModel, "haiku"), TraitValue(.llmModel, "sonnet")
    )
    let counts = counts([(4, [anthropic, haiku]), (4, [anthropic, sonnet]), (16, [])])
    let small = members(0..<4, [anthropic, haiku], from: 0)
    #expect(CommonCause.find(small, counts: counts).map(\.shared) == [haiku])
    let two = members(4..<6, [anthropic, sonnet], from: 10)
    #expect(CommonCause.find(small + two, counts: counts).map(\.shared) == [anthropic])
  }

  @Test func thousandsOfValuesAreSearchedInBoundedTime() {
    var alerts: [CommonCause.Member] = []
    for group in 0..<1000 {
      let traits = Trait.causes.map { TraitValue($0, "v\(group)") }
      alerts += members(group * 3..<group * 3 + 3, traits, from: Int64(group) * 300)
    }
    let counts = counts([(3000, [])])
    #expect(CommonCause.find(alerts, counts: counts).count == 1000)
  }
}
