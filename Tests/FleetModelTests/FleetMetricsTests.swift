import TestSupport
import Testing

@testable import FleetModel

@Suite struct FleetMetricsTests {
  private var fleet = Fleet()

  @Test mutating func latestValueAndItsTimeAreKept() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.01,"response_time":900}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"error_rate":0.02}"#, at: .at(10))
    let agent = try #require(fleet["a"])
    #expect(agent.value(.errorRate) == Double(Float(0.02)))
    #expect(agent.valueTime(.errorRate) == .at(10))
    #expect(agent.value(.responseTime) == 900)
    #expect(agent.valueTime(.responseTime) == .at(0))
    #expect(agent.value(.queueSize) == nil)
    #expect(agent.valueTime(.queueSize) == nil)
  }

  @Test mutating func lateEventDoesNotTakeBackWhatIsNewer() throws {
    try fleet.apply("metrics", "a", #"{"queue_size":7}"#, at: .at(60))
    try fleet.apply("metrics", "a", #"{"queue_size":1000,"avg_rating":4}"#, at: .at(30))
    #expect(fleet["a"]?.value(.queueSize) == 7)
    #expect(fleet["a"]?.valueTime(.queueSize) == .at(60))
    #expect(fleet["a"]?.value(.averageRating) == 4)
    #expect(fleet["a"]?.lastEventAt == .at(60))
    #expect(fleet["a"]?.eventCount == 2)
    #expect(
      fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 4, until: .at(60)) == [
        .value(1000), .silent, .silent, .value(7),
      ])
  }

  @Test mutating func oldValueSaysNothingOfThePresent() throws {
    try fleet.apply("metrics", "a", #"{"queue_size":7}"#, at: .at(0))
    let agent = try #require(fleet["a"])
    #expect(agent.value(.queueSize, within: .minutes(5), of: .at(300)) == 7)
    #expect(agent.value(.queueSize, within: .minutes(5), of: .at(301)) == nil)
    #expect(agent.value(.queueSize) == 7)
  }

  @Test mutating func valueThatCannotBeIsSuspectAndNotCounted() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.01}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"error_rate":25,"queue_size":3}"#, at: .at(1))
    #expect(fleet["a"]?.isSuspect(.errorRate) == true)
    #expect(fleet["a"]?.value(.errorRate) == Double(Float(0.01)))
    #expect(fleet["a"]?.value(.queueSize) == 3)
    #expect(fleet.counts.suspect == 1)
    #expect(fleet.alerts.count == 0)
    try fleet.apply("metrics", "a", #"{"error_rate":0.02}"#, at: .at(2))
    #expect(fleet["a"]?.isSuspect(.errorRate) == false)
    #expect(fleet.counts.suspect == 1)
  }

  @Test mutating func chartedMetricsFillTheirWindows() throws {
    try fleet.apply("metrics", "a", #"{"queue_size":2,"attempts_count":9}"#, at: .at(0))
    try fleet.apply("metrics", "a", #"{"queue_size":4}"#, at: .at(5))
    try fleet.apply("metrics", "a", #"{"queue_size":8}"#, at: .at(20))
    #expect(
      fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 3, until: .at(20)) == [.value(3), .silent, .value(8)])
    #expect(fleet.history(.attempts, ofAgentAt: 0, .fine, count: 3, until: .at(20)) == [])
  }

  @Test func fleetWithoutHistoryJudgesAllTheSame() throws {
    var fleet = Fleet(keepsHistory: false)
    for second in 0..<25 {
      try fleet.apply("metrics", "a", #"{"queue_size":1000}"#, at: .at(Int64(second)))
    }
    #expect(fleet["a"]?.value(.queueSize) == 1000)
    #expect(fleet.alerts.count == 1)
    #expect(fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 3, until: .at(25)) == [])
    #expect(fleet.totals.samples.isEmpty)
  }

  @Test mutating func anyEventMayCarryAMetric() throws {
    try fleet.apply("high_traffic", "a", #"{"messages_per_minute":120,"response_time_avg":700}"#, at: .at(0))
    #expect(fleet["a"]?.value(.messagesPerMinute) == 120)
    #expect(fleet["a"]?.value(.responseTime) == 700)
  }

  @Test mutating func totalsAreSumsAndWeightedMeans() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.5,"messages_per_minute":30,"avg_rating":4}"#, at: .at(0))
    try fleet.apply(
      "metrics", "b", #"{"error_rate":0,"messages_per_minute":10,"avg_rating":3,"queue_size":5}"#, at: .at(0))
    let sample = FleetTotals.measure(fleet)
    #expect(sample.errorRate == 0.375)
    #expect(sample.traffic == 40)
    #expect(sample.rating == 3.5)
    #expect(sample.queue == 5)
  }

  @Test func fleetOfNobodyHasNoTotals() {
    let sample = FleetTotals.measure(fleet)
    #expect(sample == FleetTotals.Sample(at: .epoch, errorRate: nil, traffic: nil, rating: nil, queue: nil))
  }

  @Test mutating func totalsLeaveOutTheStaleAndTheDeleted() throws {
    try fleet.apply("metrics", "a", #"{"messages_per_minute":30}"#, at: .at(0))
    try fleet.apply("metrics", "b", #"{"messages_per_minute":10}"#, at: .at(290))
    try fleet.apply("metrics", "c", #"{"messages_per_minute":5}"#, at: .at(295))
    try fleet.apply("deleted", "c", at: .at(296))
    #expect(FleetTotals.measure(fleet).traffic == 40)
    fleet.advance(to: .at(301))
    #expect(FleetTotals.measure(fleet).traffic == 10)
  }

  @Test mutating func totalsAreSampledOncePerTenSeconds() throws {
    for second in 0..<25 { fleet.advance(to: .at(Int64(second))) }
    #expect(fleet.totals.samples.map(\.at) == [.at(0), .at(10), .at(20)])
  }
}
