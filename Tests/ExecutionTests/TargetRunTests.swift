import Automation
import FleetModel
import Testing

@testable import Execution

@Suite struct TargetRunTests {
  private static let agent = AgentID("agent-1")
  private static let done = TargetOutcome(phase: .succeeded, detail: "paused for 15m", wasNotified: true)

  private static func begun(_ rule: RepeatRule?, _ action: Action = .restart) -> TargetRun.Begun {
    let call = ActuatorCall(
      name: action.rawValue, target: agent, arguments: [:], key: "key", commandID: CommandID("c1"), operator: "ana",
      reason: "")
    let place = TargetRun.Place.actuator(action.rawValue)
    return TargetRun.Begun(
      call: call, since: Instant(milliseconds: 5), route: rule.map { TargetRun.Route(place: place, rule: $0) })
  }

  /// Takes inputs one after the other, and keeps what the last was answered with.
  private static func effects(_ run: inout TargetRun, _ inputs: TargetRun.Input...) -> [TargetRun.Effect] {
    inputs.reduce([]) { _, input in run.take(input) }
  }

  @Test func planWithoutActuatorIsOneTransaction() {
    var run = TargetRun(Self.agent)
    #expect(run.take(.begun) == [.take(.redis, leaving: nil)])
    #expect(run.take(.placed) == [.read])
    #expect(run.take(.read(.nothing)) == [.plan(since: nil)])
    #expect(run.take(.planned(TargetRun.Plan(outcome: Self.done))) == [.commit(.change(Self.done, of: nil))])
    #expect(run.take(.committed) == [.leave(.redis), .settle(Self.done)])
  }

  @Test func actuatorIsAskedOnlyBehindACommittedIntent() {
    let begun = Self.begun(.never)
    var run = TargetRun(Self.agent)
    let plan = TargetRun.Input.planned(TargetRun.Plan(outcome: Self.done, begun: begun))
    #expect(
      Self.effects(&run, .begun, .placed, .read(.nothing), plan) == [.take(.actuator("restart"), leaving: .redis)])
    #expect(
      Self.effects(&run, .placed, .read(.nothing), plan) == [.commit(.intent(begun, detail: "paused for 15m"))])
    #expect(run.take(.committed) == [.actuate(begun.call, .never)])
    #expect(run.take(.actuated(.done("ok"))) == [.read])
    #expect(run.take(.read(.intent(begun))) == [.plan(since: begun.since)])
    let conclusion = TargetRun.Conclusion(words: "ok", since: begun.since, isActuated: true)
    let told = TargetOutcome(phase: .succeeded, detail: "paused for 15m (ok)", wasNotified: true)
    #expect(run.take(.planned(TargetRun.Plan(outcome: Self.done))) == [.commit(.change(told, of: conclusion))])
    #expect(run.take(.committed) == [.leave(.actuator("restart")), .settle(told)])
  }

  @Test func outcomeOfAnEarlierDeliveryIsNotWrittenAgain() {
    var run = TargetRun(Self.agent)
    #expect(
      Self.effects(&run, .begun, .placed, .read(.outcome(Self.done))) == [.leave(.redis), .settle(Self.done)])
  }

  @Test(arguments: [
    (RepeatRule.safe, TargetRun.Effect.actuate(TargetRunTests.begun(.safe).call, .safe)),
    (.never, .commit(.escalation("a handler ended while it was being done"))),
  ])
  func intentOfAnotherHandlerIsGoneOnWithByItsRule(rule: RepeatRule, effect: TargetRun.Effect) {
    let found = TargetRun.Input.read(.intent(Self.begun(rule)))
    var run = TargetRun(Self.agent)
    #expect(Self.effects(&run, .begun, .placed, found) == [.take(.actuator("restart"), leaving: .redis)])
    #expect(Self.effects(&run, .placed, found) == [effect])
  }

  @Test func refusalOfARepeatIsNoFailure() {
    var run = TargetRun(Self.agent)
    let found = TargetRun.Input.read(.intent(Self.begun(.safe)))
    #expect(
      Self.effects(&run, .begun, .placed, found, .placed, found, .actuated(.failed("409")))
        == [.commit(.escalation("done again, 409"))])
  }

  @Test func intentWithoutActuatorTellsTheRuntimeIfThatIsSafe() {
    var run = TargetRun(Self.agent)
    let begun = Self.begun(nil, .pause)
    #expect(Self.effects(&run, .begun, .placed, .read(.intent(begun))) == [.read])
    let plan = TargetRun.Input.planned(TargetRun.Plan(outcome: Self.done))
    let conclusion = TargetRun.Conclusion(words: "", since: begun.since, isActuated: false)
    #expect(Self.effects(&run, .read(.intent(begun)), plan) == [.commit(.change(Self.done, of: conclusion))])

    run = TargetRun(Self.agent)
    #expect(
      Self.effects(&run, .begun, .placed, .read(.intent(Self.begun(nil, .restart))))
        == [.commit(.escalation("its actuator is no longer configured"))])
  }

  @Test func changeUnderItsHandsIsPlannedAnewTwentyTimes() {
    var run = TargetRun(Self.agent)
    let plan = TargetRun.Input.planned(TargetRun.Plan(outcome: Self.done))
    #expect(Self.effects(&run, .begun, .placed) == [.read])
    for _ in 1..<20 {
      #expect(Self.effects(&run, .read(.nothing), plan, .notCommitted(.conflict)) == [.reread])
      #expect(run.take(.reread(isUnchanged: true)) == [.read])
    }
    let end = TargetOutcome(phase: .failed, detail: "it kept changing; send the command again")
    #expect(Self.effects(&run, .read(.nothing), plan, .notCommitted(.conflict)) == [.commit(.outcome(end))])
  }

  @Test func effectThatCannotBeRecordedIsSaidToBeDone() {
    var run = TargetRun(Self.agent)
    let begun = Self.begun(.never)
    let plan = TargetRun.Input.planned(TargetRun.Plan(outcome: Self.done, begun: begun))
    _ = Self.effects(
      &run, .begun, .placed, .read(.nothing), plan, .placed, .read(.nothing), plan, .committed, .actuated(.done("")),
      .read(.intent(begun)), plan)
    let words = "it was done, but cannot be recorded: Redis refused the step: NOPERM"
    let end = TargetOutcome(phase: .failed, detail: words)
    #expect(run.take(.notCommitted(.denied("NOPERM"))) == [.commit(.outcome(end))])
    #expect(
      run.take(.notCommitted(.denied("NOPERM"))) == [
        .log("NOPERM", isGivenUp: true), .leave(.actuator("restart")), .settle(end),
      ])
  }

  @Test func handlerThatFinishesLeavesAnIntentThatAnotherCanGoOnWith() {
    var run = TargetRun(Self.agent)
    let found = TargetRun.Input.read(.intent(Self.begun(.safe)))
    _ = Self.effects(&run, .begun, .placed, found, .placed)
    #expect(run.take(found, isFinishing: true) == [])
    #expect(Self.effects(&run, .woken, .placed, found) == [])
  }

  @Test func joinedReceptionBeginsAnewBeforeAnythingTakesLong() {
    var run = TargetRun(Self.agent, isJoined: true)
    let plan = TargetRun.Input.planned(TargetRun.Plan(outcome: Self.done, begun: Self.begun(.safe)))
    #expect(Self.effects(&run, .begun, .placed, .read(.nothing), plan) == [.leave(.redis), .beginAnew])

    run = TargetRun(Self.agent, isJoined: true)
    #expect(
      Self.effects(&run, .begun, .placed, .read(.outcome(Self.done))) == [.leave(.redis), .beginAnew])
  }

  // MARK: Every way

  /// Answers each effect with one of all that may come of it, by a seeded chance.
  private struct Walk {
    var random: SeededRandom
    let begun: TargetRun.Begun
    /// Whether the intent is written, here or before.
    var isIntended = false
    var actuations = 0
    var places: [TargetRun.Place] = []
    var ends = 0

    mutating func answer(_ effect: TargetRun.Effect) -> TargetRun.Input? {
      switch effect {
      case .take(let place, let former):
        #expect(former == places.first)
        guard place == .redis || Int.random(in: 0..<5, using: &random) > 0 else { return .crowded("others wait") }
        places = [place]
        return .placed
      case .leave(let place):
        #expect(places == [place])
        places = []
        return nil
      case .read:
        let found: [TargetRun.Found] =
          isIntended
          ? [.intent(begun)] : [.nothing, .nothing, .nothing, .intent(begun), .outcome(done), .notUnderstood("?")]
        let choice = found.randomElement(using: &random) ?? .nothing
        if case .intent = choice { isIntended = true }
        return .read(choice)
      case .plan:
        let plan = TargetRun.Plan(outcome: done, begun: begun)
        return [.planned(plan), .planned(plan), .refused("no")].randomElement(using: &random)
      case .commit(let write):
        let failures: [TargetRun.Failure] = [
          .fenced, .obsolete, .restart, .conflict, .denied("a"), .passing("b"), .lasting("c"),
        ]
        guard Int.random(in: 0..<3, using: &random) > 0 else {
          return failures.randomElement(using: &random).map { .notCommitted($0) }
        }
        if case .intent = write { isIntended = true }
        return .committed
      case .reread: return .reread(isUnchanged: Bool.random(using: &random))
      case .actuate:
        #expect(isIntended, "no effect without an intent")
        actuations += 1
        return [.actuated(.done("ok")), .actuated(.failed("no")), .actuated(.unknown("?"))].randomElement(
          using: &random)
      case .lookUp:
        return [.lookedUp(.done), .lookedUp(.notDone), .lookedUp(.unclear("?"))].randomElement(using: &random)
      case .wake: return .woken
      case .log: return nil
      case .beginAnew, .settle:
        ends += 1
        #expect(places.isEmpty, "it has given back its place")
        return nil
      }
    }
  }

  @Test(arguments: [RepeatRule.safe, .never, .lookUp(HTTPActuator(method: "GET", url: Template(text: "http://x")))])
  func everyWayComesToOneEnd(rule: RepeatRule) throws {
    for seed in 0..<20_000 {
      var walk = Walk(random: SeededRandom(seed: UInt64(seed)), begun: Self.begun(rule))
      var run = TargetRun(Self.agent, isJoined: seed % 4 == 0)
      var inputs: [TargetRun.Input] = [.begun]
      var steps = 0
      while let input = inputs.popLast(), steps < 2000 {
        steps += 1
        for effect in run.take(input) { if let next = walk.answer(effect) { inputs.insert(next, at: 0) } }
      }
      try #require(walk.ends <= 1 && inputs.isEmpty, "seed \(seed): \(walk.ends) ends in \(steps) steps")
      if rule == .never { try #require(walk.actuations <= 1, "seed \(seed): \(walk.actuations) times") }
      #expect(run.take(.committed) == [] || walk.ends == 0)
    }
  }
}
