import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// The tools over a fleet of four shards on one server.
@Suite(.threaded) struct ShardToolTests {
  private func json(_ result: Program.Result) throws -> JSONValue { try JSONValue.parse(Array(result.output.utf8)) }

  @Test func statusIsOfTheWholeFleet() throws {
    let scene = try DividedScene()
    let agents = (0..<40).map { "agent-\($0)" }
    try scene.add(agents, count: 3)
    let result = try scene.run("status", "--json")
    let status = try json(result)
    #expect(result.status == 0 && result.errors == "", "\(result)")
    #expect(status["agents"]?.list?.count == 40)
    #expect(status["events"]?["received"] == 120 && status["events"]?["decoded"] == 120)
    #expect(status["handler"]?["alive"] == true && status["handler"]?["id"]?.text == "h0 h1 h2 h3")
    #expect(status["shards"]?["count"] == 4 && status["shards"]?["without_handler"] == [])
    let words = try scene.run("status")
    #expect(words.output.contains("40 agents, 120 events, 0 unreadable"))
    let segment = try scene.run("status", "--tmux")
    // How many of the alerts are written already depends on the machine.
    #expect(segment.status == 0 && !segment.output.contains("no handler"), "\(segment)")
  }

  @Test func shardWithoutAHandlerIsNamed() throws {
    let scene = try DividedScene()
    try scene.add(scene.agents(in: 0, 1, 2, 3))
    try scene.kill(2)
    let status = try scene.run("status")
    #expect(status.output.contains("no handler in shard 02"), "\(status)")
    #expect(status.output.contains("shards      02 have no handler") || status.output.contains("02 has no handler"))
    let json = try json(try scene.run("status", "--json"))
    #expect(json["handler"]?["alive"] == false && json["shards"]?["without_handler"] == ["02"])
    #expect(try scene.run("status", "--tmux").output.contains("no handler"))
    let agent = scene.agents(in: 2)[0]
    let sent = try scene.run("send", "pause", agent, "--wait", "1s")
    #expect(sent.status == 3 && sent.errors.contains("no handler is alive in shard 02"), "\(sent)")
    // The others are served.
    let other = try scene.run("send", "pause", scene.agents(in: 3)[0])
    #expect(other.status == 0, "\(other)")
  }

  @Test func orderOverShardsIsOneOrderAndTakenBackAsOne() throws {
    let scene = try DividedScene()
    let agents = scene.agents(in: 0, 2, 3)
    try scene.add(agents)
    let sent = try Program(
      ["send", "pause"] + agents + ["--json"], on: scene.server.endpoint, environment: scene.environment
    ).finish()
    #expect(sent.status == 0, "\(sent)")
    let lines = try sent.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
    let batches = Set(lines.filter { $0["phase"] == "sent" }.compactMap { $0["batch"]?["id"]?.text })
    let batch = try #require(batches.first)
    #expect(batches.count == 1 && lines.filter { $0["phase"] == "sent" }.count == 3)
    for agent in agents { #expect(try scene.record(agent).state == .paused) }
    let audit = try scene.run("audit")
    for agent in agents { #expect(audit.output.contains("pause \(agent)")) }
    let undone = try scene.run("send", "undo", "--arg", "command_id=\(batch)")
    #expect(undone.status == 0 && undone.output.hasPrefix("sent       undo"), "\(undone)")
    for agent in agents { #expect(try scene.record(agent).state == .running) }
    // The undo went only where its command was known.
    #expect(try scene.server.call("XLEN", scene.keys(1).commands) == .integer(0))
  }

  @Test func undoOfOneCommandFindsItsShard() throws {
    let scene = try DividedScene()
    let agent = scene.agents(in: 3)[0]
    try scene.add([agent])
    let sent = try scene.run("send", "pause", agent, "--json")
    let id = try #require(
      try sent.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }.first?["command_id"]?.text)
    #expect(try scene.run("send", "undo", "--arg", "command_id=\(id)").status == 0)
    #expect(try scene.record(agent).state == .running)
    let unknown = try scene.run("send", "undo", "--arg", "command_id=nobody-knows-it")
    #expect(unknown.status == 1, "\(unknown)")
  }

  @Test func switchTurnsInAllShards() throws {
    let scene = try DividedScene()
    let turned = try scene.run("automation", "on")
    #expect(turned.status == 0, "\(turned)")
    for shard in 0..<4 { #expect(try scene.server.call("GET", scene.keys(shard).automation).text == "on") }
    let on = try scene.run("automation")
    #expect(on.output.hasPrefix("on, by ") && !on.output.contains("differ"), "\(on)")
    _ = try scene.server.call("SET", scene.keys(1).automation, "dry")
    let mixed = try scene.run("automation")
    #expect(mixed.output.hasPrefix("dry") && mixed.output.contains("shards differ: dry in shard 01, on in the others"))
    let blocked = try scene.run("send", "block_ip", "--arg", "ip=192.0.2.1")
    #expect(blocked.status == 0, "\(blocked)")
    for shard in 0..<4 { #expect(try scene.server.call("ZCARD", scene.keys(shard).blocked) == .integer(1)) }
  }

  @Test func auditOfAllShardsIsInTheOrderOfItsTimes() throws {
    let scene = try DividedScene(isLed: false)
    // Four shards take turns; one has more than a page.
    for number in 0..<3000 {
      let shard = number < 200 ? number % 4 : 1
      let line = AuditLine(
        origin: .command(CommandID("c\(number)")), phase: .succeeded, action: "pause", target: "a", operator: "ana",
        at: .epoch)
      let now = try scene.server.call("TIME").elements?[0].integer ?? 0
      let id = "\(now * 1000 - 60_000 + Int64(number))-0"
      _ = try scene.server.call("XADD", scene.keys(shard).audit, id, "__data__", AuditCoding.encode(line))
    }
    let result = try scene.run("audit", "--json")
    let ids = try result.output.split(separator: "\n").map {
      try JSONValue.parse(Array($0.utf8))["command_id"]?.text ?? ""
    }
    #expect(result.status == 0 && ids.count == 3000, "\(result.errors)")
    let entries = try result.output.split(separator: "\n").compactMap {
      StreamID(Array((try JSONValue.parse(Array($0.utf8))["entry"]?.text ?? "").utf8))
    }
    #expect(entries == entries.sorted() && entries.count == 3000)
  }

  @Test func deadLettersOfAllShardsAreListedAndPutBackIntoTheirOwn() throws {
    let scene = try DividedScene(isLed: false)
    for shard in [2, 0, 3] {
      let keys = scene.keys(shard)
      _ = try scene.server.call(
        "XADD", keys.dead, "\(1000 + shard)-0", "source", keys.events, "id", "1-0", "reason", "r", "__data__",
        "x\(shard)")
    }
    let list = try scene.run("dead", "list")
    #expect(list.output.split(separator: "\n").map { $0.prefix(6) } == ["1000-0", "1002-0", "1003-0"], "\(list)")
    #expect(try scene.run("dead", "show", "1002-0").output.contains("{agentos:02}:events"))
    let back = try scene.run("dead", "retry", "1003-0")
    #expect(back.status == 0 && back.output.contains("1003-0 is back in {agentos:03}:events"), "\(back)")
    #expect(try scene.server.call("XLEN", scene.keys(3).events) == .integer(1))
    // One id in two shards: nobody can tell which is meant.
    _ = try scene.server.call(
      "XADD", scene.keys(1).dead, "1002-0", "source", scene.keys(1).events, "reason", "r", "__data__", "y")
    let both = try scene.run("dead", "drop", "1002-0")
    #expect(both.status == 1 && both.errors.contains("shards 01 02 have an entry with this id"), "\(both)")
    let dropped = try scene.run("dead", "drop", "--all", "--yes")
    #expect(dropped.output == "dropped 3\n", "\(dropped)")
  }

  @Test func proposalsTalliesAndBudgetsAreThoseOfAllShards() throws {
    let scene = try DividedScene(isLed: false)
    let now = try scene.server.time()
    for (index, agent) in scene.agents(in: 1, 3).enumerated() {
      let id = "rule/coupon/1-\(index)/\(agent)"
      let proposal = ProposalCoding.sealed(
        Proposal(
          id: ProposalID(id), rule: "coupon", agent: AgentID(agent), steps: [], reason: "why", digest: "",
          madeAt: now, expiresAt: now + .minutes(Int64(20 - index)), state: .open))
      _ = try scene.server.call("HSET", scene.keys(of: agent).proposals, id, ProposalCoding.encode(proposal))
      _ = try scene.server.call("HSET", scene.keys(of: agent).tally, "coupon/acted", 2 + index)
    }
    let proposals = try scene.run("proposals")
    let heads = proposals.output.split(separator: "\n").filter { $0.hasPrefix("rule/coupon") }
    #expect(proposals.status == 0 && heads.count == 2 && heads[0].hasPrefix("rule/coupon/1-1/"), "\(proposals)")
    let tally = try json(try scene.run("runbook", "tally", "--json"))
    #expect(tally["coupon"]?["acted"] == 5)
    for arguments in [["budgets"], ["forecast"], ["queues"], ["waiting"], ["dead", "list"]] {
      let result = try Program(arguments, on: scene.server.endpoint, environment: scene.environment).finish()
      #expect(result.status == 0, "\(arguments): \(result)")
    }
  }

  @Test func tailOfAllShardsIsInOrder() throws {
    let scene = try DividedScene(isLed: false)
    let agents = (0..<50).map { "agent-\($0)" }
    for agent in agents {
      try scene.add([agent])
    }
    let result = try scene.run("tail", "--history", "10m", "--count", "50", "--json")
    let ids = try result.output.split(separator: "\n").compactMap {
      StreamID(Array((try JSONValue.parse(Array($0.utf8))["id"]?.text ?? "").utf8))?.instant
    }
    #expect(result.status == 0 && ids.count == 50 && ids == ids.sorted(), "\(result.errors)")
  }

  @Test func rightsForAllShardsLetAViewerReadAndAnOperatorCommand() throws {
    let scene = try DividedScene()
    let agents = scene.agents(in: 0, 1, 2, 3)
    try scene.add(agents)
    for (role, name) in [("viewer", "vera"), ("operator", "olga")] {
      let words = role == "operator" ? [role, name] : [role, "--user", name]
      let printed = try Program(
        ["acl", "print"] + words, on: scene.server.endpoint, environment: scene.environment
      ).finish()
      #expect(printed.status == 0 && printed.output.contains("{agentos:??}:"), "\(printed)")
      let rules = printed.output.split(separator: "\n")[0].split(separator: " ").map(String.init)
      let reply = try scene.server.call(all: rules.map { $0 == ">PASSWORD" ? ">secret" : $0 })
      #expect(reply.text == "OK", "\(reply)")
    }
    guard case .tcp(let host, let port) = scene.server.endpoint.address else { return }
    func run(_ user: String, _ arguments: [String]) throws -> Program.Result {
      var environment = scene.environment
      environment["VIGIA_REDIS"] = "redis://\(user):secret@\(host):\(port)"
      return try Program(arguments, environment: environment).finish()
    }
    let status = try run("vera", ["status", "--json"])
    #expect(status.status == 0 && status.errors == "", "\(status)")
    #expect(try json(status)["agents"]?.list?.count == 4)
    let order = try run("olga", ["send", "pause"] + agents)
    #expect(order.status == 0, "\(order)")
    let refused = try run("vera", ["send", "pause"] + agents)
    #expect(refused.status == 1 && refused.errors.contains("NOPERM"), "\(refused)")
  }

  @Test func simulatedAgentsReportInTheirShardsAndObeyTheirControlStreams() throws {
    let scene = try DividedScene(isLed: false)
    let program = try Program(
      ["simulate", "--into", "stream", "--rate", "50", "--history", "1m"], on: scene.server.endpoint,
      environment: scene.environment)
    func bodies(_ shard: Int) throws -> [JSONValue] {
      let reply = try scene.server.call("XRANGE", scene.keys(shard).events, "-", "+")
      return (reply.elements ?? []).compactMap { entry in
        let payload = entry.elements?[1].elements?.last?.bytes ?? []
        return payload.withUnsafeBytes { try? MessageFormat.document($0) }
      }
    }
    let agent = "sales-us-01"
    let shard = scene.shards.shard(of: AgentID(agent))
    // Two agents of the twelve at least are in others.
    try scene.server.wait { (try? (0..<4).count { try !bodies($0).isEmpty }) ?? 0 >= 2 && program.outputSoFar != "" }
    let message = ControlMessage(agent: AgentID(agent), action: .pause, commandID: CommandID("c1"))
    _ = try scene.server.call("XADD", scene.keys(shard).control, "*", "__data__", ControlCoding.encode(message))
    try scene.server.wait {
      (try? bodies(shard).contains { $0["data"]?["command_id"] == "c1" && $0["data"]?["state"] == "paused" }) ?? false
    }
    program.child.signal(15)
    let result = program.finish()
    #expect(result.status == 0 && result.output.contains("into the streams of"), "\(result)")
    for shard in 0..<4 {
      let agents = Set(try bodies(shard).compactMap { $0["entity_id"]?.text })
      #expect(agents.allSatisfy { scene.shards.shard(of: AgentID($0)) == shard }, "\(shard): \(agents)")
    }
    #expect(try scene.server.call("EXISTS", "agentos:events") == .integer(0))
  }
}
