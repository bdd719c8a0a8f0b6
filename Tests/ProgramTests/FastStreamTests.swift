import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// A service and a runtime as the manual tells to write them, with each FastStream that is in use.
@Suite(.threaded) struct FastStreamTests {
  /// The Python of the manual's chapter, in its order.
  private static func snippets() throws -> [String] {
    try Repository.text(of: "Sources/vigia/Manual/wire.md").components(after: "```python\n").map { rest in
      String(rest.prefix(upTo: rest.firstRange(of: "```")?.lowerBound ?? rest.endIndex))
    }
  }

  /// What the runtime has published, as it was recorded; nil until it has.
  private func answer(_ server: TestServer) throws -> [UInt8]? {
    let entries = try server.call("XRANGE", "agentos:events", "-", "+").elements ?? []
    let fields = entries.compactMap { $0.elements?.last?.pairs }
    let answer = fields.first { $0.contains { $0.value == Array("agent.status".utf8) } }
    return answer?.first { $0.name == Keys.dataField }?.value
  }

  private func environment(_ version: String) throws -> PythonEnvironment {
    do {
      return try PythonEnvironment("faststream[redis]~=\(version).0")
    } catch let reason as PythonEnvironment.Unavailable {
      try Test.cancel("\(reason)")
    }
  }

  @Test(arguments: ["0.5", "0.6", "0.7"]) func servicesOfTheManualPublishAndObey(version: String) throws {
    let python = try environment(version)
    let server = try TestServer()
    guard case .tcp(let host, let port) = server.endpoint.address else { return }
    let address = ["REDIS_URL": "redis://\(host):\(port)"]
    let handler = try Program(["--id", "h1"], on: server.endpoint, name: "vigia-handler")
    defer { handler.child.end() }
    try server.wait { (try? server.call("PUBSUB", "NUMPAT"))?.integer == 2 }
    let snippets = try Self.snippets()
    try #require(snippets.count == 2)

    let service = try python.start(snippets[0], named: "publish.py", environment: address)
    try server.wait { !service.isRunning }
    #expect(service.wait() == 0)
    let runtime = try python.start(snippets[1], named: "obey.py", environment: address)
    defer { runtime.end() }
    try server.wait { (try? server.call("PUBSUB", "NUMPAT"))?.integer == 3 }
    #expect(try Program.run("send", "pause", "agent-7", on: server.endpoint).status == 0)
    try server.wait { (try? answer(server)) != nil }

    // A rule may have acted on the same events, and written first.
    let lines = try server.call("XRANGE", "agentos:audit", "-", "+").elements ?? []
    let origins = lines.compactMap { $0.elements?.last?.pairs.first.flatMap { AuditCoding.decode($0.value)?.origin } }
    let bytes = try #require(try answer(server))
    let told = try #require(String(decoding: bytes, as: UTF8.self).firstMatch(of: /command_id\W+([0-9a-f-]{36})/))
    #expect(origins.contains(.command(CommandID(String(told.output.1)))))
    let status = try StatusCheck.read(server)
    #expect(status?["events"]?["unreadable"]?.int == 0)
    let agent = status?["agents"]?.list?.first
    #expect(agent?["id"]?.text == "agent-7" && agent?["metrics"]?["error_rate"]?.double == 0.12)
    #expect(agent?["events"]?.int == 2 && agent?["state"]?.text == "paused")
  }
}
