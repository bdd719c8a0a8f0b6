import FleetModel
import Testing

@testable import Execution

@Suite struct JobRunTests {
  private static let due = Instant(milliseconds: 50_000)
  private static let kinds: [Job.Kind] = [
    .resume, .endRateLimit, .unblock(IPAddress("192.0.2.7")!),
    .endAcknowledgement(AlertID(.highTraffic, "agent-1")),
    .restartLimit(CommandID("r1")), .run(.analysis), .jobLimit(.audit, run: "w1"),
    .ruleAction(run: "w2", .ruleActions, 0), .verify(run: "w2"), .proposalEnd(ProposalID("p")),
    .approved(ProposalID("p"), nil),
  ]

  private static func run(_ kind: Job.Kind) -> JobRun { JobRun(Job(kind, "agent-1"), due: due) }

  private static func effects(_ run: inout JobRun, _ inputs: JobRun.Input...) -> [JobRun.Effect] {
    inputs.reduce([]) { _, input in run.take(input) }
  }

  private static func context(_ change: (inout AgentRecord) -> Void = { _ in }) -> PlanningContext {
    var record = AgentRecord()
    change(&record)
    return PlanningContext(
      target: "agent-1", record: record, commandID: CommandID("c"), operator: "schedule", now: due,
      restartLimit: .seconds(90))
  }

  // MARK: Its ways

  @Test func jobIsOverOnceItsTargetIsSettledWithItsPlace() {
    var run = Self.run(.resume)
    #expect(Self.effects(&run, .begun) == [.act])
    #expect(Self.effects(&run, .placing, .settled) == [.finish])
    #expect(run.take(.settled) == [], "nothing follows its end")
  }

  @Test func placeIsDealtWithByItselfIfTheTransactionThatHeldItDidNotGoAhead() {
    var run = Self.run(.resume)
    #expect(Self.effects(&run, .begun, .placing, .placeKept, .settled) == [.end(.doneBefore)])
    #expect(run.take(.committed) == [.finish])
  }

  @Test func restartThatWasConfirmedIsDroppedInSilence() {
    var run = Self.run(.restartLimit(CommandID("r1")))
    #expect(Self.effects(&run, .begun) == [.readRestart(CommandID("r1"))])
    #expect(run.take(.restartRead(isUnconfirmed: false)) == [.end(.dropped(nil))])
    #expect(run.take(.notCommitted(.obsolete)) == [.finish])
  }

  @Test func restartThatWasNotConfirmedIsReadAnewAfterAConflict() {
    var run = Self.run(.restartLimit(CommandID("r1")))
    #expect(Self.effects(&run, .begun, .restartRead(isUnconfirmed: true)) == [.end(.restartFailed)])
    #expect(run.take(.notCommitted(.conflict)) == [.readRestart(CommandID("r1"))])
    #expect(Self.effects(&run, .restartRead(isUnconfirmed: true), .committed) == [.finish])
  }

  @Test func jobThatKeepsChangingLeavesItsPlaceForAWhile() {
    var run = Self.run(.jobLimit(.audit, run: "w1"))
    var effects = run.take(.begun)
    for _ in 1..<JobRun.mostConflicts {
      #expect(effects == [.end(.workFailed(.audit, run: "w1"))])
      effects = run.take(.notCommitted(.conflict))
    }
    #expect(run.take(.notCommitted(.conflict)) == [.wake(afterMilliseconds: 1000)])
    #expect(run.take(.woken) == [.finish], "it is still due, and comes again")
  }

  @Test func refusalIsSaidAndTriedAgain() {
    var run = Self.run(.jobLimit(.audit, run: "w1"))
    _ = run.take(.begun)
    #expect(run.take(.notCommitted(.refused("OOM"))) == [.log("OOM"), .wake(afterMilliseconds: 1000)])
    #expect(run.take(.woken) == [.end(.workFailed(.audit, run: "w1"))])
    #expect(run.take(.notCommitted(.fenced)) == [])
    #expect(run.take(.woken) == [], "another handler acts now")
  }

  /// 5,000 walks: whatever happens, each job comes to one end, and nothing follows it.
  @Test func everyWayComesToOneEnd() throws {
    for seed in 0..<5000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let kind = try #require(Self.kinds.randomElement(using: &random))
      var run = Self.run(kind)
      var (pending, ends, isPlaced) = ([JobRun.Input.begun], 0, false)
      var inputs = 0
      while let input = pending.popLast(), inputs < 500 {
        inputs += 1
        if input == .placing || input == .placeKept { isPlaced = input == .placing }
        for effect in run.take(input) {
          try #require(ends == 0, "seed \(seed): something after its end")
          switch effect {
          case .act:
            let isKept = Bool.random(using: &random)
            pending += [.settled] + (isKept ? [.placeKept] : []) + (Bool.random(using: &random) ? [.placing] : [])
          case .readRestart: pending.append(.restartRead(isUnconfirmed: .random(using: &random)))
          case .end(let end):
            #expect(end != .doneBefore || !isPlaced, "seed \(seed): its place was taken already")
            let outcomes: [JobRun.Input] = [
              .committed, .notCommitted(.obsolete), .notCommitted(.conflict), .notCommitted(.refused("OOM")),
            ]
            pending.append(try #require(outcomes.randomElement(using: &random)))
          case .log: break
          case .wake: pending.append(.woken)
          case .finish: ends += 1
          }
        }
      }
      #expect(ends == 1, "seed \(seed): \(kind)")
    }
  }

  // MARK: What it does to its target

  @Test func endThatWasMovedLaterIsStale() throws {
    let run = Self.run(.resume)
    let paused = Self.context { ($0.state, $0.pausedUntil) = (.paused, Self.due) }
    let change = try run.plan(paused, hasActuator: false, workLimit: .seconds(60))
    #expect(change.after?.state == .running && change.scheduledJobs.isEmpty)
    let later = Self.context { ($0.state, $0.pausedUntil) = (.paused, Self.due + .seconds(1)) }
    #expect(throws: Refusal("stale")) { try run.plan(later, hasActuator: false, workLimit: .seconds(60)) }
    #expect(throws: Refusal("stale")) { try run.plan(Self.context(), hasActuator: false, workLimit: .seconds(60)) }
  }

  @Test func workHasALimitUnlessAnActuatorDoesIt() throws {
    let run = Self.run(.run(.analysis))
    let told = try run.plan(Self.context(), hasActuator: false, workLimit: .seconds(60))
    let limit = Job(.jobLimit(.analysis, run: run.name), "agent-1")
    #expect(told.scheduledJobs == [Change.ScheduledJob(job: limit, due: Self.due + .seconds(60))])
    #expect(told.detail == "analysis begun")
    let done = try run.plan(Self.context(), hasActuator: true, workLimit: .seconds(60))
    #expect(done.scheduledJobs.isEmpty && done.detail == "analysis done")
  }

  @Test func jobsOfOneMomentHaveNamesOfTheirOwn() {
    let names = [
      Self.run(.unblock(IPAddress("192.0.2.7")!)), Self.run(.unblock(IPAddress("192.0.2.8")!)), Self.run(.resume),
    ].map(\.name)
    #expect(
      names == [
        "schedule/unblock_ip/192.0.2.7/agent-1/50000", "schedule/unblock_ip/192.0.2.8/agent-1/50000",
        "schedule/resume/agent-1/50000",
      ])
  }
}
