import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// The console over a divided fleet, on a real terminal.
@Suite(.threaded) struct ShardConsoleTests {
  @Test func consoleShowsAllShardsAndAnOrderOverThreeOfThemIsOneRow() throws {
    let scene = try DividedScene()
    let agents = scene.agents(in: 0, 1, 2, 3)
    try scene.add(agents)
    for agent in agents {
      _ = try scene.server.call(
        "XADD", scene.keys(of: agent).events, "*", "__data__",
        #"{"entity_id":"\#(agent)","event_type":"agent.status","data":{"state":"running"}}"#)
    }
    let console = try TmuxConsole(
      "console", on: scene.server.endpoint, columns: 130, rows: 40, environment: "VIGIA_SHARDS=4")
    try console.wait { lines in
      lines.contains { $0.contains("live") && $0.contains("4 shards") && $0.contains("4 agents") }
        && agents.allSatisfy { agent in lines.contains { $0.contains(agent) } }
    }
    try scene.kill(3)
    try console.wait(for: "shard 03: no handler")
    // Keys that come at once are taken for pasted text, and do nothing.
    for count in 1...3 {
      try console.press("Space")
      try console.wait { lines in lines.count { $0.contains("✓●") } == count }
      try console.press("Down")
      try console.wait { lines in lines.contains { $0.contains("▸ ●") } }
    }
    try console.press("p")
    try console.wait(for: "y yes")
    try console.press("y")
    try console.wait { lines in lines.contains { $0.contains("pause agent-") } }
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test func nodeOfAClusterThatEndsTakesItsShardsAloneAway() throws {
    let cluster = try TestCluster(primaries: 3, settings: ["cluster-require-full-coverage no"])
    let shards = try Shards(8, of: .default)
    var placed: [Int] = []
    for prefix in shards.prefixes {
      placed.append(try cluster.owner(of: HashSlot.of(Array((prefix.hashTag ?? "").utf8))))
    }
    let agents = (0..<40).map { "agent-\($0)" }
    for agent in agents {
      let shard = shards.shard(of: AgentID(agent))
      let key = Keys(shards.prefixes[shard]).events
      _ = try cluster.call(placed[shard], "XADD", key, "*", "__data__", TestServer.event(agent))
    }
    let victim = placed[7]
    let seed = cluster.nodes.indices.first { $0 != victim } ?? 0
    let endpoint = cluster.nodes[seed].endpoint
    let environment = ["VIGIA_SHARDS": "8"]
    let before = try Program(["status", "--json"], on: endpoint, environment: environment).finish()
    let whole = try JSONValue.parse(Array(before.output.utf8))
    #expect(before.status == 0 && whole["agents"]?.list?.count == 40 && whole["events"]?["received"] == 40, "\(before)")
    let console = try TmuxConsole("console", on: endpoint, columns: 130, rows: 40, environment: "VIGIA_SHARDS=8")
    try console.wait { $0.contains { $0.contains("live") && $0.contains("40 agents") } }
    cluster.kill(victim)
    let lost = (0..<8).filter { placed[$0] == victim }
    try console.wait { lines in
      lines[0].contains("NO LINK to \(ShardNames.words(lost))")
        && lines.contains { $0.contains("live") && $0.contains("no connection since") }
    }
    let left = agents.filter { !lost.contains(shards.shard(of: AgentID($0))) }
    let after = try Program(["status", "--json"], on: endpoint, environment: environment).finish()
    let rest = try JSONValue.parse(Array(after.output.utf8))
    #expect(after.status == 5 && rest["agents"]?.list?.count == left.count, "\(after.errors)")
    #expect(rest["shards"]?["unreachable"]?.list?.count == lost.count)
    #expect(
      rest["missing_shards"]?.list?.map { $0["shard"]?.text } == lost.map { ShardNames.number($0) }, "\(after.output)")
    #expect(after.errors.hasPrefix("warning: \(ShardNames.words(lost)) do"), "\(after.errors)")
    #expect(after.errors.hasSuffix("missing here\n") && after.errors.contains(" not answer: "), "\(after.errors)")
    try console.press("q")
    try console.wait(for: "ended with 0")
  }
}
