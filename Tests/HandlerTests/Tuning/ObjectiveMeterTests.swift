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
    #expect(meter.take(0) == nil && meter.take(99) == nil)
    try note(meter, #"{"error_rate":0.25}"#)
    try note(meter, #"{"error_rate":0.75,"queue_size":9}"#)
    try note(meter, #"{"error_rate":1}"#, at: 7)
    #expect(meter.take(0) == 0.5 && meter.take(7) == 1 && meter.take(3) == nil)
    #expect(meter.take(0) == nil && meter.take(7) == nil)
  }

  @Test func whatIsNoValueOfItDoesNotCount() throws {
    let meter = try #require(ObjectiveMeter("error_rate", .builtIn))
    for data in [#"{"error_rate":1.5}"#, #"{"error_rate":-1}"#, #"{"error_rate":"0.5"}"#, #"{"queue_size":3}"#, "{}"] {
      try note(meter, data)
    }
    try note(meter, #"{"error_rate":0.5}"#, source: Event.handlerSource)
    #expect(meter.take(0) == nil)
  }

  @Test func openMetricIsAnObjectiveToo() throws {
    let meter = try #require(ObjectiveMeter("tool_error_rate", .builtIn))
    try note(meter, #"{"tool_error_rate":0.5,"error_rate":0.1}"#)
    try note(meter, #"{"tool_error_rate":7}"#)
    #expect(meter.take(0) == 0.5)
    #expect(ObjectiveMeter("nothing", .builtIn) == nil)
  }
}
