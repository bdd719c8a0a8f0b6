import FleetModel
import Testing

@testable import Wire

/// What FastStream 0.5.48 and 0.7.8 publish.
struct FixtureTests {
  private let agent: AgentID = "3f1c2a9e-5b7d-4e0a-9c41-7d2f8e6b0a11"

  /// One event over channel, stream and list in both formats.
  private func events(_ name: String) throws -> [DecodedEvent] {
    try Fixture.versions.flatMap { version in
      try ["channel", "stream", "list"].map { transport in
        let event = try EventDecoder().read(Fixture(path: "\(version)/\(transport)_agent_\(name).bin").bytes)
        #expect(event.agent == agent)
        #expect(event.type == name)
        return event
      }
    }
  }

  @Test func createdCarriesNameModelAndLanguage() throws {
    for event in try events("created") {
      #expect(event.kind == .created)
      #expect(event.metrics == [:])
      #expect(
        event.fields == [
          .name: "Atendimento São Paulo 🤖", .isActive: "true", .model: "gpt-4o-mini", .language: "pt-BR",
        ])
    }
  }

  @Test func updatedCarriesNameAndActivity() throws {
    for event in try events("updated") {
      #expect(event.kind == .updated)
      #expect(event.fields == [.name: "Atendimento São Paulo 🤖", .isActive: "false"])
    }
  }

  @Test func deletedCarriesNothing() throws {
    for event in try events("deleted") {
      #expect(event.kind == .deleted)
      #expect(event.fields == [:] && event.metrics == [:])
    }
  }

  @Test func performanceDegradedCarriesItsMetrics() throws {
    for event in try events("performance_degraded") {
      #expect(event.kind == .performanceDegraded)
      #expect(event.metrics == [.errorRate: 0.25, .responseTime: 5000, .lastHourErrors: 45])
      #expect(event.fields == [:])
    }
  }

  @Test func highTrafficReadsTheAverageAsResponseTime() throws {
    for event in try events("high_traffic") {
      #expect(event.kind == .highTraffic)
      #expect(event.metrics == [.messagesPerMinute: 150, .queueSize: 500, .responseTime: 3000])
    }
  }

  @Test func satisfactionLowCarriesComplaints() throws {
    for event in try events("satisfaction_low") {
      #expect(event.kind == .satisfactionLow)
      #expect(event.metrics == [.averageRating: 2.1, .negativeFeedback: 8])
      #expect(event.fields == [.mainComplaints: #"["slow","unhelpful"]"#])
    }
  }

  @Test func securityAlertCarriesAddressesAndRisk() throws {
    for event in try events("security_alert") {
      #expect(event.kind == .securityAlert)
      #expect(event.metrics == [.attempts: 20])
      #expect(
        event.fields == [
          .alertType: "unusual_pattern", .suspiciousAddresses: #"["192.168.1.100"]"#, .riskLevel: "high",
        ])
    }
  }

  @Test func healthCriticalCarriesIssuesAndSuggestions() throws {
    for event in try events("health_critical") {
      #expect(event.kind == .healthCritical)
      #expect(event.metrics == [.healthScore: 0.31])
      #expect(
        event.fields == [
          .issuesDetected: #"["high_error_rate","slow_response"]"#,
          .suggestedActions: #"["restart","check_integrations"]"#,
        ])
    }
  }

  @Test func predictiveAlertCarriesPredictions() throws {
    for event in try events("predictive_alert") {
      #expect(event.kind == .predictiveAlert)
      #expect(event.metrics == [.confidence: 0.85])
      #expect(
        event.fields == [
          .predictions: #"[{"issue":"quota_exhausted","eta_minutes":42}]"#,
          .recommendedActions: #"["scale_up","check_integrations"]"#,
        ])
    }
  }

  @Test(arguments: Fixture.versions) func oddBodiesStillDecode(version: String) throws {
    func read(_ name: String) throws -> DecodedEvent {
      try EventDecoder().read(Fixture(path: "\(version)/\(name).bin").bytes)
    }
    #expect(try read("channel_body_bigint_float").type == "x")
    #expect(try read("channel_body_body_data_is_string").type == "note")
    #expect(try read("channel_body_correlation_id").metrics[.queueSize] == 500)
    #expect(try read("channel_body_dataclass").kind == .created)
    #expect(try read("channel_body_headers_custom").metrics[.queueSize] == 500)
    #expect(try read("channel_body_headers_nonascii").metrics[.queueSize] == 500)
    #expect(try read("channel_body_nonascii_body").fields == [.name: "Ação çãé 🚀 \0 \" \\ \n"])
    #expect(try read("channel_body_reply_to").kind == .highTraffic)
    #expect(try read("list_batch_0").kind == .performanceDegraded)
    #expect(try read("list_batch_1").kind == .highTraffic)
    #expect(try read("list_batch_2").kind == .satisfactionLow)
    let untyped = try read("channel_body_pydantic_datetime")
    #expect(untyped.kind == .other && untyped.type == nil)
    #expect(try read("rpc_request").agent == agent)
  }

  @Test(arguments: Fixture.versions) func aDottedTypeAndATimestampAreRead(version: String) throws {
    let bytes = try Fixture(path: "\(version)/channel_body_envelope_with_ts.bin").bytes
    let (kind, type, published) = try EventDecoder().read(bytes) { ($0.kind, $0.string($0.type), $0.publishedAt) }
    #expect(kind == .healthCritical)
    #expect(type == "agent.health_critical")
    #expect(published == Instant(milliseconds: 1_758_835_800_000))
  }

  @Test(arguments: [
    ("0.5.48-json/channel_body_dict_empty.bin", Unreadable.noEntityID),
    ("0.7.8-binary/channel_body_dict_empty.bin", .noEntityID),
    ("0.5.48-json/channel_body_int.bin", .notAnObject),
    ("0.7.8-binary/channel_body_int.bin", .notAnObject),
    ("0.5.48-json/channel_body_list.bin", .notAnObject),
    ("0.7.8-binary/channel_body_list.bin", .notAnObject),
    ("0.5.48-json/channel_body_none.bin", .empty),
    ("0.7.8-binary/channel_body_none.bin", .empty),
    ("0.5.48-json/channel_body_str.bin", .notJSON),
    ("0.7.8-binary/channel_body_str.bin", .notJSON),
    ("0.7.8-binary/channel_body_bytes.bin", .notJSON),
    ("0.5.48-json/rpc_reply.bin", .noEntityID),
    ("0.7.8-binary/rpc_reply.bin", .noEntityID),
  ])
  func whatIsNoEventIsRefusedWithItsReason(path: String, reason: Unreadable) throws {
    let bytes = try Fixture(path: path).bytes
    #expect(throws: reason) { try EventDecoder().read(bytes) }
  }

  @Test func everyFixtureIsCovered() {
    #expect(Fixture.messages.count == 95)
  }

  @Test(arguments: Fixture.messages) func aMessageCutShortIsRefusedAtEveryLength(fixture: Fixture) throws {
    let bytes = try fixture.bytes
    let decoder = EventDecoder()
    for length in 0..<bytes.count {
      // The text of a cut body may be JSON by itself, but never an event.
      #expect(throws: Unreadable.self, "\(length) bytes") { try decoder.read(Array(bytes[..<length])) }
    }
  }

  @Test func aWholeStreamReplyHoldsNineEvents() throws {
    for (version, path) in Fixture.versions.map({ ($0, "\($0)/stream_all9_xread.bin") }) {
      let entries = try StreamReply.values(Fixture(path: path).bytes)
      let kinds = try entries.map { try EventDecoder().read($0).kind }
      #expect(
        kinds == [
          .performanceDegraded, .highTraffic, .satisfactionLow, .securityAlert, .created, .healthCritical,
          .predictiveAlert, .updated, .deleted,
        ], "\(version)")
    }
  }
}

/// Just enough of RESP to take the values out of the recorded reply.
private enum StreamReply {
  static func values(_ bytes: [UInt8]) -> [[UInt8]] {
    var bulks: [[UInt8]] = []
    var index = 0
    while index < bytes.count, let end = bytes[index...].firstIndex(of: 13) {
      let line = bytes[(index + 1)..<end]
      let isBulk = bytes[index] == UInt8(ascii: "$")
      index = end + 2
      guard isBulk, let length = Int(String(decoding: line, as: UTF8.self)) else { continue }
      bulks.append(Array(bytes[index..<(index + length)]))
      index += length + 2
    }
    return zip(bulks, bulks.dropFirst()).filter { $0.0 == Keys.dataField }.map { $0.1 }
  }
}
