import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Consoles hear who waits for a person, and who has taken what.
@Suite(.threaded) struct WaitingFeedTests {
  private let scene: WaitingScene

  init() throws { scene = try WaitingScene() }

  @Test func consolesHearOfEachChange() throws {
    try scene.start(level: .minutes(9))
    let follower = Follower(scene.server)
    try scene.server.wait { follower.isUp }
    #expect(follower.waiting == nil)
    try scene.event("agent.waiting", "c-1", ["summary": "charged twice"])
    try scene.server.wait { follower.waiting?.oldest?.summary == "charged twice" }
    try scene.server.wait { follower.waiting?.level == .minutes(9) }
    _ = try scene.send(.take, "c-1")
    try scene.server.wait { follower.waiting?.conversations.values.first?.hand?.by == "ana@ops" }
    _ = try scene.send(.handBack, "c-1")
    try scene.server.wait { follower.waiting?.isEmpty == true }
    // One that comes later has them from the beginning.
    try scene.event("agent.waiting", "c-2")
    try scene.waitFor("c-2")
    let late = Follower(scene.server)
    try scene.server.wait { late.waiting?.oldest?.id.text == "c-2" }
  }
}
