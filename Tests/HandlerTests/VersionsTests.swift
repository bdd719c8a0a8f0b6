import FleetModel
import Insight
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A version that fails more often than another of its role is a finding about one of its agents.
@Suite(.threaded) struct VersionsTests {
  private let clock: SteppedClock
  private let scene: HandlerScene
  private static let agents: [(id: AgentID, version: String, rate: Double)] = [
    ("a1", "1.4.1", 0.01), ("a2", "1.4.1", 0.01), ("b1", "1.4.2", 0.2), ("b2", "1.4.2", 0.2),
  ]

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    scene = try HandlerScene(start: false, clock: clock)
  }

  private func report(_ agent: (id: AgentID, version: String, rate: Double)) throws {
    let data: JSONValue = [
      "role": "sales", "version": .string(agent.version), "error_rate": .number(agent.rate),
      "messages_per_minute": 200,
    ]
    let event: JSONValue = [
      "entity_id": .string(agent.id.bytes), "event_type": "agent.metrics", "data": data,
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  /// The latest minute that is stored of an agent, counted from 1970.
  private func storedMinute(_ agent: AgentID) throws -> Int64? {
    let now = try scene.now().milliseconds / 60_000
    for minute in (now - 5...now).reversed() {
      let begin = Instant(milliseconds: minute * 60_000)
      guard let hour = RollupHour.hour(of: begin),
        let bytes = try scene.server.call("GET", scene.keys.rollup(agent, hour: hour)).bytes,
        let stored = try? RollupHour(decoding: bytes)
      else { continue }
      if stored[MetricID(.errorRate), Int(minute % 60)] != nil { return minute }
    }
    return nil
  }

  /// Has all agents report minute by minute; each minute ends with the first report of the next.
  private func pass(minutes: Int64) throws {
    var reported: Int64?
    for minute in 0..<minutes {
      clock.set(seconds: minute * 60)
      let present = try scene.now().milliseconds / 60_000
      for agent in Self.agents { try report(agent) }
      if let reported {
        try scene.server.wait {
          Self.agents.allSatisfy { ((try? storedMinute($0.id)) ?? nil).map { $0 >= reported } ?? false }
        }
      }
      // The clock's minute may change between two rounds: then one is left out.
      reported = present
    }
  }

  private func findings() throws -> [JSONValue] {
    try scene.entries(scene.keys.events).compactMap { try? JSONValue.parse($0) }
      .filter { $0["source"]?.text == "vigia" && $0["data"]?["kind"]?.text == "version" }
  }

  @Test func worseVersionIsAFindingAboutOneOfItsAgents() throws {
    try scene.startHandler("h1") { $0.insight.comparesVersions = true }
    try pass(minutes: 8)
    try scene.server.wait { ((try? findings()) ?? []).count == 1 }
    let event = try #require(try findings().first)
    #expect(event["event_type"] == "agent.anomaly" && event["data"]?["metric"] == "error_rate")
    #expect(event["data"]?["corroborated"]?.bool == false)
    let agent = try #require(event["entity_id"]?.text)
    #expect(["b1", "b2"].contains(agent))
    let words = try #require(event["data"]?["detail"]?.text)
    #expect(words.hasPrefix("version 1.4.2: error_rate is ") && words.contains(" times that of 1.4.1, "), "\(words)")
    let stored = try scene.server.call("HGET", scene.keys.insight, AgentID(agent).bytes).bytes
    let insight = try #require(stored.flatMap { InsightCoding.decode($0) })
    #expect(insight.findings.contains { $0.kind == "version" && $0.words == words })
  }

  @Test func nothingIsComparedUnlessTheSettingsAskForIt() throws {
    try scene.startHandler("h1")
    try pass(minutes: 8)
    #expect(try findings().isEmpty)
  }
}
