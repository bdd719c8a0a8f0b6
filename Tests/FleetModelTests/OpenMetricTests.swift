import TestSupport
import Testing

@testable import FleetModel

/// What the fleet keeps of metrics of its table.
@Suite struct OpenMetricTests {
  private var fleet = Fleet()
  private let tokens = BuiltInMetric.tokensPerMinute.place

  private func reading(_ place: MetricPlace, _ agent: String = "a") -> OpenReading? {
    fleet.position(of: AgentID(agent)).flatMap { fleet.openReading(place, ofAgentAt: $0) }
  }

  @Test mutating func latestValueAndItsTimeAreKept() throws {
    try fleet.apply("metrics", "a", #"{"tokens_per_minute":900,"fallback_rate":0.25}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"tokens_per_minute":950}"#, at: .at(10))
    try fleet.apply("metrics", "a", #"{"tokens_per_minute":1}"#, at: .at(5))
    #expect(reading(tokens)?.value == 950)
    #expect(reading(tokens)?.at == .at(10))
    #expect(reading(tokens)?.value(within: .minutes(5), of: .at(310)) == 950)
    #expect(reading(tokens)?.value(within: .minutes(5), of: .at(311)) == nil)
    #expect(fleet.openReadings(ofAgentAt: 0).map(\.metric.name) == ["tokens_per_minute", "fallback_rate"])
  }

  @Test mutating func agentThatReportsNoneTakesNoRoomForThem() throws {
    try fleet.apply("metrics", "a", #"{"queue_size":1}"#, at: .at(0))
    #expect(fleet.openReadings(ofAgentAt: 0).isEmpty)
    #expect(fleet.agents.openReadings.byteCount == 0)
    let series = fleet.series.byteCount
    try fleet.apply("metrics", "a", #"{"tokens_in":1}"#, at: .at(1))
    #expect(fleet.agents.openReadings.byteCount > 0)
    #expect(fleet.series.byteCount == 2 * series)
  }

  @Test mutating func numberThatCannotBeOneIsSuspectAndNotCounted() throws {
    try fleet.apply("metrics", "a", #"{"fallback_rate":25,"tokens_in":-1}"#, at: .at(0))
    #expect(fleet.counts.suspect == 2)
    #expect(reading(BuiltInMetric.fallbackRate.place)?.isSuspect == true)
    #expect(reading(BuiltInMetric.fallbackRate.place)?.value == nil)
    try fleet.apply("metrics", "a", #"{"fallback_rate":0.5}"#, at: .at(1))
    #expect(reading(BuiltInMetric.fallbackRate.place)?.isSuspect == false)
    #expect(reading(BuiltInMetric.fallbackRate.place)?.value == 0.5)
    try fleet.apply("metrics", "a", #"{"tokens_in":1e15,"tokens_out":1.1e15}"#, at: .at(2))
    #expect(fleet.counts.suspect == 3)
  }

  @Test mutating func windowHoldsWhatWasReported() throws {
    try fleet.apply("metrics", "a", #"{"tool_latency":200}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"tool_latency":400}"#, at: .at(5))
    try fleet.apply("metrics", "a", #"{"tool_latency":800}"#, at: .at(20))
    #expect(
      fleet.history(BuiltInMetric.toolLatency.place, ofAgentAt: 0, .fine, count: 3, until: .at(20)) == [
        .value(300), .silent, .value(800),
      ])
    #expect(fleet.history(tokens, ofAgentAt: 0, .fine, count: 3, until: .at(20)) == [])
  }

  @Test mutating func whatTheHandlerSaysIsNoValueOfTheAgents() throws {
    try fleet.apply("anomaly", "a", #"{"tokens_per_minute":900}"#, source: "vigia", at: .at(0))
    #expect(fleet.openReadings(ofAgentAt: 0).isEmpty)
  }

  @Test mutating func agentThatComesAfterOneThatLeftHasNothingOfIt() throws {
    try fleet.apply("metrics", "a", #"{"tokens_per_minute":900}"#, at: .at(0))
    try fleet.apply("deleted", "a", at: .at(1))
    fleet.advance(to: .at(100))
    #expect(fleet.agents.openReadings.byteCount == 0 && fleet.series.byteCount == 0)
    try fleet.apply("metrics", "b", #"{"tokens_in":5}"#, at: .at(101))
    #expect(fleet.openReadings(ofAgentAt: 0).map(\.metric.name) == ["tokens_in"])
    #expect(
      fleet.history(BuiltInMetric.tokensIn.place, ofAgentAt: 0, .coarse, count: 3, until: .at(101)) == [
        .silent, .silent, .value(5),
      ])
  }

  @Test mutating func clockThatLeapsMakesNoValueOlder() throws {
    try fleet.apply("metrics", "a", #"{"tokens_in":5}"#, at: .at(1000))
    fleet.leap(by: .seconds(-600))
    #expect(reading(BuiltInMetric.tokensIn.place)?.at == .at(400))
    try fleet.apply("metrics", "a", #"{"tokens_in":6}"#, at: .at(410))
    #expect(reading(BuiltInMetric.tokensIn.place)?.value == 6)
  }

  @Test mutating func otherTableKeepsValuesOnlyIfPlacesStay() throws {
    try fleet.apply("metrics", "a", #"{"tokens_per_minute":900}"#, at: .at(0))
    let levels = Limits.Levels(medium: 500, high: 800, critical: 2000)
    fleet.setMetrics(MetricTable(declaring: [OpenMetric("tokens_per_minute", levels: levels)]))
    #expect(reading(tokens)?.value == 900)
    #expect(fleet.limits(ofAgentAt: 0)[tokens]?.severity(of: 900) == .high)
    fleet.setMetrics(MetricTable(declaring: [OpenMetric("depth")]))
    #expect(fleet.openReadings(ofAgentAt: 0).isEmpty)
    #expect(fleet.limits(ofAgentAt: 0)[tokens] == nil)
    #expect(fleet.series.byteCount == 0)
  }

  @Test mutating func levelsByAgentStandBeforeTheMetricsOwn() throws {
    let (own, other) = (
      Limits.Levels(medium: 500, high: 800, critical: 2000), Limits.Levels(medium: 5, high: 8, critical: 20)
    )
    fleet.setMetrics(MetricTable(declaring: [OpenMetric("depth", levels: own)]))
    fleet.setLevels(LevelTable([LevelTable.Entry(agent: Glob("a"), levels: [:], open: ["depth": other])]))
    try fleet.apply("metrics", "a", #"{"queue_size":1}"#, at: .at(0))
    try fleet.apply("metrics", "b", #"{"queue_size":1}"#, at: .at(0))
    let place = try #require(fleet.metrics.place(named: "depth"))
    #expect(fleet.limits(ofAgentAt: 0)[place] == other)
    #expect(fleet.limits(ofAgentAt: 1)[place] == own)
  }

  @Test func numberOfAMetricStaysIfOthersComeAndGo() {
    let few = MetricTable(declaring: [OpenMetric("depth"), OpenMetric("recall")])
    let more = MetricTable(declaring: [OpenMetric("hops"), OpenMetric("recall"), OpenMetric("depth")])
    for name in ["depth", "recall"] {
      let numbers = [few, more].map { table in table.place(named: name).map { table.number(of: $0) } }
      #expect(numbers[0] == numbers[1] && (numbers[0] ?? 0) > 26, "\(name)")
    }
    for place in more.places { #expect(more.place(numbered: more.number(of: place)) == place) }
    #expect(MetricTable.builtIn.number(of: BuiltInMetric.costPerHour.place) == 19)
    #expect(few.place(numbered: 255) == nil && few.place(numbered: 3) == nil)
  }

  @Test func metricsWhoseDigestsMeetHaveTwoNumbers() {
    let table = MetricTable(declaring: (0..<21).map { OpenMetric("m\($0)") })
    #expect(Set(table.places.map { table.number(of: $0) }).count == 32)
  }
}
