import ArgumentParser
import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import Wire

/// `vigia-bench shards`: what a fleet over shards costs beside one in one slot, and whether it loses anything while nodes
/// and handlers are killed. A real cluster of three primaries and three replicas, and three handlers.
struct ShardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shards",
    abstract: "What a fleet over shards costs, and what it loses while nodes and handlers are killed.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case cost, events, node, handler, commands
  }

  @Option(help: "Only this part; several times.") var part: [Part] = []
  @Option(help: "How many shards.") var shards = 8
  @Option(help: "Events a second.") var rate = 20_000
  @Option(help: "How long events come in each round.") var seconds = 10
  @Option(help: "How many agents.") var agents = 10_000
  @Option(help: "How many rounds.") var rounds = 3
  @Option(help: "How many commands are given while handlers are killed.") var commands = 3000
  @OptionGroup var report: Report

  func run() throws {
    for part in part.isEmpty ? Part.allCases : part {
      switch part {
      case .cost: try measureCost()
      case .events: try followEvents()
      case .node: try killNodes()
      case .handler: try killHandlers()
      case .commands: try ShardCommandChaos(shards: shards, commands: commands).run(report)
      }
    }
  }

  private var count: Int { rate * seconds }

  /// Half of the events each, by two of the nodes.
  private func startFeeds(_ stage: ShardStage, nodes: [Int] = [0, 1]) throws -> [Feed] {
    let share = count / nodes.count
    return try nodes.enumerated().map { index, node in
      try Feed(
        [
          "--numbered", "--count", "\(share)", "--first", "\(index * share)", "--rate", "\(rate / nodes.count)",
          "--agents", "\(agents)",
        ], port: stage.cluster.nodes[node].port)
    }
  }

  private func waitForEnd(_ feeds: [Feed], _ stage: ShardStage) throws {
    try stage.cluster.loop.wait(seconds: 120 + Int64(seconds)) { feeds.allSatisfy { !$0.child.isRunning } }
  }

  // MARK: Cost

  private func measureCost() throws {
    var (whole, servers, handlers) = (Rounds(), Rounds(), Rounds())
    var (wholeOfOne, serversOfOne, handlersOfOne) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      let one = try cost(ShardStage(shards: nil))
      let many = try cost(ShardStage(shards: shards))
      wholeOfOne.add(one.servers + one.handlers)
      serversOfOne.add(one.servers)
      handlersOfOne.add(one.handlers)
      whole.add(many.servers + many.handlers)
      servers.add(many.servers)
      handlers.add(many.handlers)
    }
    let name = "\(shards) shards, \(rate) events/s, CPU of"
    report.add(
      "\(name) servers and handlers", "µs/event", whole,
      beside: [(.init(name: "one slot", rounds: wholeOfOne), .ratioAtMost(1.5))])
    report.add("\(name) servers", "µs/event", servers, beside: [(.init(name: "one slot", rounds: serversOfOne), nil)])
    report.add(
      "\(name) handlers", "µs/event", handlers, beside: [(.init(name: "one slot", rounds: handlersOfOne), nil)])
  }

  /// Microseconds an event, from the first to when all are recorded.
  private func cost(_ stage: ShardStage) throws -> (servers: Double, handlers: Double) {
    let (recorded, before) = (try stage.recordedCount(), stage.cpuSeconds)
    let feeds = try startFeeds(stage)
    try waitForEnd(feeds, stage)
    try stage.cluster.loop.wait { (try? stage.recordedCount()) ?? 0 >= recorded + count }
    let after = stage.cpuSeconds
    let scale = 1e6 / Double(count)
    return ((after.servers - before.servers) * scale, (after.handlers - before.handlers) * scale)
  }

  // MARK: Events

  private func followEvents() throws {
    let stage = try ShardStage(shards: shards)
    let console = Tally(count, stage.cluster.loop, stage.cluster.nodes[2].endpoint, shards: stage.shards)
    try stage.cluster.loop.wait { console.isCaughtUp && console.isRecorded }
    let feeds = try startFeeds(stage)
    try waitForEnd(feeds, stage)
    console.waitForAll(stage.cluster.loop)
    let streams = try judge(stage, besides: [])
    report.add(
      "\(shards) shards, events of \(count) in no stream", "events", Rounds([Double(streams.missing)]),
      target: .atMost(0))
    report.add(
      "\(shards) shards, events in a stream twice", "events", Rounds([Double(streams.twice)]), target: .atMost(0))
    report.add(
      "\(shards) shards, events a console missed", "events", Rounds([Double(console.missing)]), target: .atMost(0))
    report.add(
      "\(shards) shards, events a console counted twice", "events", Rounds([Double(console.twice)]), target: .atMost(0))
  }

  /// How many events are missing from the streams, or there more than once; those of some shards apart.
  private func judge(_ stage: ShardStage, besides: Set<Int>) throws -> (missing: Int, twice: Int) {
    guard let shards = stage.shards else { throw Mismatch("the fleet is not divided") }
    var seen = Array(repeating: 0, count: count)
    for shard in 0..<shards.count where !besides.contains(shard) {
      for number in try stage.recordedNumbers(shard) where seen.indices.contains(number) {
        guard shards.shard(of: Traffic.agent(number % agents)) == shard else {
          throw Mismatch("event \(number) is in the stream of shard \(shard)")
        }
        seen[number] += 1
      }
    }
    let own = seen.indices.filter { !besides.contains(shards.shard(of: Traffic.agent($0 % agents))) }
    return (own.count { seen[$0] == 0 }, own.reduce(0) { $0 + max(0, seen[$1] - 1) })
  }

  // MARK: Kills

  /// A primary is killed while events come; its shards go on with its replica, the others notice nothing.
  private func killNodes() throws {
    var (missing, spans, lost) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      let stage = try ShardStage(shards: shards)
      let gone = try stage.owner(0)
      let own = Set(try (0..<shards).filter { try stage.owner($0) == gone })
      let others = (0..<3).filter { $0 != gone }
      let fences = try stage.leases().map { $0?.fence }
      let feeds = try startFeeds(stage, nodes: others)
      stage.cluster.loop.turn(forMilliseconds: Int64(seconds) * 300)
      stage.cluster.kill(gone)
      try stage.cluster.loop.wait { own.allSatisfy { (try? stage.owner($0)) ?? gone != gone } }
      let servedAt = MonotonicTime.now
      try stage.cluster.loop.wait {
        guard let leases = try? stage.leases() else { return false }
        return own.allSatisfy { leases[$0]?.isRecording == true && leases[$0]?.fence != fences[$0] }
      }
      spans.add(MonotonicTime.now.milliseconds(since: servedAt))
      try waitForEnd(feeds, stage)
      stage.cluster.loop.turn(forMilliseconds: 3000)
      let leases = try stage.leases()
      for shard in 0..<shards where !own.contains(shard) {
        guard leases[shard]?.fence == fences[shard] else { throw Mismatch("shard \(shard) changed its leader") }
        guard try stage.audit(shard).allSatisfy({ $0.action != "record" }) else {
          throw Mismatch("shard \(shard) tells of a gap")
        }
      }
      let (unseen, twice) = try judge(stage, besides: own)
      missing.add(Double(unseen + twice))
      lost.add(Double(try judge(stage, besides: Set(0..<shards).subtracting(own)).missing))
    }
    report.add("\(shards) shards, a node killed: missing or twice in the others", "events", missing, target: .atMost(0))
    report.add(
      "\(shards) shards, a node killed: its shards recorded again after they are served", "ms", spans,
      target: .atMost(5000))
    report.add("\(shards) shards, a node killed: not recorded in its own while nobody served them", "events", lost)
  }

  /// A handler is killed while events come.
  private func killHandlers() throws {
    var (spans, wrong) = (Rounds(), Rounds())
    for _ in 0..<rounds {
      let stage = try ShardStage(shards: shards)
      let feeds = try startFeeds(stage)
      stage.cluster.loop.turn(forMilliseconds: Int64(seconds) * 300)
      let own = try stage.leases().enumerated().filter { $0.element?.id == "h2" }.map(\.offset)
      stage.killHandler("h2")
      let killedAt = MonotonicTime.now
      try stage.cluster.loop.wait {
        guard let leases = try? stage.leases() else { return false }
        return own.allSatisfy { leases[$0].map { $0.id != "h2" && $0.isRecording } ?? false }
      }
      spans.add(MonotonicTime.now.milliseconds(since: killedAt))
      try waitForEnd(feeds, stage)
      stage.cluster.loop.turn(forMilliseconds: 3000)
      let (missing, twice) = try judge(stage, besides: [])
      wrong.add(Double(missing + twice))
    }
    report.add(
      "\(shards) shards, a handler killed: its shards led and recorded again", "ms", spans, target: .atMost(3000))
    report.add("\(shards) shards, a handler killed: events missing or twice", "events", wrong, target: .atMost(0))
  }
}
