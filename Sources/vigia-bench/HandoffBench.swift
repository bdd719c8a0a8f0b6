import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// How long it takes from an agent's request for another one to the command that says who takes the conversation: the
/// real handler, with 10,000 agents that all could, which say how much room they have.
struct HandoffBench {
  let report: Report
  private let agents = 10_000
  private let requests = 300
  private let keys = Keys()

  func measure(rounds: Int) throws {
    var (medians, slow) = (Rounds(), Rounds())
    for _ in 0..<rounds {
      let spans = try spans()
      medians.add(spans.median)
      slow.add(spans.quantile(0.99))
    }
    report.add("handler, from a request for another agent to the choice, \(agents) agents", "ms", medians)
    report.add("handler, the same, 99 of 100", "ms", slow, target: .atMost(50))
  }

  /// Milliseconds of each request, one after the other.
  private func spans() throws -> Rounds {
    let server = try TestServer()
    _ = try server.call("SET", keys.automation, "on")
    let folder = try TemporaryFolder()
    try folder.write("[handoff]\nmode = \"auto\"\n", to: "vigia.toml")
    let handler = try Programs.startHandler(server.server.port, arguments: ["--config", folder.file("vigia.toml")])
    defer { handler.end() }
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    var last = try introduce(server)
    try server.loop.wait(seconds: 60) {
      server.loop.turn(forMilliseconds: 20)
      let cursor = try? server.call("HGET", keys.cursor, keys.events).bytes.flatMap { StreamID($0) }
      return (cursor ?? .zero) >= (last ?? .zero)
    }
    var (spans, command) = (Rounds(), "0-0")
    for number in 0..<requests {
      let begun = MonotonicTime.now
      last = try add("agent.handoff_requested", number, server) {
        ["conversation_id": .string("c-\(number)"), "skill": .string("skill-\($0 % 10)"), "language": "en"]
      }
      let reply = try server.call("XREAD", "BLOCK", 5000, "COUNT", 1, "STREAMS", keys.commands, command)
      spans.add(MonotonicTime.now.milliseconds(since: begun))
      guard let id = reply.elements?.first?.elements?.last?.elements?.first?.elements?.first?.text else {
        throw Mismatch("request \(number) came to no command")
      }
      command = id
      // What has changed hands is in hand no more.
      _ = try add("agent.handoff_accepted", number, server) { _ in ["conversation_id": .string("c-\(number)")] }
    }
    return spans
  }

  private func introduce(_ server: TestServer) throws -> StreamID? {
    var last: StreamID?
    for number in 0..<agents {
      last = try add("agent.created", number, server) {
        ["skills": [.string("skill-\($0 % 10)"), "billing"], "languages": ["en"], "capacity": 100]
      }
      last = try add("agent.status", number, server) {
        ["state": "running", "conversations": .integer(Int64($0 % 90))]
      }
    }
    return last
  }

  private func add(
    _ type: String, _ number: Int, _ server: TestServer, _ data: (Int) -> JSONValue
  ) throws -> StreamID? {
    let event: JSONValue = [
      "entity_id": .string(Traffic.agent(number).bytes), "event_type": .string(type), "data": data(number),
    ]
    let reply = try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded)
    return reply.bytes.flatMap { StreamID($0) }
  }
}
