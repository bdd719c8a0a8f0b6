import FleetModel
import Insight
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A version that fails more often than another of its role is a finding about one of its agents.
@Suite(.threaded) struct VersionsTests {
  private let versions: VersionScene

  init() throws { versions = try VersionScene() }

  private func findings() throws -> [JSONValue] {
    try versions.published("agent.anomaly").filter { $0["data"]?["kind"]?.text == "version" }
  }

  @Test func worseVersionIsAFindingAboutOneOfItsAgents() throws {
    let scene = versions.scene
    try scene.startHandler("h1") { $0.insight.comparesVersions = true }
    try versions.pass(minutes: 8)
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
    // Nobody has asked for more than the finding.
    #expect(try versions.named() == [])
    #expect(try scene.server.call("HEXISTS", scene.keys.insightRecord, "versions") == .integer(0))
  }

  @Test func nothingIsComparedUnlessTheSettingsAskForIt() throws {
    try versions.scene.startHandler("h1")
    try versions.pass(minutes: 8)
    #expect(try findings().isEmpty)
  }
}
