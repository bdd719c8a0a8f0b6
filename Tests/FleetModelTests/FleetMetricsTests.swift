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

  /// Going through all agents, as nothing does any more that is done often.
  private func measured(_ fleet: Fleet) -> FleetTotals.Sample {
    var sample = FleetTotals.Sample(at: fleet.now)
    var (errors, weights, stars, raters) = (0.0, 0.0, 0.0, 0.0)
    for position in fleet.agents.indices where fleet.isPresent(position) {
      guard fleet.agents.profiles[position]?.deletedAt == nil else { continue }
      func fresh(_ metric: Metric) -> Double? {
        fleet.agents.value(metric, at: position, within: Fleet.freshness, of: fleet.now)
      }
      if let messages = fresh(.messagesPerMinute) { sample.traffic = (sample.traffic ?? 0) + messages }
      if let queue = fresh(.queueSize) { sample.queue = (sample.queue ?? 0) + queue }
      if let rating = fresh(.averageRating) { (stars, raters) = (stars + rating, raters + 1) }
      guard let rate = fresh(.errorRate) else { continue }
      let weight = max(fresh(.messagesPerMinute) ?? 1, 0.001)
      (errors, weights) = (errors + rate * weight, weights + weight)
    }
    sample.errorRate = weights > 0 ? errors / weights : nil
    sample.rating = raters > 0 ? stars / raters : nil
    return sample
  }

  @Test func totalsKeptUpToDateAreThoseOfAllAgents() throws {
    var random = SeededRandom(seed: 7)
    var fleet = Fleet(capacity: 40)
    var seconds: Int64 = 0
    for _ in 0..<4000 {
      seconds += Int64.random(in: 0...3, using: &random)
      let agent = "a\(Int.random(in: 0..<60, using: &random))"
      switch Int.random(in: 0..<40, using: &random) {
      case 0: try fleet.apply("deleted", agent, at: .at(seconds))
      case 1: fleet.advance(to: .at(seconds + 200))
      case 2: fleet.leap(by: .seconds(Int64.random(in: -50...50, using: &random)))
      default:
        let metric =
          ["error_rate", "messages_per_minute", "queue_size", "avg_rating"].randomElement(using: &random) ?? ""
        let value = Double(Int.random(in: 0...256, using: &random)) / 256
        try fleet.apply("metrics", agent, "{\"\(metric)\":\(value)}", at: .at(seconds))
      }
      seconds = max(seconds, fleet.now.milliseconds / 1000)
      // Whole seconds: by them what is not fresh any more leaves.
      fleet.advance(to: .at(seconds + 1))
      let (kept, all) = (FleetTotals.measure(fleet), measured(fleet))
      #expect(abs((kept.errorRate ?? -1) - (all.errorRate ?? -1)) < 1e-9)
      #expect(kept.traffic == all.traffic && kept.queue == all.queue && kept.rating == all.rating)
    }
  }

  @Test mutating func hugeValueLeavesNothingBehindInTotals() throws {
    try fleet.apply("metrics", "a", #"{"messages_per_minute":1e15,"queue_size":1e15}"#, at: .at(0))
    try fleet.apply("metrics", "b", #"{"messages_per_minute":3,"queue_size":0.5}"#, at: .at(1))
    #expect(FleetTotals.measure(fleet).traffic ?? 0 >= 1e14)
    try fleet.apply("metrics", "a", #"{"messages_per_minute":1,"queue_size":0.25}"#, at: .at(2))
    #expect(FleetTotals.measure(fleet).traffic == 4)
    #expect(FleetTotals.measure(fleet).queue == 0.75)
  }

  @Test mutating func totalsAreSampledOncePerTenSeconds() throws {
    for second in 0..<25 { fleet.advance(to: .at(Int64(second))) }
    #expect(fleet.totals.samples.map(\.at) == [.at(0), .at(10), .at(20)])
  }
}
