import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

@Suite struct FreezeTests {
  @Test func eventsGoOnCountingWhileTheDisplayStays() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("f"))
    let before = scene.draw().lines().dropLast()
    try scene.model.fleet.apply("metrics", "a1", #"{"error_rate":0.9}"#, at: .at(20))
    try scene.model.fleet.apply("metrics", "new", at: .at(20))
    scene.tick(.at(30))
    #expect(scene.draw().lines().dropLast() == before)
    #expect(scene.model.fleet.counts.total == 8)
    #expect(scene.model.fleet.count == 4)
    #expect(scene.order == ["a0", "a1", "a2"])
    #expect(scene.statusText().contains("FROZEN 29s"))
    #expect(scene.statusText().contains("4 agents"))
  }

  @Test(arguments: [Key.character("f"), .escape])
  func displayGoesOnFromThePresent(key: Key) throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("f"))
    try scene.model.fleet.apply("metrics", "new", #"{"error_rate":0.9,"queue_size":2000}"#, at: .at(20))
    scene.tick(.at(30))
    scene.press(key)
    #expect(!scene.model.isFrozen)
    #expect(Set(scene.order) == ["a0", "a1", "a2", "new"])
    scene.tick(.at(40))
    #expect(scene.order.first == "new")
  }

  private static let paused: AgentRecord = {
    var record = AgentRecord()
    (record.state, record.version) = (.paused, 4)
    return record
  }()

  @Test func commandCarriesWhatIsFrozenOnTheScreen() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("f"))
    scene.model.fleet.setRecord(Self.paused, of: "a0")
    scene.tick(.at(9))
    _ = scene.draw()
    scene.press(.character("p"))
    let draft = try sent(scene.type("y"))
    #expect(draft.observed == ["a0": Command.Observation(state: .running, version: 0)])
  }

  @Test func commandCarriesWhatTheLastFrameShowed() throws {
    var scene = try Scene.plain(agents: 3)
    _ = scene.draw()
    scene.model.fleet.setRecord(Self.paused, of: "a0")
    scene.press(.character("r"))
    #expect(try sent(scene.type("y")).observed == ["a0": Command.Observation(state: .running, version: 0)])
    _ = scene.draw()
    scene.press(.character("r"))
    #expect(try sent(scene.type("y")).observed == ["a0": Command.Observation(state: .paused, version: 4)])
  }

  @Test func noReasonIsMadeOfWhatTheScreenShows() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("p"))
    #expect(try sent(scene.type("y")).reason == "")
  }
}
