import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler

@Suite struct ObjectiveMeterTests {
  private func note(_ meter: ObjectiveMeter, _ data: String, at position: Int = 0, source: String? = nil) throws {
    let origin = source.map { #","source":"\#($0)""# } ?? ""
    let bytes = Array(#"{"entity_id":"a","event_type":"agent.metrics","data":\#(data)\#(origin)}"#.utf8)
    let decoder = EventDecoder()
    try bytes.withUnsafeBytes { meter.note(try decoder.decode($0, channel: nil, receivedAt: .at(0)), at: position) }
  }

  @Test func meansAreOfWhatCameSinceTheLastLook() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    #expect(meter.take(0).fresh == nil && meter.take(99) == ObjectiveMeter.Reading())
    try note(meter, #"{"error_rate":0.25}"#)
    try note(meter, #"{"error_rate":0.75,"queue_size":9}"#)
    try note(meter, #"{"error_rate":1}"#, at: 7)
    #expect(meter.take(0).fresh == 0.5 && meter.take(7).fresh == 1 && meter.take(3).fresh == nil)
    #expect(meter.take(0).fresh == nil && meter.take(7).fresh == nil)
  }

  /// What is tried is not free because an agent reports seldom.
  @Test func whatWasToldLastStandsForAWhile() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    try note(meter, #"{"error_rate":0.25}"#)
    #expect(meter.take(0).carried == 0.25)
    for _ in 0..<ObjectiveMeter.patience {
      let reading = meter.take(0)
      #expect(reading.fresh == nil && reading.carried == 0.25)
    }
    #expect(meter.take(0).carried == nil)
    try note(meter, #"{"error_rate":0.5}"#)
    #expect(meter.take(0) == .init(fresh: 0.5, carried: 0.5))
  }

  @Test func howOftenAnAgentReportsIsKnown() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    #expect(meter.part(0) == 1)
    for span in 0..<60 {
      if span % 5 == 0 { try note(meter, #"{"error_rate":0.25}"#) }
      if span % 3 < 2 { try note(meter, #"{"error_rate":0.25}"#, at: 1) }
      _ = (meter.take(0), meter.take(1))
    }
    #expect(meter.part(0) < 0.4 && meter.part(1) > 0.5, "one in five, and two in three")
  }

  @Test func whatAnAgentLosesAsUsualIsASlowMean() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    for span in 0..<40 {
      try note(meter, span % 2 == 0 ? #"{"error_rate":0.25}"# : #"{"error_rate":0.75}"#)
      let usual = meter.take(0).usual
      #expect((usual == nil) == (span < 9))
      #expect(usual.map { abs($0 - 0.5) < 0.05 } ?? true)
    }
  }

  @Test func whatIsNoValueOfItDoesNotCount() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    for data in [#"{"error_rate":1.5}"#, #"{"error_rate":-1}"#, #"{"error_rate":"0.5"}"#, #"{"queue_size":3}"#, "{}"] {
      try note(meter, data)
    }
    try note(meter, #"{"error_rate":0.5}"#, source: Event.handlerSource)
    #expect(meter.take(0).fresh == nil)
  }

  @Test func openMetricIsAnObjectiveToo() throws {
    let meter = try #require(ObjectiveMeter("tool_error_rate", .builtIn))
    try note(meter, #"{"tool_error_rate":0.5,"error_rate":0.1}"#)
    try note(meter, #"{"tool_error_rate":7}"#)
    #expect(meter.take(0).fresh == 0.5)
    #expect(ObjectiveMeter("nothing", .builtIn) == nil)
  }
}
