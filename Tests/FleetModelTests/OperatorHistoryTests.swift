import TestSupport
import Testing

@testable import FleetModel

/// What operators did when alerts opened, learnt from lines of the audit.
@Suite struct OperatorHistoryTests {
  /// An audit of one's own, line by line.
  private struct Audit {
    var history = OperatorHistory()
    private var commands = 0

    mutating func open(
      _ agent: AgentID, _ kind: AlertKind = .performanceDegraded, _ severity: Severity = .high, at seconds: Int64
    ) {
      var line = AuditLine(
        origin: .run("\(kind.type)/\(agent)/\(seconds * 1000)"), phase: .started, action: "alert", target: agent,
        operator: "handler/h1", at: .at(seconds))
      line.alert = AlertRecord(
        id: AlertID(kind, agent), severity: severity, since: .at(seconds), last: .at(seconds))
      history.apply(line)
    }

    mutating func end(
      _ agent: AgentID, _ kind: AlertKind = .performanceDegraded, _ end: AlertEnd = .recovered, at seconds: Int64
    ) {
      history.apply(
        AuditLine(
          origin: .run("\(kind.type)/\(agent)/0"), phase: .succeeded, action: "alert", target: agent,
          operator: "handler/h1", detail: end.rawValue, at: .at(seconds)))
    }

    @discardableResult
    mutating func command(
      _ action: Action, _ agents: AgentID..., by who: String = "alice@bastion", batch: CommandID? = nil,
      after: AgentRecord? = nil, before: AgentRecord? = AgentRecord(), detail: String = "", at seconds: Int64
    ) -> CommandID {
      commands += 1
      let id = CommandID("c\(commands)")
      for agent in agents {
        history.apply(
          AuditLine(
            origin: .command(id), batch: batch.map { Batch(id: $0, part: 1, parts: 2) }, phase: .succeeded,
            action: action.rawValue, target: agent, operator: who, detail: detail, before: before, after: after,
            at: .at(seconds)))
      }
      return id
    }

    mutating func undo(_ id: CommandID, at seconds: Int64) {
      history.apply(
        AuditLine(
          origin: .command(id), phase: .undone, action: "pause", operator: "alice@bastion", at: .at(seconds)))
    }

    mutating func pause(_ agent: AgentID, for span: TimeSpan = .minutes(15), at seconds: Int64) {
      var after = AgentRecord()
      (after.state, after.pausedUntil, after.updatedAt) = (.paused, .at(seconds) + span, .at(seconds))
      command(.pause, agent, after: after, at: seconds)
    }

    /// The words of all suggestions, hours later.
    var words: [String] { history.suggestions(at: .at(1_000_000)).map(\.words) }
  }

  /// Alerts an hour apart; the first so many are answered by a pause, and of these the first so many recover.
  private func audit(pauses: Int, of cases: Int, recoveries: Int = 0) -> Audit {
    var audit = Audit()
    for number in 0..<cases {
      let start = Int64(number) * 3600
      audit.open(AgentID("a\(number)"), at: start)
      if number < pauses { audit.pause(AgentID("a\(number)"), at: start + 60) }
      if number < recoveries { audit.end(AgentID("a\(number)"), at: start + 60 + 360) }
    }
    return audit
  }

  @Test func whatMostDidIsSuggestedWithItsHistory() throws {
    let audit = audit(pauses: 9, of: 11, recoveries: 8)
    #expect(audit.words == ["paused for 15m 9 of 11 times; healthy again after 6m in 8"])
    let suggestion = try #require(audit.history.suggestions(at: .at(1_000_000)).first)
    #expect(suggestion.kind == .performanceDegraded && suggestion.severity == nil)
    #expect(suggestion.step == .pause(for: .minutes(15)))
  }

  @Test(
    arguments: [
      (4, 4, false),  // too few cases
      (5, 5, true), (9, 11, true),
      (8, 11, false),  // the lower bound of 73 % is 43 %
      (60, 100, true), (59, 100, false), (0, 50, false),
    ])
  func oneThatMayBeChanceIsNot(_ pauses: Int, _ cases: Int, _ isSaid: Bool) {
    #expect(audit(pauses: pauses, of: cases).words.isEmpty != isSaid)
  }

  @Test func lowerBoundIsWilsons() {
    // By R's prop.test(correct = FALSE).
    #expect(abs(OperatorHistory.lowerBound(of: 9, in: 11) - 0.5230) < 0.0005)
    #expect(abs(OperatorHistory.lowerBound(of: 5, in: 5) - 0.5655) < 0.0005)
    #expect(OperatorHistory.lowerBound(of: 0, in: 0) == 0)
  }

  @Test(arguments: ["rule/degraded", "handler/h1", "pagerduty:Ana", ""])
  func stepsOfOthersThanPeopleDoNotCount(who: String) {
    var audit = Audit()
    for number in 0..<6 {
      audit.open("a", at: Int64(number) * 3600)
      audit.command(.restart, "a", by: who, at: Int64(number) * 3600 + 9)
      audit.end("a", at: Int64(number) * 3600 + 60)
    }
    #expect(audit.words.isEmpty)
  }

  @Test func stepOfARuleIsPassedOver() {
    var audit = Audit()
    for number in 0..<6 {
      audit.open("a", at: Int64(number) * 3600)
      audit.history.apply(
        AuditLine(
          origin: .run("rule/r/1-0/a"), rule: "r", phase: .succeeded, action: "restart", target: "a",
          operator: "alice@bastion", at: .at(Int64(number) * 3600 + 9)))
      audit.end("a", at: Int64(number) * 3600 + 60)
    }
    #expect(audit.words.isEmpty)
  }

  @Test func theFirstStepCountsAndWhatOnlyLooksAfterTheAlertDoesNot() {
    var audit = Audit()
    for number in 0..<6 {
      let start = Int64(number) * 3600
      audit.open("a", at: start)
      audit.command(.acknowledge, "a", at: start + 5)
      audit.command(.restart, "a", at: start + 10)
      audit.pause("a", at: start + 20)
      audit.end("a", at: start + 30)
    }
    #expect(audit.words == ["restarted 6 of 6 times; healthy again after 20s in 6"])
  }

  @Test func stepBeforeTheAlertOrLongAfterIsNoAnswer() {
    var audit = Audit()
    for number in 0..<6 {
      let start = Int64(number) * 7200
      audit.command(.restart, "a", at: start - 1)
      audit.open("a", at: start)
      audit.command(.restart, "a", at: start + 1801)
      audit.command(.restart, "b", at: start + 5)
      audit.end("a", at: start + 3600)
    }
    #expect(audit.words.isEmpty)
  }

  @Test func alertThatMayStillBeAnsweredDoesNotCountYet() {
    var audit = audit(pauses: 8, of: 8)
    audit.open("late", at: 8 * 3600)
    #expect(audit.history.suggestions(at: .at(8 * 3600 + 1800)).map(\.cases) == [8])
    #expect(audit.history.suggestions(at: .at(8 * 3600 + 1801)).map(\.cases) == [9])
  }

  @Test func undoneCommandDoesNotCount() {
    var audit = Audit()
    for number in 0..<6 {
      let start = Int64(number) * 3600
      audit.open("a", at: start)
      let id = audit.command(.restart, "a", at: start + 10)
      audit.end("a", at: start + 30)
      if number > 3 { audit.undo(id, at: start + 40) }
    }
    #expect(audit.history.suggestions(at: .at(1_000_000)).isEmpty)
    #expect(audit.history.cases(of: .performanceDegraded).filter { $0.answer != nil }.count == 4)
  }

  @Test func oneOrderIsOneDecisionHoweverManyAgentsItNames() {
    var audit = Audit()
    for number in 0..<30 { audit.open(AgentID("a\(number)"), at: 0) }
    for number in 0..<30 { audit.command(.restart, AgentID("a\(number)"), batch: CommandID("b1"), at: 10) }
    #expect(audit.words.isEmpty)
    // Four more orders, each for two agents.
    for number in 1...4 {
      let start = Int64(number) * 3600
      audit.open("b", at: start)
      audit.open("c", at: start)
      audit.command(.restart, "b", "c", at: start + 10)
      audit.end("b", at: start + 20)
      audit.end("c", at: start + 70)
    }
    // Of two agents the later one counts; the thirty have not recovered.
    #expect(audit.words == ["restarted 5 of 5 times; healthy again after 1m in 4"])
    audit.undo(CommandID("b1"), at: 90_000)
    #expect(audit.words.isEmpty)
  }

  @Test(arguments: [AlertEnd.unrecovered, .explained, .closed, .agentLeft])
  func onlyValuesThatAreWellAreARecovery(end: AlertEnd) {
    var audit = Audit()
    for number in 0..<6 {
      audit.open("a", at: Int64(number) * 3600)
      audit.command(.restart, "a", at: Int64(number) * 3600 + 9)
      audit.end("a", .performanceDegraded, end, at: Int64(number) * 3600 + 60)
    }
    #expect(audit.words == ["restarted 6 of 6 times"])
  }

  @Test func severitiesAreJudgedApartWhereEachHasEnoughCases() {
    var audit = Audit()
    for number in 0..<12 {
      let start = Int64(number) * 3600
      audit.open("a", .securityAlert, number < 6 ? .critical : .low, at: start)
      if number < 6 { audit.pause("a", at: start + 10) }
      audit.end("a", .securityAlert, .closed, at: start + 30)
    }
    let found = audit.history.suggestions(at: .at(1_000_000))
    #expect(found.map(\.severity) == [.critical] && found.map(\.cases) == [6])
    // Of eight others one is worse: all are judged together.
    for number in 0..<8 {
      audit.open("a", .runaway, number == 0 ? .critical : .low, at: Int64(number) * 3600)
      audit.pause("a", at: Int64(number) * 3600 + 10)
      audit.end("a", .runaway, .closed, at: Int64(number) * 3600 + 30)
    }
    let all = audit.history.suggestions(for: .runaway, at: .at(1_000_000))
    #expect(all.map(\.severity) == [nil] && all.map(\.cases) == [8])
  }

  @Test func theUsualArgumentIsSuggested() {
    var audit = Audit()
    for number in 0..<7 {
      audit.open("a", at: Int64(number) * 3600)
      audit.pause("a", for: .minutes(number < 4 ? 30 : 15), at: Int64(number) * 3600 + 10)
      audit.end("a", at: Int64(number) * 3600 + 30)
    }
    #expect(audit.words == ["paused for 30m 7 of 7 times; healthy again after 20s in 7"])
  }

  @Test func whatNoRuleCanDoIsNotSuggested() {
    var audit = Audit()
    for number in 0..<6 {
      audit.open("a", at: Int64(number) * 3600)
      audit.command(.blockIP, "a", at: Int64(number) * 3600 + 10)
      audit.end("a", at: Int64(number) * 3600 + 30)
    }
    #expect(audit.words.isEmpty)
  }

  // MARK: What others write

  @Test func strangeLinesChangeNothing() {
    var audit = audit(pauses: 6, of: 6, recoveries: 6)
    let words = audit.words
    func line(_ run: String, _ phase: AuditLine.Phase, _ target: AgentID, _ instant: Instant) -> AuditLine {
      AuditLine(origin: .run(run), phase: phase, action: "alert", target: target, detail: "recovered", at: instant)
    }
    for run in ["", "/", "nonsense/a0/1", "escalation/a0/1", "command.unconfirmed/a0/1"] {
      for phase in AuditLine.Phase.allCases {
        audit.history.apply(line(run, phase, "a0", .at(1)))
      }
    }
    audit.history.apply(line("agent.performance_degraded/a0/1", .succeeded, "stranger", .at(1)))
    audit.history.apply(line("agent.performance_degraded/a0/1", .started, .none, .at(1)))
    // A command that calls itself so.
    audit.history.apply(
      AuditLine(origin: .command(CommandID("c")), phase: .started, action: "alert", target: "a0", at: .at(1)))
    #expect(audit.words == words)
  }

  @Test func alertThatBeganInTheFutureOrEndsBeforeItsStepIsNoRecovery() {
    var audit = Audit()
    for number in 0..<6 {
      audit.open("a", at: Int64(number) * 3600)
      audit.command(.restart, "a", at: Int64(number) * 3600 + 100)
      audit.end("a", at: Int64(number) * 3600 + 50)
    }
    var line = AuditLine(
      origin: .run("agent.performance_degraded/z/1"), phase: .started, action: "alert", target: "z",
      at: Instant(milliseconds: .max))
    line.alert = AlertRecord(
      id: AlertID(.performanceDegraded, "z"), severity: .low, since: Instant(milliseconds: .max), last: .at(1))
    audit.history.apply(line)
    #expect(audit.words == ["restarted 6 of 6 times"])
  }

  @Test func memoryIsBounded() {
    var audit = Audit()
    for number in 0..<5000 { audit.open(AgentID("a\(number)"), at: Int64(number)) }
    #expect(audit.history.caseCount(of: .performanceDegraded) <= 2 * OperatorHistory.mostCases)
    // What was forgotten is met again without harm.
    audit.command(.restart, "a0", "a4999", at: 5000)
    audit.end("a0", at: 5001)
    audit.end("a4999", at: 5001)
    let answered = audit.history.cases(of: .performanceDegraded).filter { $0.answer != nil }
    #expect(answered.map(\.agent) == ["a4999"] && answered.first?.recoveredAt == .at(5001))
  }

  @Test func fleetLearnsFromTheAuditAndTakesNoAlertFromItsLines() {
    var fleet = Fleet()
    var line = AuditLine(
      origin: .run("agent.runaway/a/1000"), phase: .started, action: "alert", target: "a", at: .at(1))
    line.alert = AlertRecord(id: AlertID(.runaway, "a"), severity: .high, since: .at(1), last: .at(1))
    fleet.apply(line)
    #expect(fleet.operatorHistory.caseCount(of: .runaway) == 1)
    #expect(fleet.count == 0 && fleet.commands.entries.isEmpty && fleet.rules.entries.isEmpty)
  }
}
