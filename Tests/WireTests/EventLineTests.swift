import FleetModel
import Testing

@testable import Wire

struct EventLineTests {
  private let decoder = EventDecoder()

  private func line(_ text: String, channel: String? = nil, id: StreamID? = nil) throws -> String {
    let bytes = try decoder.read(Array(text.utf8), channel: channel) { EventLine.encode(copy $0, id: id) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func aLineHoldsTheWholeEvent() throws {
    let text =
      #"{"entity_id":"a1","event_type":"high_traffic","event_id":"e1","timestamp":1795334137.8,"source":"svc","#
      + #""severity":"high","data":{"queue_size":500,"big":18446744073709551616,"x":1.50}}"#
    #expect(
      try line(text, id: StreamID(milliseconds: 1_795_334_137_846))
        == #"{"id":"1795334137846-0","received":"1970-01-01T00:00:00.000Z","event_type":"agent.high_traffic","#
        + #""entity_id":"a1","event_id":"e1","timestamp":"2026-11-22T07:55:37.800Z","source":"svc","severity":"high","#
        + #""data":{"queue_size":500,"big":18446744073709551616,"x":1.50}}"#)
  }

  @Test func aLineIsStrictJSONOnOneLine() throws {
    let text =
      "{\"entity_id\":NaN,\"event_type\":\"x\",\n \"data\": {\n \"a\" : [NaN, -Infinity, Infinity, -1],\t\"N I\\\"\": \"N I \\n\"}}"
    #expect(
      try line(text)
        == #"{"received":"1970-01-01T00:00:00.000Z","event_type":"agent.x","entity_id":"NaN","#
        + #""data":{"a":[null,null,null,-1],"N I\"":"N I \n"}}"#)
  }

  @Test func theTypeIsDottedWhoeverToldIt() throws {
    func type(_ type: String, channel: String? = nil) throws -> String {
      try decoder.read(Array(#"{"entity_id":"a","event_type":\#(type)}"#.utf8), channel: channel) { $0.typeName }
    }
    #expect(try type(#""created""#) == "agent.created")
    #expect(try type(#""agents.created""#) == "agent.created")
    #expect(try type(#""odd""#) == "agent.odd")
    #expect(try type(#""agents.odd""#) == "agent.odd")
    #expect(try type(#""billing.odd""#) == "billing.odd")
    #expect(try type(#""created""#, channel: "agents.odd") == "agent.odd")
    #expect(try type("null") == "agent.")
  }

  @Test func aLineReadBackIsTheSameEvent() throws {
    for fixture in Fixture.messages {
      guard let event = try? decoder.read(fixture.bytes) else { continue }
      let bytes = try decoder.read(fixture.bytes) {
        EventLine.encode(copy $0, id: StreamID(milliseconds: 5, sequence: 2))
      }
      let (again, id) = try bytes.withUnsafeBytes { buffer in
        let line = try EventLine.decode(buffer, using: decoder)
        return (DecodedEvent(line.event), line.id)
      }
      #expect(id == StreamID(milliseconds: 5, sequence: 2))
      #expect(again.agent == event.agent && again.kind == event.kind, "\(fixture.path)")
      #expect(again.metrics == event.metrics && again.fields == event.fields, "\(fixture.path)")
    }
  }

  @Test func idsKeepTheirBytesAndNumbersTheirText() throws {
    for id in [#""\u0000""#, "42", "-1.50e3", "true", "18446744073709551616"] {
      let text = #"{"entity_id":\#(id)}"#
      #expect(try decoder.read(line(text)).agent == decoder.read(text).agent, "\(id)")
    }
  }
}
