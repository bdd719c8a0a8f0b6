import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Commands over the end of a server that keeps its writes in a file.
@Suite(.threaded) struct DurabilityTests {
  @Test func commandThatTheServerKeptAndTheSenderSentAgainActsOnce() throws {
    var template = Array("/tmp/vigia-test-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { _ = try? Child("/bin/rm", ["-rf", folder], environment: [:]).wait() }
    let first = try TestServer(persistence: .appendOnly(folder: folder))
    let follower = Follower(first)
    try first.wait { follower.isUp && follower.isCaughtUp }
    let sender = CommandSender(loop: first.loop, feed: follower.feed, stream: Keys().commands)
    follower.sender = sender
    let now = follower.feed.clock.now
    sender.send(
      Command(
        id: CommandID("c1"), action: .pause, targets: ["a"], operator: "alice", issuedAt: now,
        expiresAt: now + .minutes(10)))
    try first.wait { (try? first.call("XLEN", "agentos:commands")) == .integer(1) }
    let port = first.server.port
    first.server.stop()
    try first.wait { follower.isDown }
    let second = try TestServer(persistence: .appendOnly(folder: folder), port: port)
    try first.wait { (try? second.call("XLEN", "agentos:commands")) == .integer(2) }
    let handler = try HandlerService(loop: first.loop, endpoint: first.endpoint, options: HandlerOptions(id: "h1"))
    defer { handler.halt() }
    handler.start()
    try first.wait { sender.isEmpty && (try? pending(second)) == 0 }
    let record = AgentRecordCoding.decode(fields: try second.call("HGETALL", "agentos:agent:a").pairs)
    #expect(record.state == .paused)
    #expect(record.version == 1)
    #expect(try second.call("XLEN", "agentos:control") == .integer(1))
  }

  /// Deliveries without an acknowledgement, and one more if an entry was not yet delivered.
  private func pending(_ server: TestServer) throws -> Int64? {
    let group = try server.call("XINFO", "GROUPS", "agentos:commands").elements?.first?.pairsOfAny
    let last = try server.call("XINFO", "STREAM", "agentos:commands").field("last-generated-id")?.text
    guard let waiting = group?["pending"]?.integer, let delivered = group?["last-delivered-id"]?.text else {
      return nil
    }
    return waiting + (delivered == last ? 0 : 1)
  }
}

extension Reply {
  /// A flat array of names and values of any kind.
  fileprivate var pairsOfAny: [String: Reply] {
    var pairs: [String: Reply] = [:]
    let elements = elements ?? []
    for index in stride(from: 0, to: elements.count - 1, by: 2) {
      if let name = elements[index].text { pairs[name] = elements[index + 1] }
    }
    return pairs
  }
}
