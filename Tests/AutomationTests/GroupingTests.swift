import Automation
import FleetModel
import Testing

/// One message for a storm, one update, one all-clear.
@Suite struct GroupingTests {
  private var grouping = Grouping()

  private func at(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_795_334_400_000 + seconds * 1000) }

  private func notice(
    _ agent: Int, _ status: Notice.Status = .firing, rule: String? = "latency", _ severity: Severity = .high,
    text: String = ""
  ) -> Notice {
    Notice(
      key: "latency/agent-\(agent)", status: status, severity: severity, title: "agent-\(agent) is slow", text: text,
      agents: [AgentID("agent-\(agent)")], rule: rule, at: at(0))
  }

  private mutating func take(_ agents: some Sequence<Int>, _ status: Notice.Status = .firing, at seconds: Int64) {
    for agent in agents { _ = grouping.take(notice(agent, status), for: "ops", at: at(seconds)) }
  }

  private mutating func told(at seconds: Int64) -> [Notice] { grouping.advance(at: at(seconds)).compactMap(\.notice) }

  @Test mutating func stormOfFiftyIsOneMessage() throws {
    take(1...50, at: 0)
    #expect(told(at: 9).isEmpty)
    #expect(grouping.next == at(10))
    let messages = told(at: 10)
    let message = try #require(messages.first)
    #expect(messages.count == 1)
    #expect(message.title == "latency: 50 agents" && message.status == .firing && message.severity == .high)
    #expect(message.agents.count == 50 && message.to == ["ops"])
    #expect(message.text.hasPrefix("agent-1 is slow\n") && message.text.hasSuffix("\nand 30 more"))
  }

  @Test mutating func endOfOneSpellingOfAnIdIsNotTheOthers() {
    func notice(_ id: String, _ status: Notice.Status = .firing) -> Notice {
      Notice(
        key: "latency/\(id)", status: status, severity: .high, title: id, agents: [AgentID(id)], rule: "latency",
        at: at(0))
    }
    for id in ["caf\u{E9}", "cafe\u{301}"] { _ = grouping.take(notice(id), for: "ops", at: at(0)) }
    _ = told(at: 10)
    _ = grouping.take(notice("cafe\u{301}", .resolved), for: "ops", at: at(20))
    #expect(told(at: 20).isEmpty)
    #expect(grouping.groups.values.first?.members.count == 2)
    #expect(grouping.groups.values.first?.members[ExactText("latency/caf\u{E9}")]?.notice.status == .firing)
  }

  @Test mutating func newsWaitForTheIntervalAndAreOneUpdate() throws {
    take(1...2, at: 0)
    let first = told(at: 10)
    take([3], at: 11)
    take([4], at: 200)
    #expect(told(at: 309).isEmpty)
    let update = try #require(told(at: 310).first)
    #expect(update.status == .updated && update.agents.count == 4 && update.key == first[0].key)
    #expect(told(at: 100_00).isEmpty)
  }

  @Test mutating func allClearComesOnceAndAtOnce() throws {
    take(1...50, at: 0)
    let first = told(at: 10)
    take(1...49, .resolved, at: 20)
    #expect(told(at: 20).isEmpty)
    take([50], .resolved, at: 21)
    let clear = told(at: 21)
    #expect(clear.map(\.status) == [.resolved])
    #expect(clear[0].key == first[0].key && clear[0].title == "latency: all clear, 50 agents")
    #expect(grouping.groups.isEmpty && grouping.next == nil)
  }

  @Test mutating func endWithoutRecoveryIsSaidInASentence() throws {
    take(1...3, at: 0)
    _ = told(at: 10)
    take(1...2, .resolved, at: 20)
    var last = notice(3, .resolved)
    last.isAllClear = false
    _ = grouping.take(last, for: "ops", at: at(21))
    let end = try #require(told(at: 21).first)
    #expect(end.title == "latency: alerts of 3 agents have ended, but not all have recovered")
  }

  @Test mutating func endOfWhatIsAboutNoAgentCountsAlerts() throws {
    func queue(_ name: String, _ status: Notice.Status) -> Notice {
      var notice = Notice(
        key: "queue/\(name)", status: status, severity: .high, title: name, rule: "queues", at: at(0))
      notice.isAllClear = status != .resolved
      return notice
    }
    for name in ["orders", "mails"] { _ = grouping.take(queue(name, .firing), for: "ops", at: at(0)) }
    _ = told(at: 10)
    for name in ["orders", "mails"] { _ = grouping.take(queue(name, .resolved), for: "ops", at: at(20)) }
    let end = try #require(told(at: 20).first)
    #expect(end.title == "queues: 2 alerts have ended, but not all have recovered")
  }

  @Test mutating func oneMemberKeepsItsOwnWords() {
    take([7], at: 0)
    #expect(told(at: 10).map(\.title) == ["agent-7 is slow"])
    take([7], .resolved, at: 60)
    let clear = told(at: 60)
    #expect(clear.map(\.title) == ["agent-7 is slow"] && clear.map(\.status) == [.resolved])
  }

  @Test mutating func whatEndsBeforeItIsToldIsToldToNobody() {
    take([1], at: 0)
    take([1], .resolved, at: 5)
    #expect(told(at: 10).isEmpty)
    #expect(grouping.groups.isEmpty)
  }

  @Test mutating func repeatThatSaysTheSameIsNoNews() {
    take([1], at: 0)
    #expect(told(at: 10).count == 1)
    take([1], at: 20)
    #expect(told(at: 2000).isEmpty)
    _ = grouping.take(notice(1, .updated, text: "worse"), for: "ops", at: at(2000))
    #expect(told(at: 2000).map(\.text) == ["worse"])
  }

  @Test mutating func newsThatNothingTakesBackAreCollectedToo() {
    take(1...50, .info, at: 0)
    #expect(told(at: 10).map(\.status) == [.info])
    take([51], .info, at: 20)
    take([52], .info, at: 30)
    #expect(told(at: 60).isEmpty)
    let second = told(at: 310)
    #expect(second.count == 1 && second[0].agents.count == 2)
    #expect(told(at: 610).isEmpty)
    #expect(grouping.groups.isEmpty)
  }

  @Test mutating func channelsAndSeveritiesAreGroupsOfTheirOwn() {
    for channel in ["ops", "pager"] {
      _ = grouping.take(notice(1), for: channel, at: at(0))
      _ = grouping.take(notice(2, .firing, .critical), for: channel, at: at(0))
    }
    #expect(
      told(at: 10).map { "\($0.to[0]) \($0.severity)" } == ["ops high", "ops critical", "pager high", "pager critical"])
    let known = grouping.take(notice(1, .resolved, .low), for: "", at: at(20))
    #expect(Set(known.map(\.channel)) == ["ops", "pager"])
    #expect(told(at: 20).map(\.status) == [.resolved, .resolved])
  }

  @Test mutating func resolvedOneThatNobodyKnowsAndWhatHasNoRuleAreNoGroups() {
    take([1], .resolved, at: 0)
    #expect(grouping.take(notice(1, rule: nil), for: "ops", at: at(0)).isEmpty)
    #expect(grouping.groups.isEmpty)
  }

  @Test mutating func endOfOneIsAnUpdateThatNamesTheOthers() {
    take(1...3, at: 0)
    _ = told(at: 10)
    take([1, 2], .resolved, at: 20)
    let update = told(at: 310)
    #expect(update.map(\.title) == ["latency: 1 agent"] && update.map(\.status) == [.updated])
    #expect(update.map(\.text) == ["agent-3 is slow\n2 resolved"])
  }

  @Test mutating func beginningAnewTakesBackAnAllClearThatWasNotTold() {
    take([1], at: 0)
    _ = told(at: 10)
    take([1], .resolved, at: 20)
    take([2], at: 20)
    #expect(told(at: 20).isEmpty)
    #expect(grouping.next == at(310))
    #expect(told(at: 310).map(\.text) == ["agent-2 is slow\n1 resolved"])
  }

  @Test mutating func groupWithoutNewsIsForgottenAfterAWeek() {
    take([1], at: 0)
    _ = told(at: 10)
    #expect(told(at: 604_799).isEmpty && !grouping.groups.isEmpty)
    #expect(told(at: 604_800).isEmpty && grouping.groups.isEmpty)
  }
}

/// Members that have a cause in common.
@Suite struct SharedCauseTests {
  private var grouping = Grouping()

  private static let start = Instant(milliseconds: 1_795_334_400_000)

  private static func cause(_ agents: Range<Int>) -> SharedCause {
    SharedCause(
      title: "\(agents.count) agents on gpt-4o", words: "\(agents.count) of 12 affected; others 1 of 40",
      agents: Set(agents.map { AgentID("agent-\($0)") }))
  }

  private mutating func message(_ agents: Range<Int>, _ causes: [SharedCause]) throws -> Notice {
    for agent in agents {
      let notice = Notice(
        key: "latency/agent-\(agent)", severity: .high, title: "agent-\(agent) is slow",
        agents: [AgentID("agent-\(agent)")], rule: "latency", at: Self.start)
      _ = grouping.take(notice, for: "ops", at: Self.start)
    }
    let turns = grouping.advance(at: Self.start + .seconds(10), causes: { causes })
    return try #require(turns.first?.notice)
  }

  @Test mutating func agentsOfOneCauseAreToldByIt() throws {
    let message = try message(1..<4, [Self.cause(0..<11)])
    #expect(message.title == "latency: 11 agents on gpt-4o" && message.agents.count == 3)
    #expect(
      message.text == """
        11 agents on gpt-4o: 11 of 12 affected; others 1 of 40
        - agent-1 is slow
        - agent-2 is slow
        - agent-3 is slow
        """)
  }

  @Test mutating func othersStandBelowTheCause() throws {
    let message = try message(1..<4, [Self.cause(2..<9)])
    #expect(message.title == "latency: 3 agents")
    #expect(
      message.text == """
        7 agents on gpt-4o: 7 of 12 affected; others 1 of 40
        - agent-2 is slow
        - agent-3 is slow
        agent-1 is slow
        """)
  }

  @Test mutating func aLongListIsCutInAll() throws {
    let message = try message(10..<50, [Self.cause(10..<35)])
    let lines = message.text.split(separator: "\n")
    #expect(lines.count == 23 && lines[21] == "- and 5 more" && lines[22] == "and 15 more")
  }

  @Test mutating func aCauseOfOneMemberOrOfOthersIsNotTold() throws {
    let message = try message(1..<4, [Self.cause(3..<9), Self.cause(100..<110)])
    #expect(message.title == "latency: 3 agents" && !message.text.contains("gpt-4o"))
  }

  @Test mutating func causesAreNotLookedForIfOneAgentIsTold() {
    let notice = Notice(key: "k", severity: .high, title: "t", agents: ["a"], rule: "latency", at: Self.start)
    _ = grouping.take(notice, for: "ops", at: Self.start)
    var isAsked = false
    let turns = grouping.advance(
      at: Self.start + .seconds(10),
      causes: {
        isAsked = true
        return []
      })
    #expect(turns.first?.notice?.title == "t" && !isAsked)
  }
}
