import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia status` with what the handler thinks of agents.
@Suite(.threaded) struct InsightStatusTests {
  private let keys = Keys()

  private func write(_ insight: AgentInsight, of agent: String, to server: TestServer) throws {
    let event = #"{"entity_id":"\#(agent)","event_type":"metrics","data":{"queue_size":5,"health_score":0.9}}"#
    _ = try server.call("XADD", keys.events, "*", "__data__", event)
    _ = try server.call("HSET", keys.insight, agent, InsightCoding.encode(insight))
    _ = try server.call("ZADD", keys.insightChanged, 1000, agent)
  }

  @Test func statusHasHealthAndForecasts() throws {
    let server = try TestServer()
    var insight = AgentInsight(at: Instant(milliseconds: 1_763_000_000_000))
    insight.health = 0.42
    insight.isCritical = true
    insight.reasons = ["queue_size is 197; its own normal is 20"]
    insight.forecasts = [
      .init(
        metric: "queue_size", value: 80, level: 300, madeAt: insight.at, crossesAt: insight.at + .minutes(20),
        confidence: 0.75, known: 12)
    ]
    try write(insight, of: "a-1", to: server)
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    let told = try #require(json["agents"]?.list?.first?["insight"])
    #expect(InsightCoding.decode(told.encoded) == insight)
    let text = try Program.run("status", on: server.endpoint).output
    #expect(text.split(separator: "\n").dropFirst().first?.contains(" 0.42") == true)
  }

  @Test func withoutTheRightToReadItAllElseIsShown() throws {
    let server = try TestServer()
    try write(AgentInsight(at: .epoch), of: "a-1", to: server)
    _ = try server.call("DEL", keys.insightChanged)
    _ = try server.call("SET", keys.insightChanged, "x")
    let result = try Program.run("status", "--json", on: server.endpoint)
    let json = try JSONValue.parse(Array(result.output.utf8))
    #expect(result.status == 0 && json["agents"]?.list?.count == 1)
    #expect(json["agents"]?.list?.first?["insight"] == nil)
  }
}
