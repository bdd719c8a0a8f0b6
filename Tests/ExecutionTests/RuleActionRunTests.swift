import Automation
import FleetModel
import Testing

@testable import Execution

@Suite struct RuleActionRunTests {
  private static let on = Array("on".utf8)

  private static func action(_ kind: PlannedAction.Kind) -> PlannedAction {
    PlannedAction(kind: kind, target: "a", arguments: [:])
  }

  private static func record(_ kinds: PlannedAction.Kind...) -> RunRecord {
    RunRecord(rule: "r", agent: "a", event: "1-1", reason: "", ruleActions: kinds.map(action))
  }

  private static func run(_ place: Int = 0, _ part: RunRecord.Part = .ruleActions) -> RuleActionRun {
    RuleActionRun(run: "rule/r/1-1/a", part, place)
  }

  /// Takes inputs one after the other, and keeps what the last was answered with.
  private static func effects(_ run: inout RuleActionRun, _ inputs: RuleActionRun.Input...) -> [RuleActionRun.Effect] {
    inputs.reduce([]) { _, input in run.take(input) }
  }

  private static func skipped(_ detail: String) -> [RuleActionRun.Effect] {
    [.end(TargetOutcome(phase: .skipped, detail: detail), report: nil)]
  }

  @Test func actionIsDoneWhileTheSwitchStandsAsItWasRead() {
    var run = Self.run()
    let record = Self.record(.action(.scale), .action(.notify))
    #expect(run.take(.begun) == [.read])
    #expect(run.take(.read(record, automation: Self.on)) == [.act(.scale)])
    #expect(run.guards == RuleActionRun.Guards(isAlone: false, automation: Self.on))
    #expect(run.take(.intentWritten) == [])
    #expect(run.guards == RuleActionRun.Guards(), "what has begun comes to its end")
    #expect(run.take(.settled) == [.finish])
  }

  @Test func runThatNobodyRemembersEnds() {
    var run = Self.run()
    #expect(
      Self.effects(&run, .begun, .read(nil, automation: Self.on)) == Self.skipped("nothing is remembered of the run"))
    run = Self.run(3)
    #expect(
      Self.effects(&run, .begun, .read(Self.record(.action(.pause)), automation: Self.on))
        == Self.skipped("nothing is remembered of the run"))
  }

  @Test func switchThatIsNotOnStopsWhatHasNotBegun() {
    let record = Self.record(.action(.scale), .action(.scale))
    var run = Self.run()
    #expect(Self.effects(&run, .begun, .read(record, automation: nil)) == [.readTarget])
    #expect(
      run.take(.targetRead(.init(hasBegun: false, isPaused: false))) == Self.skipped("automation is dry"))
    #expect(run.stoppedBy == .dry && !run.keepsPlace)

    run = Self.run()
    _ = Self.effects(&run, .begun, .read(record, automation: Array("off".utf8)))
    #expect(run.take(.targetRead(.init(hasBegun: true, isPaused: false))) == [.act(.scale)])
    #expect(run.stoppedBy == nil)
  }

  @Test func agentThatStandsInForAnotherIsNotPaused() {
    let record = Self.record(.action(.pause), .action(.notify))
    var run = Self.run()
    #expect(Self.effects(&run, .begun, .read(record, automation: Self.on)) == [.readTarget])
    #expect(
      run.take(.targetRead(.init(hasBegun: false, isPaused: false, standsInFor: "b")))
        == Self.skipped("guarded: it stands in for b"))

    run = Self.run()
    _ = Self.effects(&run, .begun, .read(record, automation: Self.on))
    #expect(run.take(.targetRead(.init(hasBegun: false, isPaused: true))) == [.act(.pause)])
    #expect(run.guards.isAlone && run.keepsPlace)
    #expect(run.take(.setBack) == [.read], "it is looked at again")
    #expect(run.guards == RuleActionRun.Guards())
  }

  @Test func noticeKnowsWhatWasDoneBeforeAndWaitsForEvents() {
    let record = Self.record(.action(.scale), .action(.notify))
    var run = Self.run(1)
    #expect(Self.effects(&run, .begun, .read(record, automation: Self.on)) == [.readOutcomes])
    #expect(run.take(.outcomesRead, hasReadEvents: false) == [.postpone])

    run = Self.run(1)
    #expect(
      Self.effects(&run, .begun, .read(record, automation: Self.on), .outcomesRead) == [.act(.notify)])
  }

  @Test func onlyWhatWasDoneIsTakenBack() {
    var record = Self.record(.action(.pause))
    record.undo = [Self.action(.action(.resume))]
    var run = Self.run(0, .undo)
    #expect(
      Self.effects(&run, .begun, .read(record, automation: nil)) == Self.skipped("there is nothing to take back"))
    record.done = [0]
    run = Self.run(0, .undo)
    #expect(Self.effects(&run, .begun, .read(record, automation: nil)) == [.act(.resume)])
  }

  @Test func endThatRedisRefusesIsSaidAndAtLastDropped() {
    var run = Self.run()
    let record = Self.record(.report("daily"))
    let end = RuleActionRun.Effect.end(TargetOutcome(phase: .succeeded, detail: "report daily"), report: "daily")
    #expect(Self.effects(&run, .begun, .read(record, automation: Self.on)) == [end])
    #expect(
      run.take(.notCommitted(.refused("OOM", isFinal: false)))
        == [.log("OOM", isGivenUp: false), .wake(afterMilliseconds: 1000)])
    #expect(Self.effects(&run, .woken, .read(record, automation: Self.on)) == [end])
    let failed = TargetOutcome(phase: .failed, detail: "Redis refused the step: WRONGTYPE")
    #expect(
      run.take(.notCommitted(.refused("WRONGTYPE", isFinal: true)))
        == [.log("WRONGTYPE", isGivenUp: true), .end(failed, report: nil)])
    #expect(run.take(.notCommitted(.refused("WRONGTYPE", isFinal: true))) == [.drop("WRONGTYPE")])
  }

  // MARK: Every way

  @Test func everyWayComesToOneEndAndBeginsNothingThatIsStopped() throws {
    let kinds: [PlannedAction.Kind] = [
      .action(.pause), .action(.restart), .action(.scale), .action(.notify), .action(.resume), .report("r"),
      .advice("look"),
    ]
    let modes: [[UInt8]?] = [Self.on, Self.on, Array("off".utf8), nil, [0xff]]
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var record = Self.record()
      record.ruleActions = (0...Int.random(in: 0...2, using: &random)).compactMap { _ in
        kinds.randomElement(using: &random).map(Self.action)
      }
      record.undo = [Self.action(.action(.resume))]
      record.done = Bool.random(using: &random) ? [0] : []
      let part = Bool.random(using: &random) ? RunRecord.Part.ruleActions : .undo
      var run = Self.run(Int.random(in: 0...1, using: &random), part)
      var (pending, ends, steps) = ([RuleActionRun.Input.begun], 0, 0)
      var (mode, hasBegun, target): ([UInt8]?, Bool, RuleActionRun.Target?) = (nil, false, nil)
      while let input = pending.popLast(), steps < 300 {
        steps += 1
        if input == .intentWritten { hasBegun = true }
        for effect in run.take(input, hasReadEvents: Int.random(in: 0...9, using: &random) > 0) {
          try #require(ends == 0, "seed \(seed): something after its end")
          switch effect {
          case .read:
            mode = modes.randomElement(using: &random) ?? nil
            target = nil
            pending.append(.read(Int.random(in: 0...20, using: &random) == 0 ? nil : record, automation: mode))
          case .readTarget:
            let other: AgentID? = Bool.random(using: &random) ? nil : "b"
            let found = RuleActionRun.Target(
              hasBegun: hasBegun || Int.random(in: 0...5, using: &random) == 0, isPaused: Bool.random(using: &random),
              standsInFor: other)
            hasBegun = found.hasBegun
            target = found
            pending.append(.targetRead(found))
          case .readOutcomes: pending.append(.outcomesRead)
          case .act(let action):
            let isBegun = target?.hasBegun == true
            try #require(part == .undo || mode == Self.on || isBegun, "seed \(seed): the switch is not on")
            if action == .pause || action == .restart {
              try #require(isBegun || target?.standsInFor == nil, "seed \(seed): somebody needs it")
            }
            let next: [RuleActionRun.Input] = [.settled, .instructionRefused("no"), .setBack, .intentWritten]
            let choice = next.randomElement(using: &random) ?? .settled
            pending = choice == .intentWritten ? [.settled, choice] : [choice]
          case .end:
            let failures: [RuleActionRun.Input] = [
              .committed, .notCommitted(.obsolete), .notCommitted(.fenced),
              .notCommitted(.refused("OOM", isFinal: false)), .notCommitted(.refused("OOM", isFinal: true)),
            ]
            let choice = failures.randomElement(using: &random) ?? .committed
            if choice == .notCommitted(.fenced) { ends += 1 }
            pending.append(choice)
          case .wake: pending.append(.woken)
          case .log: break
          case .drop, .postpone, .finish: ends += 1
          }
        }
      }
      try #require(ends == 1 && pending.isEmpty, "seed \(seed): \(ends) ends in \(steps) inputs")
    }
  }
}
