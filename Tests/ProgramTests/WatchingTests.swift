import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia status` and `vigia tail`.
@Suite(.threaded) struct WatchingTests {
  private let server: TestServer

  init() throws {
    server = try TestServer()
  }

  private func add(_ payload: String) throws {
    _ = try server.call("XADD", "agentos:events", "*", "__data__", payload)
  }

  private func fill() throws {
    try add(#"{"entity_id":"a1","event_type":"agent.created","data":{"name":"東京サポート","role":"support"}}"#)
    try add(
      #"{"entity_id":"a1","event_type":"agent.metrics","data":{"error_rate":0.012,"response_time":800,"queue_size":3}}"#
    )
    try add(
      #"{"entity_id":"a2","event_type":"agent.metrics","data":{"error_rate":0.3,"avg_rating":4.25,"health_score":0.5}}"#
    )
    try add("nonsense")
  }

  @Test func statusIsATableWorstFirst() throws {
    try fill()
    #expect(
      try Program.run("status", on: server.endpoint)
        == .init(
          0,
          """
          agent  name          state    errors  response  traffic  queue  rating  health  alerts
          a2                   running   30.0%         -        -      -    4.25    0.50  critical performance degraded, medium health critical
          a1     東京サポート  running    1.2%     800ms        -      3       -       -
          2 agents, 4 events, 1 unreadable, 2 alerts, no handler alive
          automation  dry: nobody has switched it on yet; vigia automation on

          """))
  }

  @Test func statusWithoutAlertsIsWorstFirstToo() throws {
    for (agent, rate) in [("a-10", 0.0119), ("a-2", 0.0121), ("b", 0.031), ("c", 0.0004), ("e", 0.364), ("d", 0.358)] {
      try add(#"{"entity_id":"\#(agent)","event_type":"agent.metrics","data":{"error_rate":\#(rate)}}"#)
    }
    try add(#"{"entity_id":"a-1","event_type":"agent.created","data":{}}"#)
    let lines = try Program.run("status", on: server.endpoint).output.split(separator: "\n")
    let order = ["e", "d", "b", "a-2", "a-10", "c", "a-1"]
    #expect(lines.dropFirst().prefix(7).map { String($0.prefix { $0 != " " }) } == order)
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["agents"]?.list?.compactMap { $0["id"]?.text } == order)
  }

  @Test(arguments: [AutomationMode.on, .dry, .off])
  func statusTellsTheSwitch(mode: AutomationMode) throws {
    try fill()
    _ = try server.call("SET", "agentos:automation", mode.rawValue)
    #expect(try Program.run("status", on: server.endpoint).output.hasSuffix("\nautomation  \(mode.rawValue)\n"))
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["automation"] == ["mode": .string(mode.rawValue), "switched": true])
  }

  @Test func statusCountsOpenProposals() throws {
    try fill()
    let now = Instant(milliseconds: try #require(try server.call("TIME").elements?[0].integer) * 1000)
    func propose(_ id: String, lasting span: TimeSpan) throws {
      let proposal = Proposal(
        id: ProposalID(id), rule: "r", agent: "a1", steps: [], reason: "", digest: "", madeAt: now,
        expiresAt: now + span)
      _ = try server.call("HSET", "agentos:proposals", id, ProposalCoding.encode(ProposalCoding.sealed(proposal)))
    }
    try propose("late", lasting: .seconds(-1))
    try propose("p1", lasting: .minutes(15))
    let one = try Program.run("status", on: server.endpoint)
    #expect(one.output.hasSuffix("\nproposals   1 waits for an answer; vigia proposals\n"))
    try propose("p2", lasting: .minutes(15))
    let two = try Program.run("status", on: server.endpoint)
    #expect(two.output.hasSuffix("\nproposals   2 wait for an answer; vigia proposals\n"))
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["proposals"] == 2 && json["automation"] == ["mode": "dry", "switched": false])
  }

  @Test func statusDoesNotGuessASwitchThatIsRefused() throws {
    try fill()
    try server.forbid("automation")
    let status = try Program.run("status", on: server.endpoint)
    #expect(status.output.hasSuffix("\nautomation  unknown: the server does not say\n"))
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["automation"] == ["mode": .null] && json["handler"] == ["alive": false])
  }

  @Test func statusIsOneDocument() throws {
    try fill()
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: Instant(milliseconds: 0))
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
    let result = try Program.run("status", "--json", on: server.endpoint)
    #expect(result.status == 0)
    let json = try JSONValue.parse(Array(result.output.utf8))
    #expect(
      json["events"] == [
        "received": 4, "decoded": 3, "unreadable": 1, "duplicates": 0, "reasons": ["not JSON": 1],
      ])
    #expect(
      json["handler"] == ["alive": true, "id": "h1", "recording": true, "since": "1970-01-01T00:00:00.000Z"])
    let agents = try #require(json["agents"]?.list)
    #expect(agents.map { $0["id"]?.text } == ["a2", "a1"])
    #expect(agents[0]["metrics"] == ["error_rate": 0.3, "avg_rating": 4.25, "health_score": 0.5])
    #expect(agents[0]["alerts"]?.list?.first?["id"] == "agent.performance_degraded/a2")
    #expect(agents[0]["alerts"]?.list?.first?["severity"] == "critical")
    #expect(agents[1]["name"] == "東京サポート")
    #expect(agents[1]["state"] == "running")
  }

  @Test func statusListensWhereThereIsNoHistory() throws {
    let program = try Program(["status", "--json"], on: server.endpoint)
    try server.loop.wait {
      (try? server.call("PUBLISH", "agent.metrics", #"{"entity_id":"x","data":{"queue_size":1}}"#))?.integer == 1
    }
    let json = try JSONValue.parse(Array(program.finish().output.utf8))
    #expect(json["agents"]?.list?.map { $0["id"]?.text } == ["x"])
  }

  @Test func recordsAreShown() throws {
    try add(#"{"entity_id":"a1","event_type":"agent.metrics","data":{"queue_size":3}}"#)
    _ = try server.call("HSET", "agentos:agent:a1", "state", "paused", "version", 3)
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["agents"]?.list?.first?["state"] == "paused")
    #expect(json["agents"]?.list?.first?["record"]?["version"] == 3)
  }

  @Test func tailPrintsWhatComes() throws {
    try fill()
    let result = try Program.run("tail", "--history", "1m", "--count", "4", on: server.endpoint)
    #expect(result.status == 0)
    // Each line begins with a time: 08:00:00.000 and a blank.
    let lines = result.output.split(separator: "\n").map { String($0.dropFirst(13)) }
    #expect(
      lines.prefix(3) == [
        #"agent.created              a1 {"name":"東京サポート","role":"support"}"#,
        #"agent.metrics              a1 {"error_rate":0.012,"response_time":800,"queue_size":3}"#,
        #"agent.metrics              a2 {"error_rate":0.3,"avg_rating":4.25,"health_score":0.5}"#,
      ])
    #expect(lines.last?.hasPrefix("unreadable: not JSON (entry ") == true)
  }

  @Test func tailAsJSONReadsBackAsTheSameEvents() throws {
    try fill()
    let result = try Program.run("tail", "--json", "--history", "1m", "--count", "4", on: server.endpoint)
    let lines = result.output.split(separator: "\n").map { Array($0.utf8) }
    #expect(lines.count == 4)
    let decoder = EventDecoder()
    try lines[1].withUnsafeBytes { line in
      let (event, id) = try EventLine.decode(line, using: decoder)
      #expect(event.kind == .metrics && event.agentID == "a1" && event.metrics[.queueSize] == 3)
      #expect(id != nil)
    }
    #expect(try JSONValue.parse(lines[3])["unreadable"] == "not JSON")
  }

  @Test func nothingPrintedSteersATerminal() throws {
    try add(#"{"entity_id":"\u001b]0;x\u0007","event_type":"agent.metrics","data":{"name":"\u009b2J"}}"#)
    let tail = try Program.run("tail", "--history", "1m", "--count", "1", on: server.endpoint)
    let status = try Program.run("status", on: server.endpoint)
    for output in [tail.output, status.output] {
      #expect(!output.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }
    #expect(status.output.contains("^[]0;x^G"))
    let json = try Program.run("tail", "--json", "--history", "1m", "--count", "1", on: server.endpoint)
    #expect(json.output.contains(#""data":{"name":"\u009b2J"}"#))
    #expect(json.output.contains(#""entity_id":"\u001b]0;x\u0007""#))
  }

  @Test func leaseThatIsRefusedLeavesTheHandlerUnknown() throws {
    try fill()
    try server.forbidLease()
    let text = try Program.run("status", on: server.endpoint)
    #expect(text.output.contains("2 agents, 4 events, 1 unreadable, 2 alerts, handler unknown\n"))
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["handler"] == ["alive": .null])
    let sent = try Program.run("send", "resume", "a1", "--wait", "1s", on: server.endpoint)
    #expect(sent.errors.hasPrefix("vigia: no answer: whether a handler is alive is unknown; the command expires in 5"))
  }

  @Test func consoleWithoutTheLeaseDoesNotSayThatNobodyListens() throws {
    try server.forbidLease()
    let console = try PtyProgram(on: server.endpoint, rows: 40, columns: 200)
    try console.wait(for: "handler unknown")
    try console.wait(for: "NOT SERVED: the handler's lease, this user may not do that")
    try fill()
    try console.wait(for: "30%")
    console.type("p")
    try console.wait(for: "15m?")
    try console.redraw()
    console.type("y")
    try console.wait(for: "handler unknown; expires in ")
    console.type("q")
    #expect(try console.finish().exitCode == 0)
    #expect(!console.text.contains("NO HANDLER") && !console.text.contains("nobody listens"))
  }
}
