import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What a console of a fleet of four shards says when a shard has no link or no handler.
@Suite struct ShardBoardTests {
  private let division = AgentDivision(4)

  /// Four shards with three agents each, all well.
  private func scene(columns: Int = 130, rows: Int = 40) throws -> Scene {
    var settings = Model.Settings()
    (settings.operator, settings.place, settings.shards) = ("alice@bastion", "127.0.0.1:6379", 4)
    var scene = Scene(columns: columns, rows: rows)
    scene.model = Model(
      settings: settings, size: Size(rows: rows, columns: columns), fleet: Fleet(division: division))
    for agent in (0..<4).flatMap({ agents(of: $0) }) {
      try scene.model.fleet.apply("metrics", agent.description, #"{"error_rate":0.01}"#, at: .at(0))
    }
    for shard in 0..<4 {
      _ = scene.model.update(.link(.up, shard: shard))
      _ = scene.model.update(.handler(.alive(id: "h\(shard % 2)", isRecording: true), shard: shard))
      scene.model.fleet.setAutomation(.set(.on), at: .at(0), ofShard: shard)
    }
    _ = scene.model.update(.caughtUp)
    scene.tick(.at(1))
    return scene
  }

  private func agents(of shard: Int) -> [AgentID] {
    Array((0...).lazy.map { AgentID("a\($0)") }.filter { division.shard(of: $0) == shard }.prefix(3))
  }

  private func cut(_ shard: Int, _ scene: inout Scene, since: Int64 = 1) {
    let down = LinkStatus.down(since: .at(since), retryAt: .at(900), reason: "connection refused")
    _ = scene.model.update(.link(down, shard: shard))
    scene.model.fleet.setHeard(false, ofShard: shard)
  }

  @Test func healthyFleetSaysHowManyShardsItHas() throws {
    var scene = try scene()
    #expect(scene.statusText().contains("live") && scene.statusText().contains("4 shards"))
    #expect(scene.statusText().contains("handler h0 h1 alive"))
    #expect(!scene.statusText().contains("no handler") && !scene.statusText().contains("no connection"))
  }

  @Test(arguments: [(80, 24), (130, 40)]) func shardWithoutAHandlerIsNamed(columns: Int, rows: Int) throws {
    var scene = try scene(columns: columns, rows: rows)
    for shard in [1, 3] { _ = scene.model.update(.handler(.absent, shard: shard)) }
    let words = columns == 80 ? "no handler" : "shards 01 03: no handler"
    #expect(scene.statusText().contains(words), "\(scene.statusText())")
    #expect(scene.model.handler.isAlive)
    for shard in [0, 2] { _ = scene.model.update(.handler(.absent, shard: shard)) }
    #expect(scene.statusText().contains("NO HANDLER") && scene.model.handler == .absent)
  }

  @Test(arguments: [(80, 24), (130, 40)]) func shardWithoutALinkIsNamedAndTheOthersAreLive(columns: Int, rows: Int)
    throws
  {
    var scene = try scene(columns: columns, rows: rows)
    cut(2, &scene)
    scene.tick(.at(31))
    let lines = scene.draw().lines()
    let headline = " NO LINK to shard 02: what is shown of 3 agents is 30s old"
    #expect(lines.contains { $0.hasPrefix(headline) }, "\(lines.prefix(2))")
    #expect(scene.model.link == .up && scene.statusText().contains("live"))
    #expect(scene.statusText().contains("shard 02: no "), "\(scene.statusText())")
    if columns == 130 { #expect(scene.statusText().contains("shard 02: no connection since 08:00:01Z")) }
    #expect(agents(of: 2).allSatisfy { scene.model.isStale($0) })
    #expect(!agents(of: 0).contains { scene.model.isStale($0) })
    #expect(scene.model.fleet.now == .at(31), "time goes on for the others")
    _ = scene.model.update(.link(.up, shard: 2))
    #expect(!scene.statusText().contains("no connection"))
  }

  @Test func whereNoShardHasALinkTheConsoleHasNone() throws {
    var scene = try scene()
    for shard in 0..<4 { cut(shard, &scene, since: Int64(10 + shard)) }
    scene.tick(.at(40))
    #expect(scene.statusText().contains("NO LINK for 30s"), "\(scene.statusText())")
    #expect(scene.model.handler == .unknown)
  }

  @Test func shardsThatDifferInTheirAutomationAreNamed() throws {
    var scene = try scene()
    scene.model.fleet.setAutomation(.set(.off), at: .at(1), ofShard: 3)
    #expect(scene.statusText().contains("automation off in shard 03, on in the others"), "\(scene.statusText())")
    var narrow = try self.scene(columns: 60, rows: 20)
    narrow.model.fleet.setAutomation(.set(.dry), at: .at(1), ofShard: 3)
    #expect(narrow.statusText().contains("auto dry, shards differ"), "\(narrow.statusText())")
  }

  // MARK: Orders

  private func row(_ scene: inout Scene) -> String {
    scene.press(.character("6"))
    scene.tick(scene.model.now + .seconds(5))
    return scene.draw().lines().first { $0.contains("pause a") } ?? ""
  }

  private func order(_ shards: [Int], waiting: Int?, _ scene: inout Scene) {
    for (index, shard) in shards.enumerated() {
      let command = Command(
        id: CommandID("part-\(shard)"), action: .pause, targets: [agents(of: shard)[0]], operator: "alice@bastion",
        issuedAt: .at(1), expiresAt: .at(61), batch: Batch(id: CommandID("order"), part: index + 1, parts: shards.count)
      )
      _ = scene.model.update(.sent(command, shard == waiting ? .waiting : .delivered, shard: shard))
    }
  }

  @Test func orderNamesTheShardThatItWaitsFor() throws {
    var scene = try scene(columns: 200, rows: 50)
    cut(2, &scene)
    order([0, 1, 2], waiting: 2, &scene)
    #expect(scene.promptText().contains("not sent: no link to shard 02; will be sent if the link returns"))
    #expect(row(&scene).contains("no link to shard 02"), "\(row(&scene))")
    for (part, shard) in [(1, 0), (2, 1)] {
      for phase in [AuditLine.Phase.received, .succeeded] {
        scene.model.fleet.apply(
          AuditLine(
            origin: .command(CommandID("part-\(shard)")), batch: Batch(id: CommandID("order"), part: part, parts: 3),
            phase: phase, action: "pause", operator: "alice@bastion", at: .at(3)), ofShard: shard)
      }
    }
    let text = row(&scene)
    #expect(text.contains("2 of 3 parts closed; shard 02 waits: no link"), "\(text)")
    #expect(scene.press(.character("q")) == [], "a part was never sent")
  }

  @Test func orderNamesTheShardWhereNobodyListens() throws {
    var scene = try scene(columns: 200, rows: 50)
    _ = scene.model.update(.handler(.absent, shard: 1))
    order([0, 1], waiting: nil, &scene)
    #expect(row(&scene).contains("nobody listens in shard 01; expires in"), "\(row(&scene))")
  }
}
