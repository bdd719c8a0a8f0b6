import FleetModel
import Testing
import Wire

@testable import Simulation

@Suite struct MessageTests {
  private let event = SimulatedEvent(
    .metrics, "support-jp-01", ["error_rate": 0.125, "queue_size": 7], eventID: "sim-1")

  @Test func bodySaysWhatItIsAndWhereFrom() {
    #expect(
      String(decoding: event.body(at: Stage.start, isDotted: true).encoded, as: UTF8.self) == """
        {"entity_id":"support-jp-01","event_type":"agent.metrics","data":{"error_rate":0.125,"queue_size":7},\
        "event_id":"sim-1","timestamp":"2026-11-22T08:00:00.000Z","source":"vigia-simulate"}
        """)
    #expect(event.body(at: Stage.start, isDotted: false)["event_type"] == "metrics")
    #expect(event.channel(isPlural: false) == "agent.metrics")
    #expect(event.channel(isPlural: true) == "agents.metrics")
  }

  @Test(arguments: MessageFormat.allCases) func everyEventOfEveryFormatDecodes(_ format: MessageFormat) throws {
    var stage = Stage(.automatic)
    let decoder = EventDecoder()
    for event in stage.run(seconds: 100) {
      let payload = EventEncoding.encode(event.body(at: stage.now, isDotted: false), as: format, correlationID: "c")
      let channel = Array(event.channel(isPlural: true).utf8)
      try payload.withUnsafeBytes { payload in
        try channel.withUnsafeBytes { channel in
          let decoded = try decoder.decode(payload, channel: channel, receivedAt: stage.now)
          #expect(decoded.kind == event.kind && decoded.agentID == event.agent)
          #expect(decoded.publishedAt == stage.now)
          #expect(decoded.string(decoded.source) == "vigia-simulate")
          for metric in Metric.allCases where metric != .responseTime {
            #expect(decoded.metrics[metric] == event.data[metric.field]?.double)
          }
        }
      }
    }
  }
}
