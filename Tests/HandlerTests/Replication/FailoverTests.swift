import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Handlers that find their server by sentinels, through failovers of every kind.
@Suite(.threaded, .enabled(if: SentinelServers.program != nil, "redis-sentinel is not installed"))
struct FailoverTests {
  /// Waits for another master, and then for the handler to act on it.
  ///
  /// - Returns: how long after the first sentinel named it, in milliseconds.
  private func actsAgain(_ handler: HandlerService, _ scene: SentinelScene, after former: Int) throws -> Double {
    let old = scene.group.masters().first
    func isThere() -> Bool { scene.place(of: handler).map { $0 != former } ?? false }
    try scene.loop.wait { isThere() || scene.group.masters().contains { $0 != old } }
    return try scene.loop.wait(isThere)
  }

  @Test func killedMasterIsReplacedAndTheHandlerActsThere() throws {
    let scene = try SentinelScene()
    let handler = try scene.startHandler("a")
    let fence = try #require(handler.session?.fence)
    let before = try scene.restart()
    try scene.publish(before, to: scene.group.servers[0])
    try scene.waitForSuccess(of: before, on: scene.group.servers[0])
    scene.group.servers[0].stop()
    let span = try actsAgain(handler, scene, after: 0)
    print("acting \(Int(span)) ms after the switch")
    let master = scene.group.servers[try #require(scene.place(of: handler))]
    #expect(handler.session?.fence ?? 0 > fence)
    let after = try scene.restart()
    try scene.publish(after, to: master)
    try scene.waitForSuccess(of: after, on: master)
    // What was done by a confirmed intent is known to the successor: the same order does nothing more.
    try scene.publish(before, to: master)
    let last = try scene.restart()
    try scene.publish(last, to: master)
    try scene.waitForSuccess(of: last, on: master)
    #expect(scene.calls().count == 3)
    #expect(Set(scene.calls()).count == 3)
  }

  @Test func loneSuccessorIsVouchedForBySentinels() throws {
    let scene = try SentinelScene(replicas: 1)
    let handler = try scene.startHandler("a")
    scene.group.servers[0].stop()
    _ = try actsAgain(handler, scene, after: 0)
    let command = try scene.restart()
    try scene.publish(command, to: scene.group.servers[1])
    try scene.waitForSuccess(of: command, on: scene.group.servers[1])
    // Without replicas and without sentinels nobody says that this server counts.
    for sentinel in scene.group.sentinels { sentinel.signal(SIGSTOP) }
    try scene.loop.wait { !handler.isActive }
  }

  @Test func oldMasterAcknowledgesNothingAfterAPlannedFailover() throws {
    let scene = try SentinelScene()
    let handler = try scene.startHandler("a")
    let old = scene.group.servers[0]
    let first = try scene.restart()
    try scene.publish(first, to: old)
    try scene.waitForSuccess(of: first, on: old)
    try scene.group.failOver()
    let span = try actsAgain(handler, scene, after: 0)
    print("acting \(Int(span)) ms after a planned switch")
    let lines = scene.audit(on: old).count
    // It takes writes until sentinels demote it: some ten seconds. Nobody reads them.
    while try scene.group.call(old, "ROLE").elements?.first?.text == "master" {
      #expect(scene.audit(on: old).count == lines)
      _ = try? scene.publish(scene.restart(), to: old)
      for _ in 1...10 { scene.loop.turn(atMostMilliseconds: 20) }
    }
    #expect(scene.calls().count == 1)
    #expect(scene.place(of: handler) != 0)
  }

  /// A master that is cut off with a handler beside it, and another handler with everybody else.
  @Test func ofTwoHandlersOnEitherSideOfACutOneActs() throws {
    let scene = try SentinelScene(isProxied: true)
    let group = scene.group
    let old = group.servers[0]
    let near = try scene.startHandler("near", at: old.endpoint)
    let far = try scene.startHandler("far", waits: false)
    let done = try scene.restart()
    try scene.publish(done, to: old)
    try scene.waitForSuccess(of: done, on: old)
    var fences = [try #require(near.session?.fence)]
    group.cut(true)
    let cutAt = MonotonicTime.now
    // Orders that only the old master hears of; the handler beside it has its lease for some two seconds more.
    let orders = try (1...3).map { _ in try scene.restart() }
    for order in orders { try scene.publish(order, to: old) }
    let span = try scene.loop.wait { !near.isActive }
    #expect(span < 10_000)
    print("the one beside the old master stopped after \(Int(span)) ms")
    let callsWhenStopped = scene.calls(of: "near").count
    try scene.loop.wait { far.isActive }
    fences.append(try #require(far.session?.fence))
    let new = group.servers[try #require(scene.place(of: far))]
    // Whoever sent them sends them again where the master is now.
    for order in orders { try scene.publish(order, to: new) }
    for order in orders { try scene.waitForSuccess(of: order, on: new) }
    while MonotonicTime.now.milliseconds(since: cutAt) < 15_000 {
      scene.loop.turn(atMostMilliseconds: 50)
      #expect(!(near.isActive && far.isActive))
    }
    #expect(scene.calls(of: "near").count == callsWhenStopped)
    group.cut(false)
    try scene.loop.wait { (try? group.call(old, "ROLE"))?.elements?.first?.text == "slave" }
    #expect(!near.isActive)
    let calls = scene.calls()
    #expect(calls.count == 4 && Set(calls).count == 4, "\(calls)")
    #expect(fences == fences.sorted() && Set(fences).count == fences.count)
  }

  @Test func failoversUnderOrdersLoseNoneAndDoNoneTwice() throws {
    let scene = try SentinelScene()
    let handler = try scene.startHandler("a")
    var orders: [Command] = []
    var place = 0
    for _ in 1...3 {
      for _ in 1...10 {
        let order = try scene.restart()
        orders.append(order)
        try? scene.publish(order, to: scene.group.servers[place])
      }
      try scene.group.failOver()
      _ = try actsAgain(handler, scene, after: place)
      place = try scene.group.waitForMaster(otherThan: place, replicas: 1)
      // As a console does over each new connection: what was not seen to be received is sent again.
      for order in orders { try scene.publish(order, to: scene.group.servers[place]) }
      try scene.loop.wait { Set(scene.calls()).count == orders.count }
      // The next failover needs servers that sentinels believe to be replicas.
      try scene.group.waitForReplicas(2, of: place)
    }
    #expect(scene.calls().count == orders.count, "each was done once")
  }
}
