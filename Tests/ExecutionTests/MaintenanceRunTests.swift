import Execution
import FleetModel
import Testing

/// What moves a window of maintenance on, and which way back it takes.
@Suite struct MaintenanceRunTests {
  private typealias Sight = MaintenanceRun.Sight
  private static let start = Instant(milliseconds: 1_795_334_137_000)

  private func window(
    _ phase: MaintenanceWindow.Phase, origin: MaintenanceWindow.Origin = .person("ana@ops"),
    _ change: (inout MaintenanceWindow) -> Void = { _ in }
  ) -> MaintenanceWindow {
    var window = MaintenanceWindow(
      id: "w1", agent: "agent-7", backup: "agent-8", origin: origin, at: Self.start, drain: .minutes(5), phase: phase,
      since: Self.start)
    change(&window)
    return window
  }

  private static let sign = MaintenanceWindow.Origin.forecast(
    MaintenanceWindow.Sign(metric: "queue_size", crossesAt: start + .minutes(40), earliest: start + .minutes(30)))

  private func step(
    _ window: MaintenanceWindow, after span: TimeSpan = .seconds(1), _ change: (inout Sight) -> Void = { _ in }
  ) -> MaintenanceRun.Step? {
    var sight = Sight(at: Self.start + span)
    if !window.phase.isAhead { sight.standsIn = window.backup }
    change(&sight)
    return MaintenanceRun.step(window, sight)
  }

  @Test func phasesFollowOneAnotherEachWithItsCommand() throws {
    let begun = try #require(step(window(.planned)))
    #expect(begun.window?.phase == .standIn && begun.phase == .started)
    #expect(begun.orders.map(\.action) == [.activateBackup] && begun.orders[0].arguments == ["backup": "agent-8"])
    let drained = try #require(step(window(.standIn)) { $0.command = .done })
    #expect(drained.window?.phase == .drain && drained.orders.map(\.action) == [.drain])
    #expect(drained.orders[0].arguments == ["for": "6m"], "it ends by itself, later than it is given up")
    let restarted = try #require(step(window(.drain)) { ($0.command, $0.state) = (.done, .draining) })
    #expect(restarted.orders.first?.observed == Command.Observation(state: .draining, version: 0))
    #expect(restarted.window?.phase == .restart && restarted.orders.map(\.action) == [.restart])
    let runs = try #require(step(window(.restart)) { $0.command = .done })
    #expect(runs.window?.phase == .verify && runs.orders.isEmpty)
    #expect(step(window(.verify)) == nil, "no minute of its metrics has come")
    let well = try #require(step(window(.verify)) { $0.verdict = .well })
    #expect(well.window?.phase == .release && well.orders.map(\.action) == [.deactivateBackup])
    let over = try #require(step(window(.release)) { $0.command = .done })
    #expect(over.window == nil && over.phase == .succeeded && over.orders.isEmpty)
    #expect(over.words == "agent-7 was restarted and is as usual")
  }

  @Test func nothingHappensBeforeItsTimeNorWhileACommandIsCarriedOut() {
    #expect(step(window(.planned) { $0.at = Self.start + .minutes(1) }) == nil)
    #expect(step(window(.proposed), after: .minutes(1)) == nil)
    for phase in [MaintenanceWindow.Phase.standIn, .drain, .restart, .release, .resume] {
      #expect(step(window(phase)) == nil, "\(phase)")
    }
  }

  @Test func backupThatStoodInBeforeIsNotReleased() throws {
    let begun = try #require(step(window(.planned)) { $0.standsIn = "agent-8" })
    #expect(begun.window?.keepsBackup == true)
    let over = try #require(step(window(.verify) { $0.keepsBackup = true }) { $0.verdict = .well })
    #expect(over.window == nil && over.words.hasSuffix("agent-8 stays on as before"))
  }

  @Test func whatStandsAgainstItHoldsItUntilItIsTooLate() throws {
    let obstacles: [(String, (inout Sight) -> Void)] = [
      ("maintenance is off", { $0.mode = .off }), ("agent-7 is paused", { $0.state = .paused }),
      ("agent-9 stands in for it", { $0.standsIn = "agent-9" }),
      ("agent-8 stands in for agent-1", { $0.obstacle = "agent-8 stands in for agent-1" }),
      ("agent-8 is silent", { $0.backupFault = "agent-8 is silent" }),
    ]
    for (words, change) in obstacles {
      let waiting = try #require(step(window(.planned), after: .minutes(1), change))
      var noted = window(.planned)
      noted.wait = .init(why: words, since: Self.start + .minutes(1))
      #expect(waiting == .init(window: noted), "it is kept why, and nothing else happens")
      #expect(step(noted, after: .minutes(2), change) == nil, "once is enough")
      let over = try #require(step(window(.planned), after: .minutes(16), change))
      #expect(over.window == nil && over.phase == .expired && over.orders.isEmpty)
      #expect(over.words == "it could not begin within 15m: \(words)")
    }
    // A person decides for themselves what guards keep the handler from.
    #expect(step(window(.planned)) { $0.guardFault = "the fleet is ill" }?.window?.phase == .standIn)
    let auto: (inout Sight) -> Void = { ($0.mode, $0.guardFault) = (.auto, "the fleet is ill") }
    let held = try #require(step(window(.planned, origin: Self.sign), after: .minutes(1), auto)?.window)
    #expect(held.phase == .planned && held.wait?.why == "the fleet is ill")
  }

  // MARK: The forecast

  @Test func forecastThatHasClearedForAWhileCancelsItsOwnWindowOnly() throws {
    let clear: (inout Sight) -> Void = { ($0.mode, $0.threat) = (.auto, .clear) }
    let ahead = window(.planned, origin: Self.sign) { $0.at = Self.start + .minutes(20) }
    let noted = try #require(step(ahead, clear)?.window)
    #expect(noted.clearSince == Self.start + .seconds(1) && noted.phase == .planned)
    #expect(step(noted, after: .minutes(4), clear) == nil)
    let over = try #require(step(noted, after: .minutes(6), clear))
    #expect(over.window == nil && over.phase == .skipped && over.words == "cancelled: the forecast has cleared")
    let again = try #require(step(noted, after: .minutes(4)) { ($0.mode, $0.threat) = (.auto, .stands) })
    #expect(again.window?.clearSince == nil)
    let kept = window(.planned) { $0.at = Self.start + .minutes(20) }
    #expect(step(kept, after: .minutes(10), clear) == nil, "what an operator has planned is kept")
  }

  @Test func failureThatComesEarlyIsNotWaitedFor() throws {
    let ahead = window(.planned, origin: Self.sign) { $0.at = Self.start + .minutes(20) }
    let sooner = try #require(step(ahead) { ($0.mode, $0.threat) = (.auto, .come) }?.window)
    #expect(sooner.at == Self.start + .seconds(1) && sooner.phase == .planned)
    #expect(step(sooner, after: .seconds(2)) { ($0.mode, $0.threat) = (.auto, .come) }?.window?.phase == .standIn)
  }

  @Test func modeSaysWhetherAForecastAloneBegins() throws {
    let proposed = window(.proposed, origin: Self.sign)
    #expect(step(proposed) { $0.mode = .propose } == nil)
    #expect(step(proposed) { $0.mode = .auto }?.window?.phase == .planned)
    #expect(step(window(.planned, origin: Self.sign)) { $0.mode = .propose }?.window?.phase == .proposed)
    let over = try #require(step(proposed, after: .minutes(16)) { $0.mode = .propose })
    #expect(over.window == nil && over.phase == .expired && over.words.hasPrefix("nobody answered before "))
  }

  // MARK: Ways back

  @Test(arguments: [
    ("refused", TimeSpan.seconds(1), MaintenanceRun.Standing.failed("no such agent")),
    ("silence", .minutes(2), .pending),
  ]) func backupThatDoesNotStandInLeavesTheAgentAsItIs(
    _ name: String, _ span: TimeSpan, _ standing: MaintenanceRun.Standing
  ) throws {
    let over = try #require(step(window(.standIn), after: span) { ($0.command, $0.standsIn) = (standing, nil) })
    #expect(over.window == nil && over.phase == .failed && over.orders.map(\.action) == [.escalate])
    #expect(over.words.hasSuffix("; agent-7 was left as it is"))
  }

  /// Its runtime may have done it, or do it yet.
  @Test func backupThatNobodyConfirmsIsReleased() throws {
    let back = try #require(step(window(.standIn), after: .minutes(2)))
    #expect(back.window?.phase == .release && back.orders.map(\.action) == [.deactivateBackup] && back.phase == nil)
    let going = try #require(back.window)
    let over = try #require(step(going, after: .minutes(3)) { ($0.command, $0.standsIn) = (.done, nil) })
    #expect(over.window == nil && over.phase == .failed && over.orders.map(\.action) == [.escalate])
    let fault = "that agent-8 stands in was not confirmed within 1m"
    #expect(over.words == "\(fault); agent-7 was left as it is, agent-8 is released")
    let refused = try #require(step(going, after: .minutes(3)) { $0.command = .failed("no") })
    #expect(refused.words == "\(fault), and agent-8 was not released: no; agent-8 stays on")
    // Who cancels it meanwhile is given what was asked for, and nobody is called.
    let left = try #require(step(window(.standIn) { $0.cancelledBy = "bob@ops" }, after: .minutes(2))?.window)
    let cancelled = try #require(step(left, after: .minutes(3)) { ($0.command, $0.standsIn) = (.done, nil) })
    #expect(left.phase == .release && cancelled.phase == .skipped && cancelled.orders.isEmpty)
    // One that stood in before stays.
    let kept = try #require(step(window(.standIn) { $0.keepsBackup = true }, after: .minutes(2)))
    #expect(kept.window == nil && kept.orders.map(\.action) == [.escalate])
  }

  @Test func nothingIsDrainedOrRestartedWithoutItsBackup() throws {
    for other in [nil, "agent-9"] as [AgentID?] {
      let left = try #require(step(window(.standIn)) { ($0.command, $0.standsIn) = (.done, other) })
      #expect(left.window == nil && left.words == "agent-8 stands in no more; agent-7 was left as it is")
      let back = try #require(
        step(window(.drain)) { ($0.command, $0.state, $0.standsIn) = (.done, .draining, other) })
      #expect(back.window?.phase == .resume && back.orders.map(\.action) == [.resume])
      let going = try #require(back.window)
      let over = try #require(step(going) { ($0.command, $0.standsIn) = (.done, other) })
      let stands = other == nil ? "nobody stands in" : "agent-9 stands in"
      #expect(over.words == "agent-8 stands in no more; agent-7 is resumed, \(stands)")
    }
    // Somebody may release it before the window does.
    let over = try #require(step(window(.release)) { ($0.command, $0.standsIn) = (.failed("no backup"), nil) })
    #expect(over.phase == .succeeded)
  }

  /// What was reported while nobody led is not known at the first look.
  @Test func whoTakesOverAfterALongTimeWaitsForWhatWasReportedMeanwhile() throws {
    func late(_ phase: MaintenanceWindow.Phase, knownFor span: TimeSpan) -> MaintenanceRun.Step? {
      step(window(phase), after: .minutes(30)) { $0.knownSince = $0.now - span }
    }
    for phase in [MaintenanceWindow.Phase.standIn, .drain, .restart, .release, .resume] {
      #expect(late(phase, knownFor: .seconds(30)) == nil, "\(phase)")
      #expect(late(phase, knownFor: .seconds(31)) != nil, "\(phase)")
    }
    #expect(late(.verify, knownFor: .minutes(3)) == nil)
    #expect(late(.verify, knownFor: .minutes(4))?.phase == .failed)
  }

  @Test func windowsThatNeedTheSameAgentAreNotUnderWayTogether() {
    func other(_ agent: AgentID, _ backup: AgentID) -> MaintenanceWindow {
      MaintenanceWindow(
        id: "w2", agent: agent, backup: backup, origin: .person("bob@ops"), at: Self.start, phase: .drain,
        since: Self.start)
    }
    let own = window(.planned)
    #expect(own.conflict(with: other("agent-1", "agent-2")) == nil)
    #expect(own.conflict(with: other("agent-8", "agent-2")) == "agent-8 is under maintenance itself")
    #expect(own.conflict(with: other("agent-1", "agent-7")) == "agent-7 is needed for the maintenance of agent-1")
    #expect(own.conflict(with: other("agent-1", "agent-8")) == "agent-8 is needed for the maintenance of agent-1")
  }

  @Test func agentThatDoesNotDrainWorksAgainAndItsBackupStaysOn() throws {
    let back = try #require(step(window(.drain), after: .seconds(301)) { $0.state = .draining })
    #expect(back.window?.phase == .resume && back.orders.map(\.action) == [.resume] && back.phase == nil)
    let going = try #require(back.window)
    let over = try #require(step(going, after: .minutes(6)) { $0.command = .done })
    #expect(over.window == nil && over.phase == .failed && over.orders.map(\.action) == [.escalate])
    #expect(
      over.words
        == "its conversations did not end or move within 5m; agent-7 is resumed, agent-8 stays on")
    // Somebody else was faster.
    let faster = step(going, after: .minutes(6)) { ($0.command, $0.state) = (.failed("it is not paused"), .running) }
    #expect(faster?.words == over.words)
    let stuck = try #require(step(going, after: .minutes(8)) { $0.state = .draining })
    #expect(stuck.phase == .failed && stuck.words.contains("could not be resumed (nobody confirmed it within 1m)"))
  }

  @Test func backupThatFailsMeanwhileEndsTheDrain() throws {
    let back = try #require(
      step(window(.drain)) { ($0.state, $0.backupFault) = (.draining, "agent-8 is silent") })
    #expect(back.window?.phase == .resume && back.window?.fault == "its backup failed meanwhile: agent-8 is silent")
    // The drain may still be carried out: nobody would end it.
    #expect(step(window(.drain)) { $0.backupFault = "agent-8 is silent" } == nil)
  }

  /// The runtime's word may have been on its way for long.
  @Test func nothingIsRestartedThatTakesConversationsAgainByThen() throws {
    func drained(_ rest: TimeSpan) throws -> MaintenanceRun.Step {
      try #require(
        step(window(.drain)) {
          ($0.command, $0.state, $0.heldUntil) = (.done, .draining, Self.start + .seconds(1) + rest)
        })
    }
    #expect(try drained(.minutes(5)).orders.first?.expiresAt == Self.start + .seconds(61))
    #expect(try drained(.seconds(40)).orders.first?.expiresAt == Self.start + .seconds(31))
    #expect(try drained(.seconds(9)).orders.map(\.action) == [.resume])
  }

  @Test func agentThatSomebodyHasPausedIsNeitherRestartedNorResumed() throws {
    let over = try #require(step(window(.drain)) { ($0.command, $0.state) = (.done, .paused) })
    #expect(over.window == nil && over.orders.map(\.action) == [.escalate])
    #expect(over.words == "it is paused and drains no more; agent-7 is paused, agent-8 stays on")
  }

  @Test func restartThatFailsIsTakenBackAsFarAsItCanBe() throws {
    let failed: (inout Sight) -> Void = { ($0.command, $0.state) = (.failed("not confirmed"), .draining) }
    #expect(step(window(.restart), failed)?.window?.fault == "its restart failed: not confirmed")
    #expect(step(window(.restart), failed)?.orders.map(\.action) == [.resume])
    let late = try #require(step(window(.restart), after: .minutes(3)) { $0.state = .restarting })
    #expect(late.phase == .failed && late.words.hasSuffix("; agent-7 is restarting, agent-8 stays on"))
  }

  @Test func agentThatIsNotAsUsualKeepsItsBackup() throws {
    let ill: (inout Sight) -> Void = { $0.verdict = .ill("error_rate is 0.3; its own normal is 0.02") }
    #expect(step(window(.verify), after: .minutes(9), ill) == nil)
    let over = try #require(step(window(.verify), after: .minutes(11), ill))
    #expect(over.window == nil && over.phase == .failed && over.orders.map(\.action) == [.escalate])
    #expect(over.words.hasSuffix("its own normal is 0.02; agent-8 stays on"))
    #expect(step(window(.verify), after: .minutes(11))?.words.contains("no whole minute of its metrics came") == true)
  }

  @Test func personCancelsItAsLongAsTheAgentWasNotRestarted() throws {
    let cancel: (inout MaintenanceWindow) -> Void = { $0.cancelledBy = "bob@ops" }
    let released = try #require(step(window(.standIn, cancel)) { $0.command = .done })
    #expect(released.window?.phase == .release && released.orders.map(\.action) == [.deactivateBackup])
    let back = try #require(step(window(.drain, cancel)) { $0.state = .draining })
    #expect(back.window?.phase == .resume && back.window?.fault == nil)
    let going = try #require(back.window)
    let resumed = try #require(step(going) { $0.command = .done }?.window)
    #expect(resumed.phase == .release)
    let over = try #require(step(resumed) { $0.command = .done })
    #expect(over.window == nil && over.phase == .skipped && over.words == "cancelled by bob@ops")
  }

  /// So that an id made of window and action names one command.
  @Test func noActionGoesOutTwiceWhateverIsSeen() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2000 {
      var sent: [Action] = []
      var now = Self.start
      var window: MaintenanceWindow? = window(.planned)
      for _ in 0..<300 {
        guard let present = window else { break }
        now = now + .seconds(Int64.random(in: 1...90, using: &random))
        var sight = Sight(at: now)
        sight.command = [.pending, .done, .failed("no")].randomElement(using: &random) ?? .pending
        sight.state = AgentState.allCases.randomElement(using: &random) ?? .running
        sight.verdict = [.unknown, .well, .ill("so")].randomElement(using: &random) ?? .unknown
        sight.backupFault = Int.random(in: 0..<6, using: &random) == 0 ? "agent-8 is silent" : nil
        sight.standsIn = Int.random(in: 0..<6, using: &random) == 0 ? nil : "agent-8"
        if Int.random(in: 0..<8, using: &random) == 0 { window?.cancelledBy = "bob@ops" }
        guard let step = MaintenanceRun.step(present, sight) else { continue }
        sent += step.orders.map(\.action)
        window = step.window
        if window == nil { #expect(step.phase != nil && !step.words.isEmpty) }
      }
      #expect(Set(sent).count == sent.count, "\(sent)")
      #expect(window == nil, "it comes to an end")
    }
  }
}
