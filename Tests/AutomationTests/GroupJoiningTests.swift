import Automation
import FleetModel
import Testing

/// What several rules tell of one cause is one message.
@Suite struct GroupJoiningTests {
  private var grouping = Grouping()

  private func at(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_795_334_400_000 + seconds * 1000) }

  private func notice(
    _ rule: String, _ agent: Int, _ status: Notice.Status = .firing, _ severity: Severity = .high, alert: String? = nil
  ) -> Notice {
    Notice(
      key: "\(alert ?? rule)/agent-\(agent)", status: status, severity: severity, title: "\(rule) of agent-\(agent)",
      agents: [AgentID("agent-\(agent)")], rule: status == .resolved ? Notice.anyRule : rule, at: at(0))
  }

  private mutating func take(
    _ rule: String, _ agents: ClosedRange<Int>, _ status: Notice.Status = .firing, _ severity: Severity = .high,
    alert: String? = nil, edits: Bool = false, at seconds: Int64
  ) {
    for agent in agents {
      _ = grouping.take(
        notice(rule, agent, status, severity, alert: alert), for: status == .resolved ? "" : "ops",
        ofAllSeverities: edits, at: at(seconds))
    }
  }

  /// Of the alerts of these rules, on so many agents.
  private static func cause(_ agents: ClosedRange<Int> = 1...12, _ rules: String...) -> SharedCause {
    let names = rules.isEmpty ? ["errors", "latency", "satisfaction"] : rules
    return SharedCause(
      title: "\(agents.count) agents on gpt-4o", words: "\(agents.count) of 12 affected; others 1 of 40",
      agents: Set(agents.map { AgentID("agent-\($0)") }),
      alerts: Set(names.flatMap { rule in agents.map { ExactText("\(rule)/agent-\($0)") } }))
  }

  private mutating func turns(at seconds: Int64, _ causes: [SharedCause] = [cause()]) -> [Grouping.Turn] {
    grouping.advance(at: at(seconds), title: { $0.prefix(1).uppercased() + $0.dropFirst() }, causes: { causes })
  }

  private mutating func told(at seconds: Int64, _ causes: [SharedCause] = [cause()]) -> [Notice] {
    turns(at: seconds, causes).compactMap(\.notice)
  }

  @Test mutating func secondRuleOfACauseJoinsTheFirst() throws {
    take("errors", 1...12, at: 0)
    let first = try #require(told(at: 10).first)
    #expect(first.title == "Errors: 12 agents on gpt-4o")
    take("latency", 1...2, at: 10)
    #expect(told(at: 20).isEmpty, "its news wait for the interval")
    #expect(grouping.groups.keys.map(\.rule) == ["errors"])
    let update = try #require(told(at: 310).first)
    #expect(update.status == .updated && update.key == first.key && update.rule == "errors")
    #expect(update.title == "Errors, Latency: 12 agents on gpt-4o" && update.agents.count == 12)
    #expect(update.text.hasPrefix("Errors: 12 agents\nLatency: 2 agents\n12 agents on gpt-4o: 12 of 12 affected"))
    #expect(update.text.contains("- latency of agent-1\n"), "what joins is listed")
  }

  @Test mutating func rulesThatAreDueAtOnceAreOneFirstMessage() throws {
    for rule in ["satisfaction", "errors", "latency"] { take(rule, 1...3, at: 0) }
    let messages = told(at: 10, [Self.cause(1...3)])
    #expect(messages.map(\.title) == ["Errors, Latency, Satisfaction: 3 agents on gpt-4o"])
    #expect(messages.map(\.status) == [.firing])
    #expect(told(at: 1000, [Self.cause(1...3)]).isEmpty)
  }

  @Test mutating func endIsToldOnceAllHaveEnded() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, at: 10)
    _ = told(at: 20)
    _ = told(at: 310)
    take("errors", 1...3, .resolved, at: 320)
    #expect(told(at: 320).isEmpty)
    let update = told(at: 610, [])
    #expect(update.map(\.title) == ["Latency: 3 agents"] && update.map(\.status) == [.updated])
    take("latency", 1...3, .resolved, at: 620)
    let end = told(at: 620)
    #expect(end.map(\.status) == [.resolved] && end.map(\.title) == ["Errors, Latency: all clear, 3 agents"])
    #expect(grouping.groups.isEmpty && grouping.next == nil)
  }

  @Test mutating func whatJoinsLeavesItsGroupInTheSameTurn() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, at: 10)
    let turns = turns(at: 20)
    #expect(turns.map(\.id.rule) == ["errors", "latency"])
    #expect(turns[0].group?.members.count == 6 && turns[1].group == nil)
    #expect(turns.allSatisfy { $0.notice == nil })
  }

  @Test mutating func whatTheCauseDoesNotHoldStaysItsOwnMessage() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 3...4, at: 10)
    #expect(told(at: 20, [Self.cause(1...3)]).map(\.title) == ["latency of agent-4"])
    #expect(told(at: 310, [Self.cause(1...3)]).map(\.title) == ["Errors, Latency: 3 agents on gpt-4o"])
  }

  /// The group's own rule tells of an alert that came to it with another rule.
  @Test mutating func rulesThatTellOfOneAlertByTurnsAreNoNews() {
    let causes = [Self.cause(1...12, "errors", "slow")]
    take("errors", 1...3, at: 0)
    _ = told(at: 10, causes)
    take("latency", 1...1, alert: "slow", at: 10)
    _ = told(at: 20, causes)
    take("errors", 1...1, alert: "slow", at: 30)
    #expect(told(at: 310, causes).count == 1)
    take("latency", 1...1, alert: "slow", at: 320)
    take("errors", 1...1, alert: "slow", at: 330)
    #expect(told(at: 1000, causes).isEmpty)
  }

  /// Whichever rule says what an alert is, what each of them did is told once.
  @Test mutating func whatEachRuleDidIsTold() throws {
    let causes = [Self.cause(1...12, "errors")]
    func acts(_ rule: String, _ done: String) -> Notice {
      var notice = notice(rule, 1, alert: "errors")
      notice.done = done
      return notice
    }
    take("errors", 2...3, at: 0)
    _ = grouping.take(acts("errors", "Done: paused agent-1"), for: "ops", at: at(0))
    _ = told(at: 10, causes)
    _ = grouping.take(acts("latency", "Done: restarted agent-1"), for: "ops", at: at(10))
    #expect(told(at: 20, causes).isEmpty, "it joins")
    #expect(try #require(told(at: 310, causes).first).done == "Done: restarted agent-1")
    _ = grouping.take(acts("latency", "Done: restarted agent-1"), for: "ops", at: at(320))
    #expect(told(at: 610, causes).isEmpty)
    _ = grouping.take(acts("latency", "Not done: called nobody"), for: "ops", at: at(620))
    #expect(told(at: 910, causes).map(\.done) == ["Not done: called nobody"])
  }

  @Test mutating func alertsThatBeganLaterAreAnotherMessage() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, at: 100)
    #expect(told(at: 110, [Self.cause(1...3, "errors")]).map(\.key) == ["group/latency/high"])
  }

  @Test mutating func anotherChannelHasItsOwnMessage() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    for agent in 1...3 { _ = grouping.take(notice("latency", agent), for: "pager", at: at(10)) }
    #expect(told(at: 20).map(\.to) == [["pager"]])
  }

  @Test mutating func whatIsMoreSevereJoinsNothingThatMayWakeNobody() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, .firing, .critical, at: 10)
    #expect(told(at: 20).map(\.key) == ["group/latency/critical"])
    take("satisfaction", 1...3, .firing, .medium, at: 20)
    #expect(told(at: 30).isEmpty)
    #expect(told(at: 320).map(\.key) == ["group/latency/critical"], "the most severe takes the others")
  }

  @Test mutating func messageThatIsEditedRisesWithWhatJoins() {
    take("errors", 1...3, edits: true, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, .firing, .critical, edits: true, at: 10)
    let update = told(at: 20)
    #expect(update.map(\.key) == ["group/errors"] && update.map(\.severity) == [.critical])
  }

  @Test mutating func twoRulesOfOneAlertAreOneMember() throws {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("many-errors", 1...3, .firing, .medium, alert: "errors", at: 10)
    _ = told(at: 20)
    let update = try #require(told(at: 310).first)
    #expect(update.text.hasPrefix("Errors: 3 agents\nMany-errors: 3 agents\n"))
    #expect(!update.text.contains("many-errors of agent-1"), "the worst says what it is")
    take("many-errors", 1...3, .firing, .medium, alert: "errors", at: 320)
    #expect(told(at: 1000).isEmpty, "what is said again is no news")
    take("errors", 1...3, .resolved, at: 1000)
    #expect(told(at: 1000).map(\.status) == [.resolved])
    #expect(grouping.groups.isEmpty)
  }

  @Test mutating func repeatGoesWhereItsAlertIsTold() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, at: 10)
    _ = told(at: 20)
    _ = told(at: 310)
    take("latency", 1...3, at: 400)
    #expect(grouping.groups.keys.map(\.rule) == ["errors"])
    #expect(told(at: 2000).isEmpty)
  }

  @Test mutating func newsThatNothingTakesBackJoinNothing() {
    take("errors", 1...3, at: 0)
    _ = told(at: 10)
    take("latency", 1...3, .info, at: 10)
    #expect(told(at: 20).map(\.status) == [.info])
  }

  @Test mutating func whatWasToldByItselfStaysThere() {
    take("errors", 1...3, at: 0)
    take("latency", 1...3, at: 0)
    #expect(told(at: 10, []).count == 2)
    take("latency", 4...4, at: 20)
    #expect(told(at: 310, [Self.cause(1...4)]).map(\.key) == ["group/latency/high"])
  }
}
