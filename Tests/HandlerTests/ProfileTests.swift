import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What agents say of themselves is kept for as long as they are about.
@Suite(.threaded) struct ProfileTests {
  private func keep(_ scene: HandlerScene, _ agent: AgentID, heard age: TimeSpan?) throws {
    var profile = AgentProfile(id: agent, at: .epoch)
    profile.traits[.role] = "support"
    let heard = try age.map { Instant(milliseconds: try scene.now().milliseconds - $0.milliseconds) }
    _ = try scene.server.call(
      "HSET", scene.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile, last: heard))
  }

  private func kept(_ scene: HandlerScene) throws -> [String: Instant?] {
    Dictionary(
      uniqueKeysWithValues: try scene.server.call("HGETALL", scene.keys.profiles).pairs.map {
        (String(decoding: $0.name, as: UTF8.self), AgentProfileCoding.heard($0.value))
      })
  }

  @Test func agentThatIsSilentForAWeekLeaves() throws {
    let scene = try HandlerScene(start: false)
    try keep(scene, "gone", heard: .days(8))
    try keep(scene, "quiet", heard: .days(6))
    try keep(scene, "old", heard: nil)
    _ = try scene.server.call("HSET", scene.keys.profiles, "broken", "no JSON")
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(50) }
    try scene.server.wait { (try? kept(scene)["gone"]) == nil }
    // One of an older version has no time: from now on it has.
    try scene.server.wait { ((try? kept(scene)["old"]) ?? nil).flatMap { $0 } != nil }
    #expect(Set(try kept(scene).keys) == ["quiet", "old", "broken"])
  }

  @Test func agentThatSpeaksIsNotedOnceADay() throws {
    let scene = try HandlerScene(start: false)
    try keep(scene, "a", heard: .days(6))
    let before = try #require(try kept(scene)["a"].flatMap { $0 })
    try scene.startHandler("h1") { $0.retention.every = .milliseconds(50) }
    let event = #"{"entity_id":"a","event_type":"agent.metrics","data":{"queue_size":1}}"#
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event)
    try scene.server.wait { ((try? kept(scene)["a"]) ?? nil).flatMap { $0 }.map { $0 > before } ?? false }
  }

  @Test func profilesAreTakenUpHoweverManyThereAre() throws {
    let scene = try HandlerScene(start: false)
    let script = """
      for n = 1, 3000 do
        redis.call('HSET', KEYS[1], 'a' .. n,
          '{"entity_id":"a' .. n .. '","event_type":"agent.updated","data":{"role":"r","backup_for":"b' .. n .. '"}}')
      end
      """
    _ = try scene.server.call("EVAL", script, "1", scene.keys.profiles)
    try scene.startHandler("h1")
    let session = try #require(scene.handlers[0].session)
    try scene.server.wait { session.knowsFleet }
    #expect(session.fleet?.role(of: "a1") == "r" && session.fleet?.role(of: "a3000") == "r")
    #expect(session.fleet?.backup(of: "b2999") == "a2999")
  }
}
