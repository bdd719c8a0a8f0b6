import FleetModel
import Testing

@testable import Execution

@Suite struct CommandRunTests {
  private static let done = TargetOutcome(phase: .succeeded, detail: "paused for 15m", wasNotified: true)
  private static let failed = TargetOutcome(phase: .failed, detail: "no")

  private static func command(isDryRun: Bool = false) -> Command {
    var command = Command(
      id: CommandID("c1"), action: .pause, targets: [], operator: "ana", issuedAt: .epoch, expiresAt: .epoch)
    command.isDryRun = isDryRun
    return command
  }

  private static func record(closed: AuditLine.Phase? = nil) -> CommandRecord {
    var record = CommandRecord(command())
    record.closed = closed
    return record
  }

  private static func run(_ targets: AgentID..., aim: CommandRun.Aim = .nothing) -> CommandRun {
    CommandRun(command(), targets: targets, aim: aim)
  }

  /// Takes inputs one after the other, and keeps what the last was answered with.
  private static func effects(_ run: inout CommandRun, _ inputs: CommandRun.Input...) -> [CommandRun.Effect] {
    inputs.reduce([]) { _, input in run.take(input) }
  }

  @Test func oneTargetWhoseLaneIsFreeIsActedOnAtOnce() {
    var run = Self.run("a")
    #expect(Self.effects(&run, .laneFree("a"), .begun) == [.act("a")])
    #expect(run.isReceptionJoined)
    #expect(run.settling("a", Self.done) == CommandRun.Closing(.succeeded, "paused for 15m"))
    #expect(run.record.told == ["a"])
    #expect(run.take(.settled("a", Self.done)) == [.leaveLane("a"), .leaveCommandLanes, .finish])
  }

  @Test func targetsAreActedOnAsTheirLanesComeFree() {
    var run = Self.run("a", "b", "c")
    #expect(Self.effects(&run, .laneFree("b"), .begun) == [.commit(.reception)])
    #expect(run.take(.laneFree("a")) == [])
    #expect(run.take(.committed) == [.act("a"), .act("b")])
    #expect(run.take(.laneFree("c")) == [.act("c")])
    #expect(run.settling("a", Self.done) == nil)
    #expect(Self.effects(&run, .settled("a", Self.done)) == [.leaveLane("a")])
    #expect(Self.effects(&run, .settled("c", Self.done)) == [.leaveLane("c")])
    let end = CommandRun.Closing(.failed, PartialResult(done: 2, of: 3, why: "b: no").detail)
    #expect(run.settling("b", Self.failed) == end)
  }

  /// The delivery before was refused while the original still ran: this one must not do what that was refused for.
  @Test func undoThatCameBeforeLooksOnceMoreAfterItsOriginal() {
    var run = Self.run("a", aim: .command)
    #expect(Self.effects(&run, .begun, .notCommitted(.cameBefore)) == [.cameBefore, .recall])
    #expect(run.take(.recalled(Self.record())) == [])
    #expect(run.take(.originalEnded) == [.recall])
    #expect(run.take(.recalled(Self.record(closed: .rejected))).first == .commit(.acknowledgement))
  }

  /// The one that was received may be closing it.
  @Test func commandThatCameBeforeIsClosedOnlyByWhatIsRecalled() {
    var run = Self.run("a", "b")
    #expect(Self.effects(&run, .begun, .notCommitted(.cameBefore)) == [.cameBefore, .recall])
    #expect(Self.effects(&run, .recalled(Self.record()), .laneFree("a"), .laneFree("b")) == [.act("b")])
    _ = run.take(.settled("a", Self.done))
    #expect(run.settling("b", Self.done) == nil)
    #expect(run.take(.settled("b", Self.done)) == [.leaveLane("b"), .recall])
    #expect(run.take(.recalled(Self.record(closed: .succeeded))) == [.commit(.acknowledgement)])
    #expect(run.take(.committed) == [.leaveCommandLanes, .finish])
  }

  @Test func commandThatWasClosedLeavesItsLanesInTheirTurn() {
    var run = Self.run("a", "b")
    _ = Self.effects(&run, .laneFree("a"), .begun, .notCommitted(.cameBefore))
    #expect(run.take(.recalled(Self.record(closed: .failed))) == [.commit(.acknowledgement), .leaveLane("a")])
    #expect(run.take(.committed) == [.leaveCommandLanes, .finish])
    #expect(run.take(.laneFree("b")) == [.leaveLane("b")])
  }

  @Test func joinedReceptionThatDoesNotGoAheadIsWrittenByItself() {
    var run = Self.run("a")
    _ = Self.effects(&run, .laneFree("a"), .begun)
    #expect(run.take(.setBack("a")) == [.commit(.reception)])
    #expect(!run.isReceptionJoined)
    #expect(run.take(.notCommitted(.isBatch)) == [.commit(.refusalOfID), .leaveLane("a")])
  }

  @Test func undoWaitsForTheEndOfWhatItTakesBack() {
    var run = Self.run("a", aim: .command)
    #expect(Self.effects(&run, .laneFree("a"), .begun) == [.commit(.reception)])
    #expect(run.take(.committed) == [])
    #expect(run.take(.originalEnded) == [.readOriginal])
    #expect(run.take(.original(targets: ["a"])) == [.act("a")])
    #expect(run.settling("a", Self.done) == CommandRun.Closing(.succeeded, "paused for 15m", marksOriginal: true))
  }

  @Test func undoOfACommandThatWasStillComingInIsRejected() {
    var run = Self.run("a", aim: .command)
    _ = Self.effects(&run, .originalEnded, .laneFree("a"), .begun, .committed)
    #expect(run.take(.original(targets: ["a", "b"])) == [.recall, .leaveLane("a")])
    let end = CommandRun.Closing(.rejected, "that command was still coming in; send the undo again")
    #expect(run.take(.recalled(nil)) == [.commit(.closing(end))])
  }

  @Test func undoOfAnOrderEndsAsItsPartsDo() {
    var run = CommandRun(Self.command(), targets: [], aim: .batch(parts: 2))
    #expect(Self.effects(&run, .begun, .committed) == [.beginParts])
    #expect(run.take(.partEnded(1, CommandRun.Closing(.rejected, "too late"))) == [])
    let end = CommandRun.Closing(.failed, "1 of 2 parts not undone: too late")
    #expect(run.take(.partEnded(0, CommandRun.Closing(.succeeded))) == [.recall])
    #expect(run.take(.recalled(nil)) == [.commit(.closing(end))])
  }

  @Test func closingThatRedisRefusesIsTriedAgainByWhatIsThenRecalled() {
    var run = Self.run("a")
    _ = Self.effects(&run, .begun, .committed, .laneFree("a"), .settled("a", Self.done), .recalled(Self.record()))
    #expect(run.take(.notCommitted(.refused("OOM"))) == [.log("OOM"), .wake(afterMilliseconds: 500)])
    #expect(run.take(.woken) == [.recall])
    #expect(run.take(.recalled(Self.record(closed: .succeeded))) == [.commit(.acknowledgement)])
  }

  // MARK: Every way

  /// What is around a run: it answers each effect with one of all that may come of it, by a seeded chance, and in any
  /// order.
  private struct Surroundings {
    var random: SeededRandom
    var run: CommandRun
    let parts: Int
    /// What is yet to happen, in any order.
    var pending: [CommandRun.Input]
    /// What each target's own run is yet to do.
    var underWay: Set<AgentID> = []
    var begun: Set<AgentID> = []
    var lanes: Set<AgentID>
    var isReceived = false
    var isOriginalRead: Bool
    /// Whether a transaction or a reading of the run itself is under way.
    var isBusy = false
    var write: CommandRun.Write?
    var isFenced = false
    var closings = 0
    var ends = 0
    var commandLanes = 1

    init(seed: UInt64) {
      random = SeededRandom(seed: seed)
      let targets = (0..<Int.random(in: 1...4, using: &random)).map { AgentID("agent-\($0)") }
      parts = Int.random(in: 1...3, using: &random)
      let aims: [CommandRun.Aim] = [.nothing, .nothing, .command, .batch(parts: parts)]
      let aim = aims.randomElement(using: &random) ?? .nothing
      let command = CommandRunTests.command(isDryRun: Bool.random(using: &random))
      let isPart = aim == .command && Bool.random(using: &random)
      if case .batch = aim { lanes = [] } else { lanes = Set(targets) }
      run = CommandRun(command, targets: lanes.isEmpty ? [] : targets, aim: aim, isPart: isPart)
      pending = run.targets.map { .laneFree($0) } + (aim == .command ? [.originalEnded] : [])
      isOriginalRead = aim != .command
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func walk() throws -> Int {
      // Some lanes are free before it begins.
      while !pending.isEmpty, chance(50) { try take(next()) }
      try take(.begun)
      var inputs = 0
      while !(pending.isEmpty && underWay.isEmpty), inputs < 500 {
        inputs += 1
        if !underWay.isEmpty, pending.isEmpty || chance(50) { try goOnWithATarget() } else { try take(next()) }
      }
      return inputs
    }

    private mutating func next() -> CommandRun.Input {
      pending.remove(at: Int.random(in: 0..<pending.count, using: &random))
    }

    private mutating func take(_ input: CommandRun.Input) throws {
      switch input {
      case .committed:
        if write == .reception { isReceived = true }
        if case .closing = write { closings += 1 }
        isBusy = false
      case .notCommitted, .recalled, .original, .originalRefused: isBusy = false
      default: break
      }
      if input == .notCommitted(.fenced) { isFenced = true }
      for effect in run.take(input) {
        try #require(!isFenced, "nothing is done once another handler acts")
        try perform(effect)
      }
    }

    /// What the run of a target tells.
    private mutating func goOnWithATarget() throws {
      guard let target = underWay.sorted(by: { "\($0)" < "\($1)" }).randomElement(using: &random) else { return }
      if run.isReceptionJoined, chance(30) {
        underWay.remove(target)
        begun.remove(target)
        return try take(.setBack(target))
      }
      if run.isReceptionJoined, chance(30) {
        isReceived = true
        return try take(.intentWritten)
      }
      let outcome = [done, failed].randomElement(using: &random) ?? done
      // One that was settled before is not written again.
      let isWritten = chance(80) || !isReceived
      let closing = isWritten ? run.settling(target, outcome) : nil
      if isWritten, chance(30) { return try take(.notSettled(target)) }
      if closing != nil { closings += 1 }
      isReceived = true
      underWay.remove(target)
      try take(.settled(target, outcome))
    }

    private mutating func perform(_ effect: CommandRun.Effect) throws {
      switch effect {
      case .commit(let write):
        try #require(!isBusy && ends == 0)
        (isBusy, self.write) = (true, write)
        pending.append(answer(write))
        if case .closing = write { try #require(underWay.isEmpty, "no target is under way") }
      case .recall:
        try #require(!isBusy && ends == 0)
        isBusy = true
        let found = [nil, record(), record(closed: .succeeded)].randomElement(using: &random) ?? nil
        pending.append(.recalled(found))
      case .readOriginal:
        try #require(!pending.contains(.originalEnded) && !isBusy)
        isBusy = true
        isOriginalRead = true
        pending.append(
          [
            .original(targets: run.targets), .original(targets: run.targets), .original(targets: []),
            .originalRefused("no"),
          ].randomElement(using: &random) ?? .woken)
      case .act(let target):
        try #require(isReceived || run.isReceptionJoined, "it is received")
        try #require(isOriginalRead && !isBusy && ends == 0 && closings == 0)
        try #require(lanes.contains(target) && !pending.contains(.laneFree(target)), "its lane is free")
        try #require(begun.insert(target).inserted, "once")
        underWay.insert(target)
      case .leaveLane(let target):
        try #require(lanes.remove(target) != nil && !pending.contains(.laneFree(target)) && !underWay.contains(target))
      case .leaveCommandLanes: commandLanes -= 1
      case .beginParts: pending += (0..<parts).map { .partEnded($0, partEnd()) }
      case .abandonParts: break
      case .cameBefore:
        try #require(!isReceived)
        isReceived = true
      case .log: break
      case .wake: pending.append(.woken)
      case .finish: ends += 1
      }
    }

    private mutating func partEnd() -> CommandRun.Closing? {
      let all = [.init(.succeeded), .init(.rejected, "no"), .init(.unknown), nil] as [CommandRun.Closing?]
      return all.randomElement(using: &random) ?? nil
    }

    private mutating func answer(_ write: CommandRun.Write) -> CommandRun.Input {
      guard chance(40) else { return .committed }
      let failures: [CommandRun.Failure] =
        switch write {
        case .reception: [.fenced, .refused("OOM"), .refused("OOM"), .cameBefore, .cameBefore, .isBatch]
        case .closing: [.fenced, .refused("OOM"), .conflict, .conflict]
        case .acknowledgement, .refusalOfID: [.fenced, .refused("OOM"), .refused("OOM")]
        }
      return failures.randomElement(using: &random).map { .notCommitted($0) } ?? .committed
    }
  }

  @Test func everyWayComesToOneEndAndLeavesEveryLane() throws {
    for seed in 0..<10_000 as Range<UInt64> {
      var world = Surroundings(seed: seed)
      let inputs = try world.walk()
      try #require(inputs < 500 && world.closings <= 1, "seed \(seed): \(inputs) inputs, \(world.closings) closings")
      guard !world.isFenced else { continue }
      try #require(world.ends == 1 && world.commandLanes == 0, "seed \(seed): \(world.ends) ends")
      try #require(world.lanes.isEmpty && world.underWay.isEmpty, "seed \(seed): \(world.lanes)")
    }
  }
}
