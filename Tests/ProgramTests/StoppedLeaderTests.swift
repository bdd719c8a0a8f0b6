import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// A handler that is stopped past the end of its lease, and wakes with an answer in its hands.
@Suite(.threaded) struct StoppedLeaderTests {
  private let server: TestServer
  private let folder: String

  init() throws {
    server = try TestServer()
    var template = Array("/tmp/vigia-test-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
  }

  private func start(_ id: String, _ service: MockService) throws -> Program {
    let path = "\(folder)/\(id).toml"
    let file = try #require(fopen(path, "w"))
    fputs("[actuators.pause]\nkind = \"http\"\nurl = \"\(service.url("/pause"))\"\ntimeout = \"60s\"\n", file)
    fclose(file)
    return try Program(["--id", id, "--config", path], on: server.endpoint, name: "vigia-handler")
  }

  private func waitForLease(of id: String) throws {
    try server.wait {
      (try? server.call("GET", Keys().lease))?.bytes.flatMap { LeaseCoding.decode($0) }?.id == id
    }
  }

  private func lines() throws -> [AuditLine] {
    try server.call("XRANGE", Keys().audit, "-", "+").elements?.compactMap { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { AuditCoding.decode($0) }
    } ?? []
  }

  @Test func itsWritesAreRefusedAndTheCommandIsDoneOnce() throws {
    defer { _ = try? Child("/bin/rm", ["-rf", folder], environment: [:]).wait() }
    let quick = try MockService(loop: server.loop) { _ in .status(200) }
    var isHeld = true
    let slow = try MockService(loop: server.loop) { _ in isHeld ? .silence : .status(200) }
    let leader = try start("h1", slow)
    defer { leader.child.end(SIGKILL) }
    try waitForLease(of: "h1")
    let time = try server.call("TIME").elements ?? []
    let now = Instant(milliseconds: (time.first?.integer ?? 0) * 1000)
    let command = Command(
      id: CommandID("c1"), action: .pause, targets: ["agent-1"], operator: "alice", issuedAt: now,
      expiresAt: now + .minutes(10))
    _ = try server.call("XADD", Keys().commands, "*", Keys.dataField, CommandCoding.encode(command))
    try server.wait { slow.requests.count == 1 }
    leader.child.signal(SIGSTOP)
    isHeld = false
    let successor = try start("h2", quick)
    defer { successor.child.end(SIGTERM) }
    try server.wait { ((try? lines().contains { $0.phase == .succeeded && $0.target == .none }) ?? false) }
    let done = try lines()
    leader.child.signal(SIGCONT)
    // It finds another in office, and says so.
    try server.wait { leader.errorsSoFar.contains("standing by") }
    #expect(try lines() == done)
    #expect(done.filter { $0.phase == .succeeded }.map(\.handler) == ["h2", "h2"])
    #expect(quick.requests.count == 1)
    #expect(quick.requests[0].headers["idempotency-key"] == slow.requests[0].headers["idempotency-key"])
    let record = AgentRecordCoding.decode(fields: try server.call("HGETALL", Keys().agent("agent-1")).pairs)
    #expect(record.version == 1)
  }
}
