import Execution
import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Elections that cannot be won, for now: they go on quietly, and say why.
@Suite(.threaded) struct ElectionTests {
  private let scene: HandlerScene
  private let log = LogLines()

  init() throws { scene = try HandlerScene(start: false) }

  /// How long the handler takes to ask five times more, in milliseconds.
  private func fiveAttempts() throws -> Double {
    func count() throws -> Int64 { try scene.server.callCount(of: "evalsha") }
    let before = try count()
    return try scene.server.wait { ((try? count()) ?? 0) >= before + 5 }
  }

  @Test(arguments: ["9007199254740992", "9223372036854775807", "99999999999999999999999"])
  func fenceBeyondLuasNumbersIsSaidAndAskedForWithPauses(fence: String) throws {
    _ = try scene.server.call("SET", scene.keys.fence, fence)
    try scene.startHandler("h1", waits: false, log: log.log)
    try scene.server.wait { log.contains("the fence is not below 2^53") }
    #expect(try fiveAttempts() > 1000)
    let lease = try scene.server.call("GET", scene.keys.lease).bytes.flatMap { LeaseCoding.decode($0) }
    #expect(lease?.fault == LeaderElection.unusableFence && lease?.fence == 0)
    #expect(!scene.handlers[0].isActive)
    _ = try scene.server.call("DEL", scene.keys.fence)
    try scene.server.wait { scene.handlers[0].isActive }
  }

  @Test(arguments: ["1e308", "NaN", "", "-5", "abc", "0x7fffffffffffffff"])
  func fenceThatIsNoNumberBeginsAnewAndIsSaid(fence: String) throws {
    _ = try scene.server.call("SET", scene.keys.fence, fence)
    try scene.startHandler("h1", log: log.log)
    #expect(log.contains("the fence held no number"))
    #expect(try scene.server.call("GET", scene.keys.fence).text == "1")
  }

  @Test func lastFenceThatLuaCanHoldIsTaken() throws {
    _ = try scene.server.call("SET", scene.keys.fence, "9007199254740990")
    try scene.startHandler("h1")
    #expect(try scene.server.call("GET", scene.keys.fence).text == "9007199254740991")
  }

  @Test(arguments: ["handler", "fence"])
  func keyOfAnotherTypeIsSaidAndAskedForWithPauses(name: String) throws {
    let key = Array("agentos:\(name)".utf8)
    _ = try scene.server.call("RPUSH", key, "garbage")
    try scene.startHandler("h1", waits: false, log: log.log)
    try scene.server.wait { log.contains("cannot take the lease") }
    #expect(try fiveAttempts() > 1000)
    _ = try scene.server.call("DEL", key)
    try scene.server.wait { scene.handlers[0].isActive }
  }

  @Test func handlerWithoutANeededRightTakesNoLeaseAndNamesIt() throws {
    _ = try scene.server.call("ACL", "SETUSER", "default", "-hset", "-zadd")
    try scene.startHandler("h1", waits: false, log: log.log)
    try scene.server.wait { log.contains("it takes no lease") }
    #expect(log.contains("HSET agentos:agent:*") && log.contains("ZADD agentos:schedule"))
    #expect(try fiveAttempts() > 1000)
    #expect(try scene.server.call("EXISTS", scene.keys.lease) == .integer(0))
    _ = try scene.server.call("ACL", "SETUSER", "default", "+@all")
    try scene.server.wait { scene.handlers[0].isActive }
    try scene.send(.pause, ["agent-1"])
  }

  /// It runs its scripts without their being kept, and says so on each version of Redis.
  @Test func handlerThatMayNotLoadScriptsActsAndSaysSo() throws {
    _ = try scene.server.call("ACL", "SETUSER", "default", "-script")
    try scene.startHandler("h1", log: log.log)
    #expect(log.contains("acting without") && log.contains("SCRIPT LOAD"))
    try scene.send(.pause, ["agent-1"])
    #expect(try scene.record("agent-1").state == .paused)
  }

  @Test func handlerThatLosesARightGivesTheLeaseBackAndGoesOnOnceItIsBack() throws {
    try scene.startHandler("h1", log: log.log)
    _ = try scene.server.call("ACL", "SETUSER", "default", "-hset")
    let command = try scene.command(.pause, ["agent-1"])
    try scene.publish(command)
    try scene.server.wait { !scene.handlers[0].isActive }
    #expect(log.contains("HSET agentos:agent:*"))
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.schedule().isEmpty && scene.control().isEmpty)
    _ = try scene.server.call("ACL", "SETUSER", "default", "+@all")
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
    #expect(try scene.record("agent-1").version == 1)
  }

  @Test func handlerActsWithoutItsChannelsAndSaysSoInTheAudit() throws {
    try scene.startHandler("h1", log: log.log)
    try scene.waitForRecording()
    _ = try scene.server.call(
      "ACL", "SETUSER", "default", "resetchannels", "&agent.*", "&agents.*", "&agentos.recorder")
    try scene.send(.pause, ["agent-1"])
    try scene.server.wait { (try? scene.audit().contains { $0.action == "publish" && $0.phase == .failed }) ?? false }
    #expect(log.contains("(PUBLISH agentos.control.pause)"))
    #expect(try scene.control().map(\.action) == [.pause])
  }
}
