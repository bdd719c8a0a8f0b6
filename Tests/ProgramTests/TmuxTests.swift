import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

@Suite(.threaded) struct TmuxTests {
  private let server: TestServer
  private let folder: TemporaryFolder

  init() throws {
    server = try TestServer()
    folder = try TemporaryFolder()
  }

  private var address: String {
    guard case .tcp(let host, let port) = server.endpoint.address else { return "" }
    return "redis://\(host):\(port)"
  }

  // MARK: The status line

  private func open(_ agent: AgentID, _ severity: Severity, acknowledgedBy: String? = nil) throws {
    let id = AlertID(.securityAlert, agent)
    var record = AlertRecord(id: id, severity: severity, count: 1, since: .at(1), last: .at(1))
    record.acknowledgedBy = acknowledgedBy
    _ = try server.call("HSET", "agentos:alerts", id.bytes, AlertCoding.encode(record))
  }

  private func segment() throws -> String { try Program.run("status", "--tmux", on: server.endpoint).output }

  @Test func statusLineTellsAlertsThatWaitAndAMissingHandler() throws {
    #expect(try segment() == "#[fg=red,bold]no handler#[default] #[fg=green]no alerts#[default]\n")
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
    #expect(try segment() == "#[fg=green]no alerts#[default]\n")
    try open("a", .low)
    #expect(try segment() == "1 alert\n")
    try open("b", .critical)
    try open("c", .high)
    try open("d", .high, acknowledgedBy: "alice")
    #expect(
      try segment()
        == "#[fg=red,bold]1 critical#[default] #[fg=yellow]1 high#[default] 1 more (1 acknowledged)\n")
  }

  @Test func statusLineTellsQueuesInTroubleUntilSomebodyHasThemInHand() throws {
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
    func store(_ troubles: QueueTrouble?...) throws {
      let queues = troubles.enumerated().map { number, trouble in
        var queue = QueueStanding(stream: "#(reboot)\(number)", group: "workers", seenSince: .at(1))
        queue.trouble = trouble
        return queue
      }
      _ = try server.call("SET", "agentos:queues", QueueCoding.encode(QueueReport(at: .at(2), queues: queues)))
    }
    try store(nil)
    #expect(try segment() == "#[fg=green]no alerts#[default]\n")
    try store(nil, QueueTrouble(.tooLong, since: .at(1)))
    #expect(try segment() == "1 queue in trouble\n")
    var taken = QueueTrouble(.nobodyReads, since: .at(1))
    try store(taken, QueueTrouble(.tooOld, since: .at(1)))
    #expect(try segment() == "#[fg=yellow]2 queues in trouble#[default]\n")
    taken.hand = QueueTrouble.Hand(by: "ana", at: .at(1), note: "")
    try store(taken)
    #expect(try segment() == "#[fg=green]no alerts#[default] (1 acknowledged)\n")
    try open("b", .critical)
    try store(taken, QueueTrouble(.tooOld, since: .at(1)))
    #expect(try segment() == "#[fg=red,bold]1 critical#[default] (1 acknowledged) 1 queue in trouble\n")
    _ = try server.call("DEL", "agentos:queues")
    _ = try server.call("HSET", "agentos:queues", "no", "string")
    #expect(try segment().hasSuffix(" queues unknown\n"))
  }

  @Test func queuesOfAFleetInShardsAreToldWhicheverShardAnswersFirst() {
    var queue = QueueStanding(stream: "orders", group: "workers", seenSince: .at(1))
    queue.trouble = QueueTrouble(.nobodyReads, since: .at(1))
    let stored = Reply.string(QueueCoding.encode(QueueReport(at: .at(2), queues: [queue])))
    let lease = Reply.string(LeaseCoding.encode(Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)))
    func segment(_ queues: Reply) -> StatusSegment { StatusSegment([.null, lease, .array([]), queues], now: .at(2)) }
    for all in [[segment(.null), segment(stored)], [segment(stored), segment(.null)]] {
      #expect(StatusSegment(all)?.text == "#[fg=yellow]1 queue in trouble#[default]")
    }
    let refused = Reply.error(ServerError("NOPERM no"))
    #expect(StatusSegment([segment(.null), segment(refused)])?.text.hasSuffix(" queues unknown") == true)
  }

  /// An alert's texts come from outside; only numbers reach the line.
  @Test func nothingFromOutsideReachesTheStatusLine() throws {
    _ = try server.call("HSET", "agentos:alerts", "agent.security_alert/#[fg=red]", "{", "#(reboot)", "\u{1B}[2J")
    _ = try server.call("SET", "agentos:handler", ##"{"id":"#(reboot)","fence":1,"since":"x"}"##)
    #expect(try !segment().contains("reboot"))
    _ = try server.call("SET", "agentos:alerts", "no hash")
    #expect(try segment().hasSuffix("alerts unknown\n"))
  }

  @Test func redisThatIsDownIsSaid() throws {
    let gone = Endpoint(address: .tcp(host: "127.0.0.1", port: PrivateServer.freePort()))
    let result = try Program.run("status", "--tmux", on: gone)
    #expect(result == .init(4, "#[fg=red,bold]Redis down#[default]\n"))
  }

  @Test func segmentCostsOneRoundTrip() throws {
    let before = try server.callCount()
    _ = try segment()
    // Four questions, and what the connection itself asks when it is made.
    #expect(try server.callCount() - before <= 9)
  }

  // MARK: The session

  private func tmux(_ arguments: String...) throws -> String {
    let output = folder.file("output-\(arguments.count)")
    let descriptor = Glibc.open(output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    let environment = ["TMUX_TMPDIR": folder.path, "PATH": "/usr/bin:/bin"]
    _ = try Child("/usr/bin/tmux", arguments, environment: environment, output: descriptor).wait()
    return Program.contents(of: output) ?? ""
  }

  private func open(_ redis: String) throws -> Program.Result {
    let environment = ["TMUX_TMPDIR": folder.path, "VIGIA_REDIS": redis, "SHELL": "/bin/sh", "TERM": "xterm-256color"]
    return try Program(["tmux"], environment: environment).finish()
  }

  @Test func sessionHasTheFleetAShellForCommandsAndTheTail() throws {
    defer { _ = try? tmux("kill-server") }
    // Without a terminal tmux makes the session and cannot attach to it.
    _ = try open(address)
    #expect(try tmux("list-windows", "-t", "vigia", "-F", "#W") == "fleet\ncommands\ntail\n")
    try server.wait { (try? tmux("capture-pane", "-p", "-t", "vigia:fleet").contains("NO HANDLER")) ?? false }
    try server.wait {
      (try? tmux("capture-pane", "-p", "-t", "vigia:commands").contains("nothing was done")) ?? false
    }
    let again = try open(address)
    #expect(!again.errors.contains("is not one of"))
    #expect(try tmux("list-sessions", "-F", "#S") == "vigia\n")
    let other = try open("redis://127.0.0.1:1")
    #expect(other.status == 1 && other.errors.contains("the session vigia is not one of 127.0.0.1:1"))
  }

  /// tmux hands its own environment on, which names the Redis of the session that came first.
  @Test func secondSessionIsOfTheRedisThatWasAskedFor() throws {
    defer { _ = try? tmux("kill-server") }
    _ = try open(address)
    let environment = ["TMUX_TMPDIR": folder.path, "SHELL": "/bin/sh", "TERM": "xterm-256color", "VIGIA_REDIS": ""]
    for (name, variables, expected) in [
      ("two", ["REDIS_URL": "redis://127.0.0.1:2"], "redis://127.0.0.1:2"), ("three", [:], "redis://127.0.0.1:6379"),
    ] {
      _ = try Program(["tmux", "--session", name], environment: environment.merging(variables) { $1 }).finish()
      #expect(try tmux("show-environment", "-t", "=\(name):", "VIGIA_REDIS") == "VIGIA_REDIS=\(expected)\n")
    }
  }

  @Test func sessionOfADividedFleetHandsTheNumberOfItsShardsOn() throws {
    defer { _ = try? tmux("kill-server") }
    let environment = [
      "TMUX_TMPDIR": folder.path, "VIGIA_REDIS": address, "SHELL": "/bin/sh", "TERM": "xterm-256color",
    ]
    let divided = environment.merging(["VIGIA_SHARDS": "4"]) { $1 }
    _ = try Program(["tmux"], environment: divided).finish()
    #expect(try tmux("show-environment", "-t", "=vigia:", "VIGIA_SHARDS") == "VIGIA_SHARDS=4\n")
    // Eighty columns have no room for it.
    _ = try tmux("resize-window", "-t", "vigia:fleet", "-x", "130", "-y", "40")
    try server.wait { (try? tmux("capture-pane", "-p", "-t", "vigia:fleet").contains("4 shards")) ?? false }
    let other = try open(address)
    #expect(other.status == 1 && other.errors.contains("the session vigia is not one of"), "\(other)")
    // What tmux's own environment has of the first session is not the second one's.
    _ = try Program(["tmux", "--session", "two"], environment: environment).finish()
    #expect(try tmux("show-environment", "-t", "=two:", "VIGIA_SHARDS") == "VIGIA_SHARDS=\n")
  }

  @Test func passwordsAndQuotesReachThePanesAndNoArgument() {
    let session = TmuxSession(
      name: "ops", program: "/opt/it's/vigia",
      variables: [("VIGIA_REDIS", "redis://host:1"), ("VIGIA_REDIS_PASSWORD", "a'b;$c"), ("VIGIA_PREFIX", "{x}")],
      shows: "host:1 {x}")
    #expect(
      session.script == #"""
        new-session -d -s 'ops' -n fleet -e 'VIGIA_REDIS=redis://host:1' -e 'VIGIA_REDIS_PASSWORD=a'"'"'b;$c' -e 'VIGIA_PREFIX={x}' 'exec '"'"'/opt/it'"'"'\'"'"''"'"'s/vigia'"'"' console'
        set-environment -t '=ops:' VIGIA_SHOWS 'host:1 {x}'
        new-window -d -t '=ops:' -n commands -e 'VIGIA_REDIS=redis://host:1' -e 'VIGIA_REDIS_PASSWORD=a'"'"'b;$c' -e 'VIGIA_PREFIX={x}' ''"'"'/opt/it'"'"'\'"'"''"'"'s/vigia'"'"' audit; exec "${SHELL:-/bin/sh}"'
        new-window -d -t '=ops:' -n tail -e 'VIGIA_REDIS=redis://host:1' -e 'VIGIA_REDIS_PASSWORD=a'"'"'b;$c' -e 'VIGIA_PREFIX={x}' ''"'"'/opt/it'"'"'\'"'"''"'"'s/vigia'"'"' tail --history 10m'

        """#)
  }

  @Test func sessionsNameIsChecked() throws {
    let result = try Program.run("tmux", "--session", "a:b", on: server.endpoint)
    #expect(result.status == 64 && result.errors.contains("--session has letters"))
  }
}
