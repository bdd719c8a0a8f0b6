import TestSupport
import Testing

@testable import FleetModel

@Suite struct FleetAgentTests {
  private var fleet = Fleet()

  @Test mutating func anyEventMakesItsAgentKnown() throws {
    #expect(try fleet.apply("metrics", "a", at: .at(0)) == .applied(0))
    #expect(try fleet.apply("whatever", "b", at: .at(1)) == .applied(1))
    #expect(fleet.count == 2)
    #expect(fleet["a"]?.firstEventAt == .at(0))
    #expect(fleet["b"]?.state == .running)
    #expect(fleet["c"] == nil)
  }

  @Test mutating func descriptionComesFromCreatedAndUpdated() throws {
    try fleet.apply(
      "created", "a",
      #"{"name":"Vendas","role":"sales","tier":"gold","llm_model":"m-2","default_language":"pt","replicas_max":4}"#,
      at: .at(0))
    try fleet.apply("updated", "a", #"{"name":"Vendas BR","replicas_min":null}"#, at: .at(1))
    let agent = try #require(fleet["a"])
    #expect(agent.name == "Vendas BR")
    #expect([agent.role, agent.tier, agent.model, agent.language] == ["sales", "gold", "m-2", "pt"])
    #expect(agent.replicasMaximum == 4)
    #expect(agent.replicasMinimum == nil)
  }

  @Test mutating func inactiveAgentIsStoppedUntilItIsActiveAgain() throws {
    try fleet.apply("updated", "a", #"{"is_active":false}"#, at: .at(0))
    #expect(fleet["a"]?.state == .stopped)
    #expect(fleet["a"]?.record.state == .running)
    try fleet.apply("updated", "a", #"{"name":"x"}"#, at: .at(1))
    #expect(fleet["a"]?.state == .stopped)
    try fleet.apply("updated", "a", #"{"is_active":true}"#, at: .at(2))
    #expect(fleet["a"]?.state == .running)
  }

  @Test mutating func deletedAgentLeavesAfterAMinute() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.5}"#, at: .at(0))
    try fleet.apply("metrics", "b", at: .at(0))
    try fleet.apply("deleted", "a", at: .at(1))
    #expect(fleet["a"]?.state == .stopped)
    fleet.advance(to: .at(60))
    #expect(fleet.count == 2)
    fleet.advance(to: .at(61))
    #expect(fleet.count == 1)
    #expect(fleet["a"] == nil)
    #expect(fleet["b"] != nil)
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func placeOfOneWhoLeftBeginsAnew() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.5,"queue_size":9}"#, at: .at(0))
    try fleet.apply("deleted", "a", at: .at(1))
    fleet.advance(to: .at(61))
    #expect(try fleet.apply("metrics", "b", #"{"queue_size":1}"#, at: .at(62)) == .applied(0))
    #expect(fleet.agents.count == 1)
    #expect(fleet["b"]?.value(.errorRate) == nil)
    #expect(fleet["b"]?.eventCount == 1)
    #expect(fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 7, until: .at(62)).compactMap(\.value) == [1])
    #expect(fleet.alerts(ofAgentAt: 0).isEmpty)
  }

  @Test mutating func agentCreatedAgainStays() throws {
    try fleet.apply("deleted", "a", at: .at(0))
    try fleet.apply("created", "a", at: .at(30))
    fleet.advance(to: .at(600))
    #expect(fleet["a"]?.state == .running)
  }

  @Test mutating func eventIDCountsOnceInTenMinutes() throws {
    #expect(try fleet.apply("metrics", "a", eventID: "e1", at: .at(0)) == .applied(0))
    #expect(try fleet.apply("metrics", "a", eventID: "e1", at: .at(1)) == .duplicate)
    #expect(try fleet.apply("metrics", "a", eventID: "e1", at: .at(600)) == .duplicate)
    #expect(fleet.counts.total == 1)
    #expect(fleet.counts.duplicates == 2)
    #expect(fleet["a"]?.eventCount == 1)
    #expect(try fleet.apply("metrics", "a", eventID: "e1", at: .at(601)) == .applied(0))
  }

  @Test mutating func eventIDIsRememberedOverItsWholeSpan() throws {
    for second in stride(from: 0, through: 3000, by: 100) as StrideThrough<Int64> {
      try fleet.apply("metrics", "a", eventID: "e\(second)", at: .at(second))
    }
    #expect(try fleet.apply("metrics", "a", eventID: "e2400", at: .at(3000)) == .duplicate)
    #expect(try fleet.apply("metrics", "a", eventID: "e2300", at: .at(3000)) == .applied(0))
  }

  @Test mutating func eventsWithoutIDAllCount() throws {
    for _ in 0..<3 { try fleet.apply("metrics", "a", at: .at(0)) }
    #expect(fleet["a"]?.eventCount == 3)
  }

  @Test mutating func unknownEventsAreCountedByKind() throws {
    try fleet.apply("brand_new", "a", at: .at(0))
    try fleet.apply("metrics", "a", at: .at(0))
    #expect(fleet.counts.total == 2)
    #expect(fleet.counts.byKind[Int(EventKind.other.rawValue)] == 1)
    #expect(fleet.counts.byKind[Int(EventKind.metrics.rawValue)] == 1)
  }

  @Test mutating func unreadableIsCountedByReason() {
    fleet.applyUnreadable(reason: "not JSON", at: .at(0))
    fleet.applyUnreadable(reason: "not JSON", at: .at(1))
    fleet.applyUnreadable(reason: "no entity_id", at: .at(1))
    #expect(fleet.counts.unreadable == ["not JSON": 2, "no entity_id": 1])
    #expect(fleet.counts.unreadableTotal == 3)
    #expect(fleet.counts.total == 0)
    #expect(fleet.count == 0)
  }

  @Test mutating func rateIsOverTheLastFullSeconds() throws {
    for second in 0..<10 as Range<Int64> {
      for _ in 0...second { try fleet.apply("metrics", "a", at: .at(second)) }
    }
    #expect(fleet.counts.rate(at: .at(10)) == 8)
    #expect(fleet.counts.rate(at: .at(12)) == 5.4)
    #expect(fleet.counts.rate(at: .at(100)) == 0)
  }

  @Test mutating func statusIsTheRuntimesOwnWord() throws {
    try fleet.apply("status", "a", #"{"state":"paused","replicas":2,"command_id":"c1"}"#, at: .at(3))
    let agent = try #require(fleet["a"])
    #expect(agent.reported == AgentProfile.Report(state: .paused, replicas: 2, commandID: CommandID("c1"), at: .at(3)))
    #expect(agent.state == .running)
    #expect(agent.isObeying == false)
    var record = AgentRecord()
    (record.state, record.version) = (.paused, 1)
    fleet.setRecord(record, of: "a")
    #expect(fleet["a"]?.isObeying == true)
  }

  @Test mutating func unknownStateOfARuntimeIsNone() throws {
    try fleet.apply("status", "a", #"{"state":"dreaming"}"#, at: .at(0))
    #expect(fleet["a"]?.reported?.state == nil)
    #expect(fleet["a"]?.isObeying == nil)
  }

  @Test(arguments: ["", "日本語", "e\u{301}", "a/b\"\\\n", String(repeating: "x", count: 512)])
  mutating func idKeepsItsExactBytes(id: String) throws {
    try fleet.apply("metrics", id, at: .at(0))
    try fleet.apply("metrics", id, at: .at(1))
    #expect(fleet.count == 1)
    #expect(fleet[AgentID(id)]?.id.bytes == Array(id.utf8))
    #expect(fleet[AgentID(id)]?.eventCount == 2)
  }

  @Test mutating func escapedAndPlainFormsOfAnIDAreOneAgent() throws {
    try fleet.apply(json: Array(#"{"entity_id":"a\u002fb","event_type":"metrics"}"#.utf8), at: .at(0))
    try fleet.apply(json: Array(#"{"entity_id":"a/b","event_type":"metrics"}"#.utf8), at: .at(0))
    #expect(fleet.count == 1)
    #expect(fleet["a/b"]?.eventCount == 2)
  }

  @Test mutating func timeNeverRunsBackward() throws {
    fleet.advance(to: .at(100))
    fleet.advance(to: .at(50))
    try fleet.apply("metrics", "a", at: .at(60))
    #expect(fleet.now == .at(100))
  }

  @Test mutating func incidentsAreKeptAsLines() throws {
    try fleet.apply(
      "security_alert", "a",
      #"{"alert_type":"brute_force","risk_level":"CRITICAL","suspicious_ips":["10.0.0.1","10.0.0.2"]}"#, at: .at(0))
    try fleet.apply("feedback", "a", #"{"rating":2,"text":"too slow","conversation_id":"c9"}"#, at: .at(1))
    try fleet.apply("feedback", "a", #"{"rating":3,"text":"fine"}"#, at: .at(2))
    #expect(
      fleet.incidents.security == [
        Incident(
          number: 1, kind: .securityAlert, agent: "a", at: .at(0), severity: .critical, summary: "brute force",
          items: ["10.0.0.1", "10.0.0.2"])
      ])
    #expect(fleet.incidents.satisfaction.map(\.summary) == ["too slow"])
    #expect(fleet.incidents.satisfaction.map(\.items) == [["c9"]])
  }

  @Test mutating func incidentsAreBounded() throws {
    for second in 0..<1000 as Range<Int64> { try fleet.apply("security_alert", "a", at: .at(second)) }
    #expect(fleet.incidents.security.count <= 400)
    #expect(fleet.incidents.security.last?.at == .at(999))
  }
}
