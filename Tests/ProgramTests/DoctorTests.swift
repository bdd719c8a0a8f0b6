import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct DoctorTests {
  /// What a run said of each topic.
  private struct Report {
    var status: Int32
    var checks: [(topic: String, verdict: String, detail: String, advice: String)]

    init(_ result: Program.Result) throws {
      status = result.status
      let list = try JSONValue.parse(Array(result.output.utf8))["checks"]?.list ?? []
      checks = list.map { check in
        (
          check["topic"]?.text ?? "", check["verdict"]?.text ?? "", check["detail"]?.text ?? "",
          (check["advice"]?.list ?? []).compactMap(\.text).joined(separator: "; ")
        )
      }
    }

    func verdict(_ topic: String) -> String? { checks.first { $0.topic == topic }?.verdict }
    func detail(_ topic: String) -> String { checks.first { $0.topic == topic }?.detail ?? "" }
    func advice(_ topic: String) -> String { checks.first { $0.topic == topic }?.advice ?? "" }
  }

  private func examine(_ server: TestServer, _ arguments: String..., url: String? = nil) throws -> Report {
    let address = url ?? "redis://127.0.0.1:\(server.server.port)"
    return try Report(
      Program(["doctor", "--json"] + arguments, environment: ["VIGIA_REDIS": address]).finish())
  }

  private func lead(_ server: TestServer, _ keys: Keys = Keys()) throws {
    let lease = Lease(id: "h1", fence: 3, isRecording: true, since: try server.time() - .minutes(5))
    _ = try server.call("SET", keys.lease, LeaseCoding.encode(lease))
  }

  @Test func nothingIsFoundWhereAllIsWell() throws {
    let folder = try TemporaryFolder()
    let server = try TestServer(persistence: .appendOnly(folder: folder.path))
    try lead(server)
    _ = try server.call("XADD", "agentos:events", "*", "__data__", TestServer.event("a-1"))
    let report = try examine(server)
    guard TestServer.countsEntries else { return #expect(report.verdict("server") == "look") }
    #expect(report.checks.filter { $0.verdict != "ok" }.map { "\($0)" } == [])
    #expect(report.status == 0)
    #expect(report.detail("handler").hasPrefix("h1 leads since "))
    #expect(report.detail("handler").hasSuffix(", fence 3, protocol 1, records agent.* agents.*"))
    #expect(report.detail("events").hasPrefix("1 entry, the last "))
    #expect(report.detail("dead") == "nothing was ever written")
    #expect(try server.call("KEYS", "*").elements?.count == 2, "it writes nothing")
  }

  @Test func eachFaultHasItsRemedy() throws {
    let server = try TestServer()
    _ = try server.call("CONFIG", "SET", "maxmemory", "100mb")
    _ = try server.call("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    _ = try server.call("XADD", "agentos:dead", "*", "reason", "x")
    _ = try server.call("XADD", "agentos:commands", "*", "__data__", "x")
    _ = try server.call("SET", "agentos:audit", "text")
    let report = try examine(server)
    #expect(report.status == 1)
    #expect(report.verdict("eviction") == "wrong" && report.detail("eviction").contains("the lease and the marks"))
    #expect(report.advice("eviction").contains("CONFIG SET maxmemory-policy noeviction"))
    #expect(report.verdict("persistence") == "look" && report.advice("persistence").contains("appendonly yes"))
    #expect(report.verdict("handler") == "wrong" && report.advice("handler").contains("start vigia-handler"))
    #expect(report.verdict("dead") == "look" && report.advice("dead") == "vigia dead list")
    #expect(report.verdict("commands") == "look" && report.detail("commands").contains("no handler has ever read it"))
    #expect(report.verdict("audit") == "wrong" && report.detail("audit").contains("something else than a stream"))
    #expect(report.verdict("memory") == "ok" && report.detail("memory").contains("of 100 MB") == false)
  }

  @Test func groupsOfAStreamAreTold() throws {
    let server = try TestServer()
    try lead(server)
    _ = try server.call("XADD", "agentos:commands", "*", "__data__", "x")
    _ = try server.call("XGROUP", "CREATE", "agentos:commands", Keys.group, "0")
    _ = try server.call("XREADGROUP", "GROUP", Keys.group, "c1", "STREAMS", "agentos:commands", ">")
    let report = try examine(server)
    #expect(report.detail("commands").contains("; read by vigia-handler (consumers 1, pending 1"))
    #expect(report.verdict("commands") == "ok")
  }

  @Test func replicaIsToldWithItsPrimary() throws {
    let (primary, replica) = (try TestServer(), try TestServer())
    _ = try replica.call("REPLICAOF", "127.0.0.1", "\(primary.server.port)")
    try primary.wait { (try? replica.call("INFO", "replication").text?.contains("master_link_status:up")) == true }
    let report = try examine(replica)
    #expect(report.status == 1 && report.verdict("role") == "wrong")
    #expect(report.detail("role").hasPrefix("replica of 127.0.0.1:\(primary.server.port), link to it up"))
    #expect(report.advice("role") == "point --redis at the primary, 127.0.0.1:\(primary.server.port)")
    let other = try examine(primary)
    #expect(other.detail("replicas").hasPrefix("1: 127.0.0.1:\(replica.server.port) "))
  }

  @Test func nodeOfAClusterNeedsAHashTag() throws {
    let folder = try TemporaryFolder()
    let server = try TestServer(settings: [
      "cluster-enabled yes", "cluster-config-file nodes.conf", "dir \(folder.path)",
    ])
    let bare = try examine(server)
    #expect(bare.verdict("cluster") == "wrong" && bare.advice("cluster").contains("--prefix '{agentos}'"))
    let unserved = try examine(server, "--prefix", "{agentos}")
    let slot = HashSlot.of(Array("agentos".utf8))
    #expect(unserved.detail("cluster") == "all keys are in slot \(slot), which no node serves")
    for start in stride(from: 0, to: HashSlot.count, by: 1024) {
      _ = try server.call(all: ["CLUSTER", "ADDSLOTS"] + (start..<start + 1024).map { $0 as any RequestArgument })
    }
    try server.wait { (try? server.call("CLUSTER", "INFO").text?.hasPrefix("cluster_state:ok")) == true }
    let served = try examine(server, "--prefix", "{agentos}")
    #expect(served.verdict("cluster") == "ok")
    #expect(served.detail("cluster") == "all keys are in slot \(slot), which this node serves")
  }

  /// It says what it may not ask, and changes nothing to find out what it may.
  @Test func userWithFewRightsIsToldWhatCannotBeAsked() throws {
    let server = try TestServer()
    try lead(server)
    _ = try server.call(
      "ACL", "SETUSER", "few", "on", ">secret", "~agentos:handler", "+get", "+ping", "resetchannels")
    let url = "redis://few:secret@127.0.0.1:\(server.server.port)"
    let report = try examine(server, url: url)
    #expect(report.status == 1 && report.verdict("memory") == "unknown")
    #expect(report.detail("memory") == "this user may not ask INFO")
    #expect(report.advice("memory") == "ask as a user of: vigia acl print doctor")
    #expect(report.verdict("server") == (TestServer.countsEntries ? "ok" : "look"), "HELLO needs no right")
    #expect(report.verdict("handler") == "ok" && report.verdict("clock") == "unknown")
    #expect(report.verdict("rights") == "wrong")
    for right in ["HGETALL", "XREAD", "the key agentos:alerts"] {
      #expect(report.detail("rights").contains(right), "\(report.detail("rights"))")
    }
    #expect(report.detail("rights").contains("not tried: SUBSCRIBE, PSUBSCRIBE"))
    let command = try examine(server, "--for", "operator", url: url)
    #expect(command.detail("rights").contains("more") || command.detail("rights").contains("XADD"))
    #expect(try server.call("KEYS", "*").elements?.count == 1)
  }

  @Test func missingRightOfAHandlerIsNamed() throws {
    guard TestServer.countsEntries else { return }
    let server = try TestServer()
    let words = AccessTable(.handler, Keys()).rules(in: .redis7).map { $0 as any RequestArgument }
    _ = try server.call(
      all: ["ACL", "SETUSER", "handler", "on", ">secret", "resetchannels"] + words + ["-hset", "-dbsize"])
    let report = try examine(server, "--for", "handler", "--user", "handler")
    #expect(report.verdict("rights") == "wrong" && report.detail("rights").hasPrefix("user handler may not do all of "))
    #expect(report.detail("rights").contains("HSET agentos:alerts"))
    _ = try server.call("ACL", "SETUSER", "handler", "+hset")
    let optional = try examine(server, "--for", "handler", "--user", "handler")
    #expect(
      optional.verdict("rights") == "look" && optional.detail("rights").hasSuffix("does without, and says so: DBSIZE"))
    let nobody = try examine(server, "--for", "handler", "--user", "nobody")
    #expect(nobody.verdict("rights") == "unknown", "\(nobody.detail("rights"))")
  }

  @Test func serverThatCannotBeReachedIsStatus4() throws {
    let result = try Program.run("doctor", environment: ["VIGIA_REDIS": "redis://127.0.0.1:1"])
    #expect(result.status == 4 && result.output.contains("wrong") && result.output.contains("check the address"))
    let server = try TestServer(password: "secret")
    let locked = try examine(server)
    #expect(locked.status == 4 && locked.detail("reachable").contains("Redis wants a password"))
    #expect(locked.advice("reachable") == "put user and password into the URL")
  }

  // MARK: Hostile servers

  private static let hostile = [
    "# Server\r\nredis_version:\u{1B}[31m7.0.15\r\nos:\u{1B}]0;x\u{7}\u{202E}\r\nmaxmemory_policy:\u{1B}[2J\r\n"
      + "maxmemory:99999999999999999999\r\nused_memory:-9223372036854775808\r\nrole:master\r\nconnected_slaves:99999999\r\n"
      + "slave0:ip=\u{1B}[1m,port=,state=,offset=9223372036854775807,lag=-1\r\nmaster_repl_offset:-9223372036854775808\r\n"
      + "rdb_last_save_time:9223372036854775807\r\naof_enabled:\u{0}\r\n:\r\n::::\r\nx\r\n",
    String(repeating: "a", count: 300_000), "", "\r\n\r\n\r\n", "role:slave\r\nmaster_host:\u{1B}[5m\r\n",
    "maxmemory:1\r\nused_memory:9223372036854775807\r\ncluster_enabled:1\r\nloading:1\r\n",
  ]

  @Test(arguments: hostile.indices) func whateverAServerSaysReachesNoTerminalUnscrubbed(_ number: Int) throws {
    let loop = try Loop()
    let text = Self.hostile[number]
    let server = try FakeServer(loop: loop) { request in
      func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
      switch request[0] {
      case "INFO": return bulk(text)
      case "HELLO":
        return "*6\r\n" + ["server", "\u{1B}[31m", "version", "7.0.15", "mode", "\u{1B}[2J"].map(bulk).joined()
      case "GET":
        return bulk("{\"id\":\"\\u001b[2J\",\"fence\":9e99,\"since\":\"9999-01-01T00:00:00.000Z\",\"recording\":true}")
      case "ACL": return request[1] == "WHOAMI" ? bulk("\u{1B}[7m") : "-ERR \u{1B}[1m\r\n"
      case "CLUSTER": return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n\(bulk("\u{1B}[4m"))\(":99999999999\r\n")"
      case "XINFO":
        guard request[1] == "GROUPS" else { return "-WRONGTYPE \u{1B}[1m\r\n" }
        return "*1\r\n*4\r\n\(bulk("name"))\(bulk("\u{1B}[6m"))\(bulk("lag")):9223372036854775807\r\n"
      case "TIME": return "*2\r\n$19\r\n9223372036854775807\r\n$1\r\n0\r\n"
      case "CLIENT", "PING": return "+OK\r\n"
      default: return "-ERR \u{1B}[1m\r\n"
      }
    }
    for arguments in [["doctor"], ["doctor", "--json"], ["doctor", "--for", "handler", "--prefix", "{x}"]] {
      let program = try Program(arguments, on: server.endpoint)
      try loop.wait { !program.child.isRunning }
      let result = program.finish()
      #expect([1, 2].contains(result.status), "\(result)")
      let isClean = (result.output + result.errors).unicodeScalars.allSatisfy {
        $0 == "\n" || $0.value >= 0x20 && $0 != "\u{7F}"
      }
      #expect(isClean && !result.output.contains("\u{202E}"), "\(result)")
    }
  }

  @Test func serverThatFallsSilentDoesNotHoldItUp() throws {
    let loop = try Loop()
    let server = try FakeServer(loop: loop) { request in
      request[0] == "CLIENT" || request[0] == "PING" ? "+OK\r\n" : request[0] == "HELLO" ? "-NOPERM no\r\n" : ""
    }
    let program = try Program(["doctor", "--json"], on: server.endpoint)
    try loop.wait { !program.child.isRunning }
    let report = try Report(program.finish())
    #expect(report.status == 1 && report.detail("answers") == "some did not come within 10 s")
  }

  // MARK: The page

  @Test(arguments: [40, 80, 200]) func pageFitsItsColumns(_ columns: Int) throws {
    let server = try TestServer()
    _ = try server.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    let program = try Program(
      ["doctor", "--ascii"], on: server.endpoint, environment: ["COLUMNS": "\(columns)"])
    let result = program.finish()
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= columns || $0.hasPrefix("127.0.0.1") }, "\(result.output)")
    #expect(result.output.contains("-> start"))
    #expect(lines.dropLast().last?.contains("wrong") == true)
  }

  @Test func wrongUsageIsNamed() throws {
    let server = try TestServer()
    for (arguments, words) in [
      (["--for", "cheese"], "--for: there is no role \"cheese\"; there are console, operator"),
      (["--queues", "x"], "--queues goes with --for handler"),
    ] {
      let result = try Program(["doctor"] + arguments, on: server.endpoint).finish()
      #expect(result.status == 64 && result.errors.contains(words), "\(result)")
    }
  }
}
