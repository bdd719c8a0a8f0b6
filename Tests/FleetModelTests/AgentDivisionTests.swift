import FleetModel
import TestSupport
import Testing

/// Where the parts of an order go in a fleet of four shards.
@Suite struct AgentDivisionTests {
  private let division = AgentDivision(4)

  private func order(
    _ action: Action, _ targets: [AgentID] = [], _ arguments: [String: String] = [:]
  ) -> Command {
    Command(
      id: CommandID("order"), action: action, targets: targets, arguments: arguments, operator: "ana", issuedAt: .epoch,
      expiresAt: .epoch,
      observed: Dictionary(
        targets.map { ($0, Command.Observation(state: .running, version: 1)) }, uniquingKeysWith: { $1 }))
  }

  private func parts(_ order: Command, about alerts: [AlertID] = [], at places: [Int]? = nil) throws -> [RoutedCommand]
  {
    var last = 0
    return try division.parts(of: order, about: alerts, at: places) {
      last += 1
      return CommandID("part-\(last)")
    }
  }

  @Test func agentsGoToTheirShardsAsOneBatch() throws {
    let agents = (0..<12).map { AgentID("agent-\($0)") }
    let parts = try parts(order(.pause, agents))
    #expect(parts.map(\.shard) == [0, 1, 2, 3])
    for part in parts {
      #expect(part.command.targets == agents.filter { division.shard(of: $0) == part.shard })
      #expect(Set(part.command.observed.keys) == Set(part.command.targets))
      #expect(part.command.batch == Batch(id: CommandID("order"), part: part.shard + 1, parts: 4))
    }
    #expect(Set(parts.map(\.command.id)).count == 4)
  }

  @Test func agentsOfOneShardAreOneCommand() throws {
    let agent = AgentID("agent-7")
    let part = try #require(try parts(order(.pause, [agent])).first)
    #expect(part == RoutedCommand(order(.pause, [agent]), shard: division.shard(of: agent)))
  }

  @Test(arguments: [
    (Action.automation, [:] as [String: String]), (.blockIP, ["ip": "192.0.2.1"]), (.unblockIP, ["ip": "192.0.2.1"]),
  ])
  func whatIsForTheFleetGoesToAllShards(action: Action, arguments: [String: String]) throws {
    let parts = try parts(order(action, [], arguments))
    #expect(parts.map(\.shard) == [0, 1, 2, 3] && parts.allSatisfy { $0.command.arguments == arguments })
    #expect(parts.map { $0.command.batch?.part } == [1, 2, 3, 4])
  }

  @Test func whatIsAboutAnAlertOrAProposalGoesToTheShardOfItsAgent() throws {
    for number in 0..<8 {
      let agent = AgentID("agent-\(number)")
      let alert = try parts(order(.acknowledge, [], ["alert": "agent.high_traffic/agent-\(number)"]))
      let proposal = try parts(order(.approve, [], ["proposal": "rule/coupon/1-0/agent-\(number)", "sha256": "00"]))
      #expect(alert.map(\.shard) == [division.shard(of: agent)] && alert.map(\.shard) == proposal.map(\.shard))
    }
    #expect(try parts(order(.acknowledge, [], ["alert": "queue/orders"])).map(\.shard) == [0])
    #expect(try parts(order(.notify, [], ["to": "x", "text": "y"])).map(\.shard) == [0])
    #expect(try parts(order(.reject, [], ["proposal": "odd"])).map(\.shard) == [0])
  }

  @Test func severalAlertsGoEachToItsShard() throws {
    let alerts = (0..<6).map { AlertID(.highTraffic, AgentID("agent-\($0)")) }
    let parts = try parts(order(.acknowledge), about: alerts)
    #expect(parts.map(\.shard) == alerts.map { division.shard(of: $0.agent) })
    #expect(parts.map { $0.command.targets } == alerts.map { [$0.agent] })
  }

  @Test func undoGoesWhereItsCommandIsKnown() throws {
    let known = try parts(order(.undo, [], ["command_id": "c1"]), at: [1, 3])
    #expect(known.map(\.shard) == [1, 3] && known.map { $0.command.batch?.parts } == [2, 2])
    let agents = (0..<12).map { AgentID("agent-\($0)") }
    let told = try parts(order(.undo, agents, ["command_id": "c1"]))
    #expect(told.map(\.shard) == [0, 1, 2, 3])
    for part in told {
      #expect(part.command.targets.allSatisfy { division.shard(of: $0) == part.shard } && !part.command.targets.isEmpty)
    }
    #expect(try parts(order(.undo, [], ["command_id": "c1"]), at: [2]).map(\.command.batch) == [nil])
    #expect(
      division.places(of: .automation, targets: []) == [0, 1, 2, 3] && division.places(of: .pause, targets: []) == [0])
  }

  @Test func moreThanAHundredPartsAreRefused() throws {
    let agents = (0..<100_001).map { AgentID("agent-\($0)") }
    #expect(throws: Command.TooLarge.self) { try parts(order(.pause, agents)) }
  }

  @Test func fleetThatIsNotDividedGetsWhatItAlwaysGot() throws {
    let whole = order(.pause, (0..<5).map { AgentID("agent-\($0)") })
    #expect(try AgentDivision.whole.parts(of: whole) { CommandID("x") } == [RoutedCommand(whole)])
    let automation = order(.automation, [], ["mode": "on"])
    #expect(try AgentDivision.whole.parts(of: automation) { CommandID("x") } == [RoutedCommand(automation)])
  }

  @Test func shardsAreNamedAsInTheirKeys() {
    #expect(ShardNames.words([3]) == "shard 03" && ShardNames.words([12, 2]) == "shards 02 12")
    #expect(ShardNames.words(Array(0..<10)) == "shards 00 01 02 03 04 05 06 07 and 2 more")
  }
}
