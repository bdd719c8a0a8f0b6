import FleetModel
import Glibc
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct CommandSenderTests {
  private func command(_ follower: Follower, _ id: String = "c1") -> Command {
    let now = follower.feed.clock.now
    return Command(
      id: CommandID(id), action: .pause, targets: ["a"], arguments: [:], operator: "alice", reason: "",
      issuedAt: now, expiresAt: now + .minutes(1))
  }

  private func sender(_ server: TestServer, _ follower: Follower) -> CommandSender {
    let sender = CommandSender(loop: server.loop, feed: follower.feed, stream: Keys().commands) { command, error in
      follower.seen.append("refused \(command.id) \(error.code)")
    }
    follower.sender = sender
    return sender
  }

  private func ids(_ server: TestServer) throws -> [String] {
    try server.call("XRANGE", "agentos:commands", "-", "+").elements?.compactMap { entry in
      entry.elements?.last?.pairs.first.flatMap { try? CommandCoding.decode($0.value).id.text }
    } ?? []
  }

  private func receive(_ server: TestServer, _ id: String) throws {
    let line = AuditLine(
      origin: .command(CommandID(id)), phase: .received, action: "pause", at: Instant(milliseconds: 0))
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", AuditCoding.encode(line))
  }

  @Test func serverKilledWithoutAFileGetsItAgain() throws {
    let first = try TestServer()
    let follower = Follower(first)
    try first.wait { follower.isUp && follower.isCaughtUp }
    let sender = sender(first, follower)
    sender.send(command(follower))
    try first.wait { (try? ids(first)) == ["c1"] }
    let port = first.server.port
    first.server.stop()
    try first.wait { follower.isDown }
    let second = try TestServer(port: port)
    try first.wait { (try? ids(second)) == ["c1"] }
    #expect(!sender.isEmpty)
    try receive(second, "c1")
    try first.wait { sender.isEmpty }
    #expect(try ids(second) == ["c1"])
  }

  @Test func commandSentWhileRedisIsAwayGoesOutWhenItIsBack() throws {
    let server = try TestServer()
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint)
    try server.wait { follower.isUp && follower.isCaughtUp }
    let sender = sender(server, follower)
    proxy.refuse()
    try server.wait { follower.isDown }
    sender.send(command(follower))
    try proxy.allow()
    try server.wait { (try? ids(server)) == ["c1"] }
  }

  @Test func senderTellsHowFarACommandHasCome() throws {
    let server = try TestServer()
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint)
    try server.wait { follower.isUp && follower.isCaughtUp }
    var reached: [String] = []
    let sender = CommandSender(
      loop: server.loop, feed: follower.feed, stream: Keys().commands,
      reached: { command, delivery in reached.append("\(command.id) \(delivery)") })
    follower.sender = sender
    #expect(sender.send(command(follower)) == .underWay)
    try server.wait { reached == ["c1 delivered"] }
    proxy.refuse()
    try server.wait { follower.isDown }
    #expect(sender.send(command(follower, "c2")) == .waiting)
    var late = command(follower, "c3")
    late.expiresAt = late.issuedAt
    #expect(sender.send(late) == .waiting)
    try proxy.allow()
    try server.wait { reached.contains("c2 delivered") }
    #expect(try !ids(server).contains("c3") && !reached.contains { $0.hasPrefix("c3") })
  }

  @Test func commandThatWentIntoASilentLinkIsInDoubt() throws {
    let server = try TestServer()
    let proxy = try FaultProxy(loop: server.loop, to: server.server)
    let follower = Follower(server, at: proxy.endpoint) {
      ($0.patience.poll, $0.patience.block, $0.patience.silence) = (50, 100, 400)
    }
    try server.wait { follower.isUp && follower.isCaughtUp }
    var reached: [String] = []
    let sender = CommandSender(
      loop: server.loop, feed: follower.feed, stream: Keys().commands,
      reached: { command, delivery in reached.append("\(command.id) \(delivery)") })
    follower.sender = sender
    for passage in proxy.passages { passage.fault = .blackHole }
    #expect(sender.send(command(follower)) == .underWay)
    proxy.refuse()
    try server.wait { follower.isDown }
    #expect(!reached.contains("c1 waiting"))
    try proxy.allow()
    try server.wait { reached.last == "c1 delivered" }
  }

  /// Errors that refuse writes, or this one, each brought about by a real server.
  @Test(arguments: ["READONLY", "OOM", "NOREPLICAS", "MISCONF", "NOPERM", "WRONGTYPE"])
  func refusedCommandIsKeptUntilItIsTaken(_ code: String) throws {
    // Into /proc nobody saves.
    let server = try TestServer(settings: code == "MISCONF" ? ["dir /proc"] : [])
    let follower = Follower(server)
    try server.wait { follower.isUp && follower.isCaughtUp }
    let sender = sender(server, follower)
    try refuseWrites(server, code)
    sender.send(command(follower))
    try server.wait { follower.seen == ["refused c1 \(code)"] }
    // A server that becomes a replica closes the connections of reads that wait.
    if code == "READONLY" { try server.wait { follower.isUp } }
    #expect(follower.isUp)
    try allowWrites(server, code)
    try server.wait { (try? ids(server)) == ["c1"] }
    try receive(server, "c1")
    try server.wait { sender.isEmpty }
  }

  /// A cluster's node that does not hold the stream, and then does.
  @Test func commandThatIsElsewhereIsKeptUntilItIsTaken() throws {
    let server = try TestServer()
    var isElsewhere = true
    let fake = try FakeServer(loop: server.loop) { request in
      switch request[0] {
      case "TIME": "*2\r\n$10\r\n1795334400\r\n$1\r\n0\r\n"
      case "XADD": isElsewhere ? "-MOVED 866 10.0.0.7:6380\r\n" : "$3\r\n1-1\r\n"
      case "GET", "XREAD": "*-1\r\n"
      case "PSUBSCRIBE": ""
      default: "+OK\r\n"
      }
    }
    var refusals: [ServerError] = []
    let follower = Follower(server, at: fake.endpoint)
    try server.wait { follower.isUp && follower.isCaughtUp }
    let sender = CommandSender(loop: server.loop, feed: follower.feed, stream: Keys().commands) { refusals.append($1) }
    sender.send(command(follower))
    try server.wait { !refusals.isEmpty }
    isElsewhere = false
    let sent = { fake.requests.filter { $0[0] == "XADD" } }
    try server.wait { sent().count == 2 }
    #expect(refusals.map(\.text) == ["MOVED 866 10.0.0.7:6380"])
    #expect(sent()[0] == sent()[1])
    #expect(try CommandCoding.decode(Array(sent()[1][4].utf8)).id == CommandID("c1"))
    #expect(!sender.isEmpty)
  }

  private func refuseWrites(_ server: TestServer, _ code: String) throws {
    switch code {
    case "READONLY": _ = try server.call("REPLICAOF", "127.0.0.1", 1)
    case "OOM":
      try server.configure("maxmemory", 1)
      try server.configure("maxmemory-policy", "noeviction")
    case "NOREPLICAS": try server.configure("min-replicas-to-write", 1)
    case "NOPERM": _ = try server.call("ACL", "SETUSER", "default", "-xadd")
    case "WRONGTYPE": _ = try server.call("SET", "agentos:commands", "text")
    default:
      try server.configure("save", "3600 1")
      try server.configure("stop-writes-on-bgsave-error", "yes")
      _ = try server.call("BGSAVE")
      try server.wait { (try? server.call("INFO", "persistence").text?.contains("bgsave_status:err")) == true }
    }
  }

  private func allowWrites(_ server: TestServer, _ code: String) throws {
    switch code {
    case "READONLY": _ = try server.call("REPLICAOF", "NO", "ONE")
    case "OOM": try server.configure("maxmemory", 0)
    case "NOREPLICAS": try server.configure("min-replicas-to-write", 0)
    case "NOPERM": _ = try server.call("ACL", "SETUSER", "default", "+xadd")
    case "WRONGTYPE": _ = try server.call("DEL", "agentos:commands")
    default: try server.configure("stop-writes-on-bgsave-error", "no")
    }
  }
}
