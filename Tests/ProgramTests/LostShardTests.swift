import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// The tools over a fleet of which one shard does not answer.
@Suite(.threaded) struct LostShardTests {
  private func json(_ result: Program.Result) throws -> JSONValue { try JSONValue.parse(Array(result.output.utf8)) }

  private let warning = "warning: shard 03 does not answer: Redis refuses: "

  /// A user who has no rights to the keys of a shard: its environment.
  private func user(without shard: Int, _ scene: DividedScene) throws -> [String: String] {
    let keys = (0..<4).filter { $0 != shard }.map { "~\(scene.shards.prefixes[$0].text):*" }
    let rights = ["on", ">secret", "resetkeys", "&*", "+@all"] + keys
    let reply = try scene.server.call(all: ["ACL", "SETUSER", "half"] + rights)
    #expect(reply.text == "OK", "\(reply)")
    guard case .tcp(let host, let port) = scene.server.endpoint.address else { return [:] }
    return scene.environment.merging(["VIGIA_REDIS": "redis://half:secret@\(host):\(port)"]) { $1 }
  }

  @Test(arguments: [
    ["audit"], ["proposals"], ["budgets"], ["runbook", "tally"], ["forecast"], ["forecast", "--backtest"],
    ["dead", "list"], ["automation"], ["runbook", "suggest"], ["waiting"], ["maintenance"], ["tuning"],
  ])
  func toolTellsWhatTheOtherShardsSay(arguments: [String]) throws {
    let scene = try DividedScene(isLed: false)
    let environment = try user(without: 3, scene)
    let result = try Program(arguments, environment: environment).finish()
    #expect(result.status == 5 && result.errors.hasPrefix(warning), "\(result)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
    guard ![["audit"], ["proposals"], ["dead", "list"], ["runbook", "suggest"]].contains(arguments) else { return }
    let document = try json(try Program(arguments + ["--json"], environment: environment).finish())
    #expect(document["missing_shards"]?.list?.map { $0["shard"]?.text } == ["03"], "\(document)")
  }

  @Test func queuesAreKnownUnlessTheShardThatHasThemIsMissing() throws {
    let scene = try DividedScene(isLed: false)
    let none = try scene.run("queues")
    #expect(none.status == 0 && none.output.contains("the handler that leads shard 00 have no [[queues]]"), "\(none)")
    let now = try scene.server.time()
    let queue = QueueStanding(stream: "orders", group: "workers", seenSince: now)
    let stored = QueueCoding.encode(QueueReport(at: now, queues: [queue]))
    _ = try scene.server.call("SET", scene.keys(0).queues, stored)
    let third = try user(without: 3, scene)
    let whole = try Program(["queues"], environment: third).finish()
    #expect(whole.status == 0 && whole.errors == "" && whole.output.contains("orders"), "\(whole)")
    let first = try user(without: 0, scene)
    let lost = try Program(["queues"], environment: first).finish()
    #expect(lost.status == 5 && lost.output == "unknown: how queues stand is kept in shard 00\n", "\(lost)")
    #expect(lost.errors.hasPrefix("warning: shard 00 does not answer: Redis refuses: "), "\(lost)")
    let document = try Program(["queues", "--json"], environment: first).finish()
    #expect(document.status == 5, "\(document)")
    #expect(try json(document)["missing_shards"]?.list?.map { $0["shard"]?.text } == ["00"], "\(document)")
    #expect(try json(document)["queues"] == [])
  }

  @Test func auditAndDeadLettersOfTheOthersAreAllThere() throws {
    let scene = try DividedScene(isLed: false)
    for shard in 0..<4 {
      let line = AuditLine(
        origin: .command(CommandID("c\(shard)")), phase: .succeeded, action: "pause", target: AgentID("a\(shard)"),
        operator: "ana", at: .epoch)
      _ = try scene.server.call("XADD", scene.keys(shard).audit, "*", "__data__", AuditCoding.encode(line))
      let keys = scene.keys(shard)
      _ = try scene.server.call(
        "XADD", keys.dead, "\(1000 + shard)-0", "source", keys.events, "reason", "r", "__data__", "x\(shard)")
    }
    let environment = try user(without: 3, scene)
    let audit = try Program(["audit"], environment: environment).finish()
    #expect(audit.status == 5 && ["a0", "a1", "a2"].allSatisfy(audit.output.contains), "\(audit)")
    #expect(!audit.output.contains("a3"))
    let list = try Program(["dead", "list"], environment: environment).finish()
    #expect(list.output.split(separator: "\n").map { $0.prefix(6) } == ["1000-0", "1001-0", "1002-0"], "\(list)")
    let gone = try Program(["dead", "show", "1003-0"], environment: environment).finish()
    #expect(gone.status == 1 && gone.errors.contains("no such entry\n" + warning), "\(gone)")
    let back = try Program(["dead", "retry", "--all"], environment: environment).finish()
    #expect(back.status == 5 && back.output.split(separator: "\n").count == 3, "\(back)")
    #expect(try scene.server.call("XLEN", scene.keys(3).dead) == .integer(1))
  }

  @Test func statusSaysWhereTheSwitchStandsAndWhoDoesNotSay() throws {
    let scene = try DividedScene(isLed: false)
    try scene.add(scene.agents(in: 0, 1, 2, 3))
    for shard in 0..<4 { _ = try scene.server.call("SET", scene.keys(shard).automation, "on") }
    let environment = try user(without: 3, scene)
    let status = try Program(["status"], environment: environment).finish()
    #expect(status.status == 5 && status.errors.hasPrefix(warning), "\(status)")
    #expect(status.output.contains("automation  on; shard 03 does not say\n"), "\(status)")
    #expect(status.output.contains("3 agents, 3 events"), "\(status)")
    _ = try scene.server.call("SET", scene.keys(1).automation, "off")
    let document = try json(try Program(["status", "--json"], environment: environment).finish())
    #expect(document["automation"]?["mode"] == "off" && document["missing_shards"]?.list?.count == 1)
    #expect(document["shards"]?["automation"] == "off in shard 01, on in the others; shard 03 does not say")
  }

  @Test func toolAboutOneAgentAsksItsShardAlone() throws {
    let scene = try DividedScene()
    let agents = scene.agents(in: 0, 3)
    try scene.add(agents)
    let environment = try user(without: 3, scene)
    func run(_ arguments: String...) throws -> Program.Result {
      try Program(arguments, environment: environment).finish()
    }
    let forecast = try run("forecast", agents[0])
    #expect(forecast.status == 0 && forecast.errors == "", "\(forecast)")
    let levels = try run("levels", agents[0])
    #expect(levels.status == 0 && levels.errors == "", "\(levels)")
    let history = try run("history", agents[0])
    #expect(!history.errors.contains("shard 03"), "\(history)")
    let sent = try run("send", "pause", agents[0])
    #expect(sent.status == 0 && sent.errors == "", "\(sent)")
    let refused = try run("forecast", agents[1])
    #expect(refused.status == 1 && refused.errors.contains("Redis refuses"), "\(refused)")
    // An order for agents of several shards is sent to all of them or to none.
    let both = try run("send", "resume", agents[0], agents[1])
    #expect(both.status == 1 && both.errors.contains("nothing was sent"), "\(both)")
    #expect(try scene.record(agents[0]).state == .paused)
  }

  @Test func fleetWideOrderSaysWhoHasDoneItAndWhoHasNot() throws {
    let scene = try DividedScene()
    let environment = try user(without: 3, scene)
    #expect(try scene.run("automation", "on").status == 0)
    let off = try Program(["automation", "off"], environment: environment).finish()
    #expect(off.status == 5, "\(off)")
    #expect(off.output.contains("as 3 of 4 commands"), "\(off)")
    #expect(off.errors.contains("vigia: done in shards 00 01 02; shard 03 does not answer: "), "\(off)")
    #expect(off.errors.hasSuffix("; nothing was sent there\n"), "\(off)")
    let modes = try (0..<4).map { try scene.server.call("GET", scene.keys($0).automation).text }
    #expect(modes == ["off", "off", "off", "on"])
    let stands = try Program(["automation"], environment: environment).finish()
    #expect(stands.status == 5 && stands.output.hasPrefix("off, by "), "\(stands)")
    // The first part says which batch it was; to take it back needs no shard that never had it.
    let batch = try #require(off.output.firstMatch(of: /command_id=(\S+)/)?.1)
    let undone = try Program(["send", "undo", "--arg", "command_id=\(batch)"], environment: environment).finish()
    #expect(undone.status == 5 && undone.errors.contains("done in shards 00 01 02"), "\(undone)")
    #expect(try scene.server.call("GET", scene.keys(0).automation).text == "on")
  }

  private func lines(_ result: Program.Result) throws -> [JSONValue] {
    try result.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }

  private func missing(_ line: JSONValue) -> [String?]? { line["missing_shards"]?.list?.map { $0["shard"]?.text } }

  @Test func linesOfAnOrderSayWhichShardsItCannotGoTo() throws {
    let scene = try DividedScene()
    let agents = scene.agents(in: 0, 3)
    try scene.add(agents)
    let environment = try user(without: 3, scene)
    let off = try Program(["automation", "off", "--json"], environment: environment).finish()
    let sent = try lines(off).filter { $0["phase"] == "sent" }
    #expect(off.status == 5 && sent.count == 3 && sent.allSatisfy { missing($0) == ["03"] }, "\(off)")
    #expect(try lines(off).allSatisfy { $0["phase"] == "sent" || $0["missing_shards"] == nil }, "\(off)")
    // Both have to have it: then none gets it.
    let both = try Program(["send", "pause", "--json"] + agents, environment: environment).finish()
    let unsent = try lines(both)
    #expect(both.status == 1 && unsent.count == 1 && unsent[0]["phase"] == "not sent", "\(both)")
    #expect(missing(unsent[0]) == ["03"] && unsent[0]["command_id"] == nil, "\(both)")
    let one = try Program(["send", "pause", "--json", agents[0]], environment: environment).finish()
    #expect(try one.status == 0 && lines(one).allSatisfy { $0["missing_shards"] == nil }, "\(one)")
  }

  @Test func shardThatTakesNoCommandIsNamed() throws {
    let scene = try DividedScene()
    let reply = try scene.server.call(
      "ACL", "SETUSER", "half", "on", ">secret", "&*", "+@all", "%R~*", "~{agentos:00}:*", "~{agentos:01}:*",
      "~{agentos:02}:*")
    guard reply.text == "OK", case .tcp(let host, let port) = scene.server.endpoint.address else {
      // Before 7.0 keys cannot be given for reading alone.
      return
    }
    let environment = scene.environment.merging(["VIGIA_REDIS": "redis://half:secret@\(host):\(port)"]) { $1 }
    let off = try Program(["automation", "off"], environment: environment).finish()
    #expect(off.status == 5 && off.errors.contains("done in shards 00 01 02; \(warning.dropFirst(9))"), "\(off)")
    #expect(try scene.server.call("GET", scene.keys(3).automation).text != "off")
    let told = try lines(try Program(["automation", "dry", "--json"], environment: environment).finish())
    let unsent = told.filter { $0["phase"] == "not sent" }
    #expect(unsent.count == 1 && missing(unsent[0]) == ["03"], "\(told)")
    #expect(told.count { $0["phase"] == "sent" && $0["command_id"] == unsent.first?["command_id"] } == 1, "\(told)")
  }

  @Test func shardsOfANodeThatIsGoneAreNamed() throws {
    let cluster = try TestCluster(primaries: 3, settings: ["cluster-require-full-coverage no"])
    let shards = try Shards(8, of: .default)
    let placed = try shards.prefixes.map { try cluster.owner(of: HashSlot.of(Array(($0.hashTag ?? "").utf8))) }
    let victim = placed[7]
    let lost = (0..<8).filter { placed[$0] == victim }
    let left = (0..<8).filter { placed[$0] != victim }
    let seed = cluster.nodes.indices.first { $0 != victim } ?? 0
    let endpoint = cluster.nodes[seed].endpoint
    let environment = ["VIGIA_SHARDS": "8"]
    let handler = try Program([], on: endpoint, environment: environment, name: "vigia-handler")
    defer { handler.child.end(9) }
    func read(_ shard: Int, _ key: (Keys) -> [UInt8]) throws -> String? {
      try cluster.call(placed[shard], "GET", key(Keys(shards.prefixes[shard]))).text
    }
    try cluster.loop.wait { (try? (0..<8).allSatisfy { try read($0, \.lease) != nil }) ?? false }
    func run(_ arguments: String...) throws -> Program.Result {
      try Program(arguments, on: endpoint, environment: environment).finish()
    }
    #expect(try run("automation", "on").status == 0)
    cluster.kill(victim)
    let (gone, verb) = (ShardNames.words(lost), lost.count == 1 ? "does" : "do")
    for arguments in [["audit"], ["proposals"], ["budgets"], ["runbook", "tally"], ["forecast"], ["automation"]] {
      let result = try Program(arguments, on: endpoint, environment: environment).finish()
      #expect(result.status == 5, "\(arguments): \(result)")
      #expect(result.errors.hasPrefix("warning: \(gone) \(verb) not answer: "), "\(arguments): \(result)")
    }
    let status = try run("status")
    #expect(status.status == 5 && status.output.contains("automation  on; \(gone) \(verb) not say"), "\(status)")
    let off = try run("automation", "off")
    #expect(off.status == 5 && off.errors.contains("done in \(ShardNames.words(left)); \(gone) "), "\(off)")
    for shard in left { #expect(try read(shard, \.automation) == "off") }
    // Nothing of the others is needed for an agent of theirs, and of the lost ones nothing is there.
    let agents = (0..<100).map { "agent-\($0)" }
    let there = try #require(agents.first { left.contains(shards.shard(of: AgentID($0))) })
    let away = try #require(agents.first { lost.contains(shards.shard(of: AgentID($0))) })
    #expect(try run("forecast", there).status == 0)
    #expect(try run("forecast", away).status == 4)
    #expect(try run("send", "pause", there).status == 0)
  }

  @Test func fleetOfWhichNoShardAnswersCannotBeReached() throws {
    let gone = Endpoint(address: .tcp(host: "127.0.0.1", port: PrivateServer.freePort()))
    let off = try Program(["automation", "off", "--json"], on: gone, environment: ["VIGIA_SHARDS": "4"]).finish()
    #expect(try lines(off).map(missing) == [["00", "01", "02", "03"]], "\(off)")
    for arguments in [
      ["audit"], ["status"], ["tail"], ["automation"], ["automation", "off"], ["dead", "list"],
      ["queues"],
    ] {
      let result = try Program(arguments, on: gone, environment: ["VIGIA_SHARDS": "4"]).finish()
      #expect(result.status == 4 && !result.errors.contains("missing here"), "\(arguments): \(result)")
    }
  }
}
