import FleetModel
import Glibc
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct SimulateTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  private func entries() throws -> [JSONValue] {
    let reply = try server.call("XRANGE", "agentos:events", "-", "+")
    return (reply.elements ?? []).compactMap { entry in
      let payload = entry.elements?[1].elements?.last?.bytes ?? []
      return payload.withUnsafeBytes { try? MessageFormat.document($0) }
    }
  }

  @Test func everyPublishedEventIsInTheStreamAndOurs() throws {
    let result = try Program.run(
      "simulate", "--into", "stream", "--for", "1s", "--seed", "3", "--report", "1m", on: server.endpoint)
    #expect(result.status == 0 && result.errors.isEmpty)
    let report = try JSONValue.parse(Array(result.output.split(separator: "\n").last!.utf8))
    let entries = try entries()
    #expect(report["published"]?.int == entries.count && entries.count >= 36)
    #expect(entries.allSatisfy { $0["source"] == "vigia-simulate" })
    #expect(report["failed"] == 0 && report["agents"] == 12)
  }

  @Test func flatEntriesHaveTheirFieldsForThemselves() throws {
    _ = try Program.run(
      "simulate", "--into", "stream", "--format", "flat", "--for", "1s", on: server.endpoint)
    let first = try server.call("XRANGE", "agentos:events", "-", "+", "COUNT", 1)
    let fields = first.elements?[0].elements?[1].pairs.map { String(decoding: $0.name, as: UTF8.self) }
    #expect(fields?.prefix(2) == ["entity_id", "event_type"])
  }

  @Test func pastIsPutIntoAnEmptyStreamOnly() throws {
    _ = try Program.run(
      "simulate", "--into", "stream", "--history", "1m", "--for", "1s", on: server.endpoint)
    let first = try server.call("XRANGE", "agentos:events", "-", "+", "COUNT", 1).elements?[0].elements?[0].bytes
    let last = try server.call("XREVRANGE", "agentos:events", "+", "-", "COUNT", 1).elements?[0].elements?[0].bytes
    let span = try #require(StreamID(last ?? [])).instant - #require(StreamID(first ?? [])).instant
    #expect(span > .seconds(59) && span < .seconds(70))
    let before = try entries().count
    let again = try Program.run(
      "simulate", "--into", "stream", "--history", "1h", "--for", "1s", on: server.endpoint)
    #expect(again.status == 0)
    #expect(try entries().count - before < 200)
  }

  @Test func truthOfScenariosIsWrittenBesideTheEvents() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("truth.jsonl")
    let result = try Program.run(
      "simulate", "--into", "stream", "--history", "1h", "--rate", "1", "--scenario", "provider-outage", "--scenario",
      "silent-agents", "--calm", "5m", "--slot", "10m", "--truth", file, "--seed", "4", "--for", "1s",
      on: server.endpoint)
    #expect(result.status == 0, "\(result)")
    let text = try #require(Program.contents(of: file))
    let lines = try text.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
    #expect(lines.count >= 5 && Set(lines.compactMap { $0["kind"]?.text }) == ["provider-outage", "silent-agents"])
    #expect(lines.allSatisfy { ($0["agents"]?.list?.count ?? 0) > 0 && $0["begins"]?.text != nil })
    #expect(try entries().allSatisfy { $0["source"] == "vigia-simulate" })
    let count = try entries().count
    #expect(count > 3000)
  }

  @Test func truthThatCannotBeWrittenOrIsOfNothingIsRefused() throws {
    let nowhere = try Program.run(
      "simulate", "--scenario", "cascade", "--truth", "/nowhere/truth", "--for", "1s", on: server.endpoint)
    #expect(nowhere.status != 0 && nowhere.errors.contains("/nowhere/truth cannot be written"))
    let nothing = try Program.run("simulate", "--truth", "/tmp/x", "--for", "1s", on: server.endpoint)
    #expect(nothing.status != 0 && nothing.errors.contains("--truth needs --scenario"))
  }

  @Test func redisOfOthersIsRefused() throws {
    _ = try server.call("XADD", "agentos:events", "1-1", "__data__", #"{"entity_id":"agent-0042","data":{}}"#)
    let place = "\(server.endpoint)"
    #expect(
      try Program.run("simulate", "--for", "1s", on: server.endpoint)
        == .init(
          1,
          errors: """
            vigia: refused to simulate on Redis at \(place): its stream of events holds events from others \
            (entry 1-1); --into-live does it all the same

            """))
    #expect(try Program.run("simulate", "--for", "1s", "--into-live", on: server.endpoint).status == 0)
  }

  @Test func recordsOfOthersAreRefused() throws {
    _ = try server.call("HSET", "agentos:agent:support-br-01", "state", "paused")
    #expect(try Program.run("simulate", "--for", "1s", on: server.endpoint).status == 0)
    _ = try server.call("HSET", "agentos:agent:agent-0042", "state", "paused")
    let result = try Program.run("simulate", "--for", "1s", on: server.endpoint)
    #expect(result.status == 1 && result.errors.contains("it holds records of agents of others"))
  }

  @Test func publisherThatIsHeardIsNotTalkedOver() throws {
    let program = try Program(["simulate", "--for", "2s"], on: server.endpoint)
    try server.loop.wait {
      (try? server.call("PUBLISH", "agent.metrics", #"{"entity_id":"agent-0042"}"#))?.integer ?? 0 > 0
    }
    let result = program.finish()
    #expect(result.status == 1 && result.errors.contains("others publish on its channels"))
  }

  @Test func controlStreamIsObeyed() throws {
    let program = try Program(["simulate", "--into", "stream", "--rate", "50"], on: server.endpoint)
    try server.loop.wait { (try? entries().isEmpty) == false }
    let message = ControlMessage(agent: "sales-us-01", action: .pause, commandID: CommandID("c1"))
    _ = try server.call("XADD", "agentos:control", "*", "__data__", ControlCoding.encode(message))
    var answer: JSONValue?
    try server.loop.wait {
      answer = try? entries().last { $0["data"]?["command_id"] == "c1" }
      return answer != nil
    }
    #expect(answer?["entity_id"] == "sales-us-01" && answer?["data"]?["state"] == "paused")
    program.child.signal(SIGTERM)
    let result = program.finish()
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("12 agents publish 50 events/s into the stream of \(server.endpoint); Ctrl-C"))
  }
}
