import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// Commands over all shards while handlers are killed at random: each comes to one end, and its message goes out once.
struct ShardCommandChaos {
  let shards: Int
  let commands: Int

  /// No more are taken of one operator within a minute.
  private static let commandsOfAnOperator = 10

  func run(_ report: Report) throws {
    let stage = try ShardStage(shards: shards)
    guard let division = stage.shards?.division else { throw Mismatch("the fleet is not divided") }
    var (kills, sent, orders) = (0, 0, 0)
    var nextKill = MonotonicTime.now.adding(milliseconds: 1500)
    var gone: String?
    var wanted: [Int: Set<String>] = [:]
    let began = MonotonicTime.now
    while sent < commands {
      orders += 1
      // For an agent of each shard: a part for each.
      var targets: [Int: AgentID] = [:]
      var number = 0
      while targets.count < shards {
        let agent = AgentID("agent-\(orders)-\(number)")
        targets[division.shard(of: agent)] = targets[division.shard(of: agent)] ?? agent
        number += 1
      }
      let now = LocalClock.now
      let order = Command(
        id: CommandID("b\(orders)"), action: .pause, targets: targets.sorted { $0.key < $1.key }.map(\.value),
        arguments: ["for": "1h"], operator: "ana-\(orders / Self.commandsOfAnOperator)@desk", reason: "test",
        issuedAt: now, expiresAt: now + .minutes(10))
      var part = 0
      for routed in try division.parts(
        of: order,
        {
          part += 1; return CommandID("c\(orders)-\(part)")
        })
      {
        _ = try stage.call(
          routed.shard, "XADD", stage.keys(routed.shard).commands, "*", Keys.dataField,
          CommandCoding.encode(routed.command))
        wanted[routed.shard, default: []].insert(routed.command.id.text)
        sent += 1
      }
      if MonotonicTime.now > nextKill {
        if let id = gone {
          try stage.startHandler(id)
          gone = nil
        } else {
          let id = ShardStage.handlerIDs.randomElement()!
          stage.killHandler(id)
          gone = id
          kills += 1
        }
        nextKill = MonotonicTime.now.adding(milliseconds: Int64.random(in: 200...2500))
      }
      stage.cluster.loop.turn(forMilliseconds: 40)
    }
    if let id = gone { try stage.startHandler(id) }
    var ends: [Int: [String: Int]] = [:]
    func isOver() throws -> Bool {
      ends = try Dictionary(uniqueKeysWithValues: (0..<shards).map { ($0, try self.ends($0, stage)) })
      return (0..<shards).allSatisfy { ends[$0]?.count == wanted[$0]?.count }
    }
    let deadline = MonotonicTime.now.adding(milliseconds: 120_000)
    while try !isOver() {
      guard MonotonicTime.now < deadline else { throw Mismatch(try story(stage)) }
      stage.cluster.loop.turn(forMilliseconds: 1000)
    }
    let span = MonotonicTime.now.milliseconds(since: began) / 1000
    var wrong = 0
    for shard in 0..<shards {
      wrong += (wanted[shard] ?? []).count { ends[shard]?[$0] != 1 }
      let messages = try controls(shard, stage)
      wrong += (wanted[shard] ?? []).count { messages[$0] != 1 }
    }
    guard kills > 0 else { throw Mismatch("no handler was killed") }
    report.add(
      "\(shards) shards, \(sent) commands under \(kills) kills in \(Int(span)) s: lost or twice", "commands",
      Rounds([Double(wrong)]), target: .atMost(0))
  }

  /// What became of all commands, in words.
  private func story(_ stage: ShardStage) throws -> String {
    var counts: [String: Int] = [:]
    for shard in 0..<shards {
      for line in try stage.audit(shard) where line.target == .none {
        counts["\(line.phase.rawValue) \(line.detail)", default: 0] += 1
      }
    }
    return counts.sorted { $0.value > $1.value }.prefix(9).map { "\($0.value) × \($0.key)" }.joined(separator: "; ")
  }

  /// How often each command has come to its end in a shard.
  private func ends(_ shard: Int, _ stage: ShardStage) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in try stage.audit(shard) {
      guard case .command(let id) = line.origin, line.target == .none, line.phase == .succeeded else { continue }
      counts[id.text, default: 0] += 1
    }
    return counts
  }

  /// How many messages to runtimes each command has made.
  private func controls(_ shard: Int, _ stage: ShardStage) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for entry in try stage.call(shard, "XRANGE", stage.keys(shard).control, "-", "+").elements ?? [] {
      guard let data = entry.elements?.last?.pairs.first(where: { $0.name == Keys.dataField })?.value,
        let message = ControlCoding.decode(data)
      else { continue }
      counts[message.commandID.text, default: 0] += 1
    }
    return counts
  }
}
