import FleetModel
import Testing

@testable import Wire

/// Events from other publishers than FastStream, and the odd things that occur in practice.
struct EventDecoderTests {
  private let decoder = EventDecoder()

  @Test func theChannelTellsTheTypeWhereItBeginsWithAgent() throws {
    let text = #"{"entity_id":"a","event_type":"created","data":{}}"#
    #expect(try decoder.read(text, channel: "agent.deleted").kind == .deleted)
    #expect(try decoder.read(text, channel: "agents.deleted").kind == .deleted)
    #expect(try decoder.read(text, channel: "agent.something").kind == .other)
    #expect(try decoder.read(text, channel: "fx.agent.deleted").kind == .created)
    #expect(try decoder.read(text, channel: "agent").kind == .created)
    #expect(try decoder.read(text, channel: "").kind == .created)
  }

  @Test func theEventTypeMayBeASuffixOrDotted() throws {
    func kind(_ type: String) throws -> EventKind {
      try decoder.read(#"{"entity_id":"a","event_type":\#(type)}"#).kind
    }
    #expect(try kind(#""high_traffic""#) == .highTraffic)
    #expect(try kind(#""agent.high_traffic""#) == .highTraffic)
    #expect(try kind(#""agents.high_traffic""#) == .highTraffic)
    #expect(try kind(#""billing.high_traffic""#) == .other)
    #expect(try kind(#""agent.agent.high_traffic""#) == .other)
    #expect(try kind(#""high\u005ftraffic""#) == .highTraffic)
    #expect(try kind(#""""#) == .other)
    #expect(try kind("5") == .other)
    #expect(try kind("null") == .other)
  }

  @Test func everyKnownTypeIsFoundByItsName() throws {
    for kind in EventKind.allCases {
      guard let type = kind.type else { continue }
      #expect(try decoder.read(#"{"event_type":"\#(type)","entity_id":"a"}"#).kind == kind)
    }
  }

  @Test func everyMetricAndFieldIsFoundByItsName() throws {
    for metric in Metric.allCases {
      for name in [metric.field] + metric.aliases {
        #expect(try decoder.read(#"{"entity_id":"a","data":{"\#(name)":7}}"#).metrics == [metric: 7])
      }
    }
    for field in EventField.allCases {
      let event = try decoder.read(#"{"entity_id":"a","data":{"\#(field.key)":"v"}}"#)
      #expect(event.fields == [field: "v"])
    }
  }

  @Test func namesOfMetricsAndFieldsAreAllDifferent() {
    let names = Metric.allCases.flatMap { [$0.field] + $0.aliases } + EventField.allCases.map(\.key)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.utf8.count <= 24 })
  }

  @Test func similarNamesAreOtherNames() throws {
    for name in [
      "error_rat", "error_rates", "Error_rate", "response_time_avG", "negative_feedback_counT", "", "name\0",
    ] {
      let event = try decoder.read(JSONValue.object(["entity_id": "a", "data": .object([name: 1])]).encoded)
      #expect(event.metrics.isEmpty && event.fields.isEmpty, "\(name)")
    }
  }

  @Test func anyScalarButNullIsAnID() throws {
    func id(_ json: String) throws -> AgentID { try decoder.read(#"{"entity_id":\#(json)}"#).agent }
    #expect(try id("42") == "42")
    #expect(try id("-1.50e3") == "-1.50e3")
    #expect(try id("true") == "true")
    #expect(try id(#""""#) == "")
    #expect(try id(#""null""#) == "null")
    #expect(try id(#""客服-7 é""#) == "客服-7 é")
    #expect(try id(#""e\u0301""#) == "e\u{301}")
    for json in ["null", "{}", "[]", #"["a"]"#] {
      #expect(throws: Unreadable.noEntityID) { try id(json) }
    }
  }

  @Test func idsKeepTheirBytes() throws {
    func id(_ bytes: [UInt8]) throws -> [UInt8] {
      try decoder.read(Array(#"{"entity_id":""#.utf8) + bytes + Array(#""}"#.utf8)).agent.bytes
    }
    #expect(try id(Array(#"\ud83d\ude80"#.utf8)) == Array("🚀".utf8))
    #expect(try id(Array(#"a\/b\"\\"#.utf8)) == Array(#"a/b"\"#.utf8))
    #expect(try id(Array("e\u{301}".utf8)) == [0x65, 0xCC, 0x81])
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 512)
    #expect(try id(long) == long)
    #expect(try id(Array(String(repeating: #"\u0041"#, count: 512).utf8)) == [UInt8](repeating: 0x41, count: 512))
  }

  @Test func whatIsNoIDIsUnreadableWithItsReason() {
    func reason(_ id: [UInt8]) -> Unreadable? {
      do throws(Unreadable) {
        _ = try decoder.read(Array(#"{"entity_id":""#.utf8) + id + Array(#""}"#.utf8))
        return nil
      } catch {
        return error
      }
    }
    for id: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80, 0x78], [0x78, 0xE2, 0x82]] {
      #expect(reason(id) == .idNotText, "\(id)")
    }
    for id in [#"\ud800x"#, #"x\udc00"#, #"\udc00\ud800"#] { #expect(reason(Array(id.utf8)) == .idNotText, "\(id)") }
    #expect(reason([UInt8](repeating: UInt8(ascii: "x"), count: 513)) == .idTooLong)
    #expect(reason(Array(String(repeating: "é", count: 257).utf8)) == .idTooLong)
    #expect(reason(Array(String(repeating: #"\u0041"#, count: 513).utf8)) == .idTooLong)
    #expect(reason([UInt8](repeating: UInt8(ascii: "x"), count: 2_000_000)) == .idTooLong)
    #expect(throws: Unreadable.idTooLong) {
      try decoder.read(#"{"entity_id":1\#(String(repeating: "0", count: 600))}"#)
    }
  }

  @Test func idsKeepTheirBytesInsideAnEnvelope() throws {
    let ids: [[UInt8]] = [
      [], Array("客服 e\u{301} 🚀 \"\\\n\0".utf8), [UInt8](repeating: UInt8(ascii: "\""), count: 512),
    ]
    for id in ids {
      for format in EventEncoding.Format.allCases {
        let body: JSONValue = ["entity_id": .string(id), "event_type": "created", "data": [:]]
        let bytes = EventEncoding.encode(body, as: format, correlationID: "c")
        #expect(try decoder.read(bytes).agent.bytes == id, "\(format)")
      }
    }
  }

  @Test func surrogatesInAnEnvelopePairAsInAString() throws {
    for escapes in [
      #"\\ud83d\\ude80"#, #"\ud83d\ude80"#, #"\ud800\ud83d\ude80"#, #"\udc00\ud83d\ude80"#, #"\ud83d\ud83d\ude80"#,
      #"\ud83dx"#, #"\ud83d\/"#,
    ] {
      let inner = #"{\"entity_id\":\"a\",\"data\":{\"name\":\"\#(escapes)\"}}"#
      let body = try #require(JSONValue.parse(Array("\"\(inner)\"".utf8)).bytes)
      func name(_ json: [UInt8]) throws -> [UInt8]? {
        try decoder.read(json) { $0.unescaped($0.fields[.name]) }
      }
      let expected = try #require(try name(body))
      #expect(try name(Array(#"{"data":"\#(inner)","headers":{}}"#.utf8)) == expected, "\(escapes)")
    }
  }

  @Test func ofDuplicateKeysTheLastWins() throws {
    let event = try decoder.read(
      #"{"entity_id":"a","entity_id":"b","event_type":"created","event_type":"deleted","data":{"error_rate":1,"name":"x"},"#
        + #""data":{"error_rate":0.5,"error_rate":0.25,"queue_size":3,"queue_size":null,"role":"r","role":"s"}}"#)
    #expect(event.agent == "b" && event.kind == .deleted)
    #expect(event.metrics == [.errorRate: 0.25])
    #expect(event.fields == [.role: "s"])
    #expect(throws: Unreadable.noEntityID) { try decoder.read(#"{"entity_id":"a","entity_id":null}"#) }
  }

  @Test func whatIsNotFiniteOrNoNumberIsNoMetric() throws {
    let event = try decoder.read(
      #"{"entity_id":"a","data":{"error_rate":NaN,"response_time":Infinity,"queue_size":-Infinity,"rating":"4","#
        + #""health_score":true,"confidence":[1],"attempts_count":1e999,"messages_per_minute":18446744073709551616}}"#)
    #expect(event.metrics == [.messagesPerMinute: 18_446_744_073_709_551_616])
  }

  @Test func spacesAndNewLinesAreAllowedBetweenTokens() throws {
    let event = try decoder.read(
      " {\t\"entity_id\" : \"a\" ,\r\n \"data\" : { \"queue_size\" : 5 , \"name\": \"n\" } } \n")
    #expect(event.agent == "a")
    #expect(event.metrics == [.queueSize: 5] && event.fields == [.name: "n"])
  }

  @Test func onlyTextDataWithObjectHeadersIsAnEnvelope() throws {
    #expect(try decoder.read(#"{"headers":{},"data":"{\"entity_id\":\"in\"}"}"#).agent == "in")
    #expect(try decoder.read(#"{"entity_id":"out","data":"{\"entity_id\":\"in\"}","headers":[]}"#).agent == "out")
    #expect(try decoder.read(#"{"entity_id":"out","data":{"entity_id":"in"},"headers":{}}"#).agent == "out")
    #expect(throws: Unreadable.notJSON) { try decoder.read(#"{"data":"no JSON","headers":{}}"#) }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      #"{"entity_id":"a","x":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
        + "}"
    }
    #expect(try decoder.read(nested(512)).agent == "a")
    #expect(throws: Unreadable.nestedTooDeep) { try decoder.read(nested(513)) }
    #expect(throws: Unreadable.nestedTooDeep) { try decoder.read(String(repeating: "[", count: 100_000)) }
  }

  @Test(arguments: [
    (#""2025-09-25T21:30:00.5Z""#, 1_758_835_800_500), ("1758835800", 1_758_835_800_000),
    ("1758835800.25", 1_758_835_800_250), ("1758835800123", 1_758_835_800_123), (#""yesterday""#, nil),
    ("1e300", nil), ("true", nil), ("NaN", nil),
  ])
  func timestampsAreISO8601OrEpoch(json: String, milliseconds: Int64?) throws {
    let bytes = Array(#"{"entity_id":"a","timestamp":\#(json)}"#.utf8)
    #expect(try decoder.read(bytes) { $0.publishedAt } == milliseconds.map { Instant(milliseconds: $0) })
  }

  @Test func optionalFieldsOfTheEventAreRead() throws {
    let bytes = Array(#"{"event_id":"e1","source":"s\u0031","severity":"high","entity_id":"a"}"#.utf8)
    let texts = try decoder.read(bytes) { [$0.string($0.eventID), $0.string($0.source), $0.string($0.severity)] }
    #expect(texts == ["e1", "s1", "high"])
  }

  @Test func anEventsMemoryKeepsNothingOfTheOneBefore() throws {
    let full =
      Array(
        #"{"entity_id":"a","event_type":"created","event_id":"e","source":"s","severity":"low","timestamp":5,"#.utf8)
      + Array(#""data":{"name":"n","queue_size":5}}"#.utf8)
    let bare = EventEncoding.encode(["entity_id": "b"], as: .envelope, correlationID: "c")
    let channel = Array("agent.deleted".utf8)
    try full.withUnsafeBytes { full in
      try bare.withUnsafeBytes { bare in
        try channel.withUnsafeBytes { channel in
          var event = try decoder.decode(full, channel: channel, receivedAt: .epoch)
          try decoder.decode(bare, channel: nil, receivedAt: Instant(milliseconds: 7), into: &event)
          let read = DecodedEvent(event)
          #expect(read.agent == "b" && read.kind == .other && read.type == nil)
          #expect(read.metrics.isEmpty && read.fields.isEmpty)
          #expect(event.channel.isEmpty && event.publishedAt == nil && event.receivedAt.milliseconds == 7)
          #expect(!event.eventID.isPresent && !event.source.isPresent && !event.severity.isPresent)
        }
      }
    }
  }

  @Test func damagedBinaryHeadersAreRefused() {
    var message = EventEncoding.encode(["entity_id": "a"], as: .binary, correlationID: "c")
    message[9] = 2
    #expect(throws: Unreadable.badBinaryHeader) { try decoder.read(message) }
    message[9] = 1
    message[17] = 3
    #expect(throws: Unreadable.badBinaryHeader) { try decoder.read(message) }
    message[14] = 0xFF
    #expect(throws: Unreadable.truncated) { try decoder.read(message) }
    #expect(throws: Unreadable.truncated) { try decoder.read([0x89, 0x42]) }
    #expect(throws: Unreadable.notJSON) { try decoder.read([0x89, 0x43]) }
    #expect(throws: Unreadable.empty) { try decoder.read([]) }
  }

  @Test func flatFieldsMakeAnEvent() throws {
    let fields = [
      ("entity_id", "7"), ("event_type", "high_traffic"), ("queue_size", "12"), ("error_rate", "0.5"), ("name", "n\"1"),
      ("response_time", " 5"), ("rating", "NaN"), ("is_active", "true"), ("capacity", "4"),
    ].map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) }
    let event = try DecodedEvent(decoder.decode(fields: fields, receivedAt: .epoch))
    #expect(event.agent == "7" && event.kind == .highTraffic)
    #expect(event.metrics == [.queueSize: 12, .errorRate: 0.5])
    #expect(event.fields == [.name: "n\"1", .isActive: "true", .capacity: "4"])
    #expect(throws: Unreadable.noEntityID) {
      _ = try decoder.decode(fields: [(Array("a".utf8), Array("b".utf8))], receivedAt: .epoch).kind
    }
  }

  @Test func encodedEventsAreWhatFastStreamWrites() throws {
    let body =
      #"{"entity_id":"3f1c2a9e-5b7d-4e0a-9c41-7d2f8e6b0a11","event_type":"high_traffic","#
      + #""data":{"messages_per_minute":150,"queue_size":500,"response_time_avg":3000}}"#
    let value = try JSONValue.parse(Array(body.utf8))
    func recorded(_ path: String, _ id: String) throws -> Bool {
      let format: EventEncoding.Format = path.hasSuffix("json") ? .envelope : .binary
      return try Fixture(path: "\(path)/stream_agent_high_traffic.bin").bytes
        == EventEncoding.encode(value, as: format, correlationID: id)
    }
    #expect(try recorded("0.7.8-binary", "82ef1b9c-abcc-440a-b24a-4a42cd66c471"))
    #expect(try recorded("0.5.48-json", "fd7efa0c-821d-4db4-9a52-5e320df242cf"))
    #expect(EventEncoding.encode(value, as: .plain, correlationID: "") == Array(body.utf8))
  }
}
