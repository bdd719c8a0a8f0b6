import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// Following windows of maintenance.
@Suite(.threaded) struct MaintenanceFeedTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func store(_ agents: AgentID..., revision: String?) throws {
    for agent in agents {
      let window = MaintenanceWindow(
        id: "w", agent: agent, backup: "b", origin: .person("ana"), at: .at(10), phase: .planned, since: .at(9))
      _ = try server.call("HSET", keys.maintenance, agent.bytes, MaintenanceCoding.encode(window))
    }
    if let revision { _ = try server.call("HSET", keys.cursor, Keys.maintenanceRevision, revision) }
  }

  private func follow() throws -> Follower {
    let follower = Follower(server) { $0.patience.poll = 20 }
    try server.wait { !follower.maintenance.isEmpty }
    return follower
  }

  @Test func windowsAreToldAtTheBeginningAndWhenTheyChange() throws {
    // Written by a handler that knew no revision.
    try store("a1", revision: nil)
    let follower = try follow()
    #expect(follower.maintenance.first?.map(\.agent) == ["a1"])
    try store("a2", revision: "x")
    try server.wait { follower.maintenance.last?.count == 2 }
    #expect(Set(try #require(follower.maintenance.last).map(\.agent)) == ["a1", "a2"])
    _ = try server.call("DEL", keys.maintenance)
    _ = try server.call("HSET", keys.cursor, Keys.maintenanceRevision, "y")
    try server.wait { follower.maintenance.last?.isEmpty == true }
    let (reads, looks) = (follower.maintenance.count, follower.handlers.count)
    try server.wait { follower.handlers.count > looks + 3 }
    #expect(follower.maintenance.count == reads, "what has not changed is not read again")
  }

  /// Nothing tells of it: rights were given, or a handler wrote that knows no revision.
  @Test func withoutARevisionTheyAreReadAgainAfterAWhile() throws {
    _ = try server.call("SET", keys.maintenance, "x")
    let follower = Follower(server) { ($0.patience.poll, $0.patience.inspect) = (20, 50) }
    try server.wait { follower.seen.contains("refused maintenance WRONGTYPE") }
    _ = try server.call("DEL", keys.maintenance)
    try store("a1", revision: nil)
    try server.wait { follower.maintenance.last?.map(\.agent) == ["a1"] }
    try store("a2", revision: nil)
    try server.wait { follower.maintenance.last?.count == 2 }
  }

  @Test func whatIsNoHashIsRefusedOnceAndAllElseIsRead() throws {
    _ = try server.call("SET", keys.maintenance, "x")
    try server.add(1...3)
    let follower = Follower(server) { $0.patience.poll = 20 }
    try server.wait { follower.isCaughtUp && follower.seen.contains("refused maintenance WRONGTYPE") }
    #expect(follower.numbers.count == 3)
    _ = try server.call("DEL", keys.maintenance)
    try store("a1", revision: "x")
    try server.wait { follower.maintenance.last?.map(\.agent) == ["a1"] }
    #expect(follower.seen.contains("served maintenance"))
  }
}
