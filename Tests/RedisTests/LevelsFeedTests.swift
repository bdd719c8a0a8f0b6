import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Redis

/// Following by which metrics and levels the handler judges.
@Suite(.threaded) struct LevelsFeedTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private static func settings(_ medium: Double) -> LevelSettings {
    let levels = Limits.Levels(medium: medium, high: medium + 1, critical: medium + 2)
    return LevelSettings(levels: LevelTable([LevelTable.Entry(levels: [.queueSize: levels])]))
  }

  /// Writes the value, and a lease that names it, as a handler does.
  private func write(_ payload: [UInt8], named digest: String? = nil) throws {
    _ = try server.call("SET", keys.levels, payload)
    var lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    lease.levels = digest ?? LevelsCoding.digest(payload)
    _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
  }

  private func follow(_ isFollowing: Bool = true) throws -> Follower {
    let follower = Follower(server) { ($0.followsLevels, $0.patience.poll) = (isFollowing, 20) }
    try server.wait { follower.isCaughtUp }
    return follower
  }

  @Test func levelsAreToldBeforeTheFirstEventAndWhenTheyChange() throws {
    try write(LevelsCoding.encode(Self.settings(7)))
    try server.add(1...3)
    let follower = try follow()
    #expect(follower.seen.first == "levels" && follower.numbers.count == 3)
    #expect(follower.levels == [Self.settings(7)])
    try write(LevelsCoding.encode(Self.settings(9)))
    try server.wait { follower.levels.count == 2 }
    #expect(follower.levels.last == Self.settings(9))
    var fleet = Fleet()
    fleet.take(.levels(Self.settings(9)))
    #expect(fleet.levels == Self.settings(9).levels)
  }

  @Test func whoHasLevelsOfItsOwnIsToldNone() throws {
    try write(LevelsCoding.encode(Self.settings(7)))
    let follower = try follow(false)
    try server.wait { follower.handlers.contains("h1") }
    #expect(follower.levels.isEmpty)
  }

  @Test func whatIsNotUnderstoodIsSaidOnceAndTheLevelsBeforeGoOn() throws {
    try write(LevelsCoding.encode(Self.settings(7)))
    let follower = try follow()
    try write(Array("{\"levels\":7}".utf8))
    try server.wait { follower.seen.contains("unreadable the handler's levels of alerts") }
    // A name of another value: it is read once, and not with every look.
    try write(Array("{\"levels\":8}".utf8), named: "another")
    try server.wait { follower.seen.count { $0.hasPrefix("unreadable") } == 2 }
    let looks = follower.handlers.count
    try server.wait { follower.handlers.count > looks + 3 }
    #expect(follower.levels == [Self.settings(7)])
    #expect(follower.seen.count { $0.hasPrefix("unreadable") } == 2)
  }

  @Test func aKeyOfAnotherTypeIsRefusedAndAllElseIsRead() throws {
    _ = try server.call("HSET", keys.levels, "f", "v")
    try server.add(1...2)
    let follower = try follow()
    #expect(follower.seen.contains("refused levels WRONGTYPE") && follower.numbers.count == 2)
  }
}
