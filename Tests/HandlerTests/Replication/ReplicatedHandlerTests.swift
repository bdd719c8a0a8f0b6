import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Handlers on a server with replicas, and what they do when those are gone.
@Suite(.threaded, .enabled(if: SentinelServers.program != nil, "redis-sentinel is not installed"))
struct ReplicatedHandlerTests {
  @Test func leaderWhoseRenewalsNoReplicaConfirmsStopsActing() throws {
    let scene = try SentinelScene()
    let log = LogLines()
    let handler = try scene.startHandler("a", at: scene.group.servers[0].endpoint, log: log)
    #expect(handler.election.replication.isReplicated)
    let first = try scene.restart()
    try scene.publish(first, to: scene.group.servers[0])
    try scene.waitForSuccess(of: first, on: scene.group.servers[0])
    #expect(scene.calls().count == 1)
    for replica in scene.group.servers.dropFirst() { replica.signal(SIGSTOP) }
    try scene.loop.wait { !handler.isActive }
    #expect(log.contains("no replica confirms"))
    // What is asked for now is done by nobody, and consoles are told why.
    let second = try scene.restart()
    try scene.publish(second, to: scene.group.servers[0])
    try scene.loop.wait {
      let lease = try? scene.group.call(scene.group.servers[0], "GET", scene.keys.lease).bytes.flatMap {
        LeaseCoding.decode($0)
      }
      return lease?.fault?.hasPrefix("cannot lead: no replica confirms") == true
    }
    #expect(!handler.isActive && scene.calls().count == 1)
    for replica in scene.group.servers.dropFirst() { replica.signal(SIGCONT) }
    try scene.waitForSuccess(of: second, on: scene.group.servers[0])
    #expect(scene.calls().count == 2)
  }

  @Test func localDurabilityAsksNoReplica() throws {
    let scene = try SentinelScene()
    for replica in scene.group.servers.dropFirst() { replica.signal(SIGSTOP) }
    let handler = try scene.startHandler("a", durability: .local)
    let command = try scene.restart()
    try scene.publish(command, to: scene.group.servers[0])
    try scene.waitForSuccess(of: command, on: scene.group.servers[0])
    #expect(handler.isActive && scene.calls().count == 1)
  }

  @Test func fenceGoesByTimeWhereThereAreReplicasAndElsewhereByOne() throws {
    let scene = try SentinelScene()
    let master = scene.group.servers[0]
    _ = try scene.group.call(master, "SET", scene.keys.fence, "41")
    let handler = try scene.startHandler("a")
    let fence = try #require(handler.session?.fence)
    #expect(Int64(fence) > 1_700_000_000_000)
    #expect(try scene.group.call(master, "GET", scene.keys.fence).integer == Int64(fence))
    let plain = try HandlerScene(start: false)
    _ = try plain.server.call("SET", plain.keys.fence, "41")
    #expect(try plain.startHandler("b").session?.fence == 42)
  }

  @Test func masterThatRestartsEmptyHasItsLossesSaidAndNoFenceTwice() throws {
    let server = try TestServer()
    let replica = try PrivateServer(
      settings: ["replicaof 127.0.0.1 \(server.server.port)", "repl-diskless-sync-delay 0"],
      environment: ["PATH": "/usr/bin:/usr/local/bin"])
    defer { replica.stop() }
    func isReplicated() -> Bool {
      (try? server.call("INFO", "replication").text?.contains("state=online")) == true
    }
    try server.wait(isReplicated)
    let log = LogLines()
    var options = HandlerOptions(id: "a")
    options.durability = .replicated
    let handler = try HandlerService(loop: server.loop, endpoint: server.endpoint, options: options, log: log.log)
    defer { handler.halt() }
    handler.start()
    try server.wait { handler.isActive }
    let fence = try #require(handler.session?.fence)
    let keys = Keys()
    for number in 1...5 { _ = try server.call("XADD", keys.audit, "*", Keys.dataField, "line \(number)") }
    let last = try server.call("XINFO", "STREAM", keys.audit).field("last-generated-id")?.text ?? ""
    // The handler looks every two seconds or so.
    let before = try server.callCount(of: "xinfo|stream") + server.callCount(of: "xinfo")
    try server.wait { ((try? server.callCount(of: "xinfo|stream") + server.callCount(of: "xinfo")) ?? 0) >= before + 8 }
    try server.restart()
    try server.wait { handler.isActive && handler.session?.fence != fence }
    #expect(handler.session?.fence ?? 0 > fence)
    try server.wait { log.contains("all of agentos:audit, which ended at \(last)") }
    try server.wait {
      ((try? server.call("XRANGE", keys.audit, "-", "+").elements) ?? []).contains {
        "\($0)".contains("failover")
          || String(decoding: $0.elements?.last?.pairs.first?.value ?? [], as: UTF8.self)
            .contains("all of agentos:audit")
      }
    }
  }
}
