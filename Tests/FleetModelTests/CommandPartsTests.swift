import Testing

@testable import FleetModel

@Suite struct CommandPartsTests {
  private func command(_ targets: [AgentID], _ action: Action = .pause) -> Command {
    Command(
      id: CommandID("order"), action: action, targets: targets, operator: "ana", issuedAt: .epoch, expiresAt: .epoch,
      observed: Dictionary(
        targets.map { ($0, Command.Observation(state: .running, version: 1)) }, uniquingKeysWith: { $1 }))
  }

  private func agents(_ count: Int) -> [AgentID] { (0..<count).map { AgentID("agent-\($0)") } }

  private func parts(_ command: Command) throws(Command.TooLarge) -> [Command] {
    var last = 0
    return try command.parts {
      last += 1
      return CommandID("part-\(last)")
    }
  }

  @Test func orderThatFitsIsItself() throws {
    let whole = command(agents(1000))
    #expect(try parts(whole) == [whole])
  }

  @Test func largerOneIsSplitIntoPartsThatTogetherSayTheSame() throws {
    let whole = command(agents(2500))
    let parts = try parts(whole)
    #expect(parts.map(\.targets.count) == [1000, 1000, 500])
    #expect(parts.flatMap(\.targets) == whole.targets)
    #expect(parts.map(\.id) == [CommandID("part-1"), CommandID("part-2"), CommandID("part-3")])
    #expect(parts.map(\.batch) == (1...3).map { Batch(id: CommandID("order"), part: $0, parts: 3) })
    #expect(parts.allSatisfy { Set($0.observed.keys) == Set($0.targets) })
  }

  @Test func longIDsFitAMessageWhateverIsEscaped() throws {
    let long = (0..<300).map { AgentID("\($0)" + String(repeating: "\u{1}", count: 500)) }
    for part in try parts(command(long)) {
      let bytes = part.targets.reduce(0) { $0 + $1.bytes.count }
      #expect(bytes <= 48 * 1024)
    }
  }

  @Test func moreThanAHundredPartsAreRefused() throws {
    #expect(try parts(command(agents(100_000))).count == 100)
    #expect(throws: Command.TooLarge.self) { try parts(command(agents(100_001))) }
  }

  @Test func whatActsOnAnObjectIsOneCommandHoweverManyAgentsTheScreenShowed() throws {
    let undo = try parts(command(agents(5000), .undo))
    #expect(undo.count == 1 && undo[0].targets.isEmpty && undo[0].observed.isEmpty && undo[0].batch == nil)
  }
}
