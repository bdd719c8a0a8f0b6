import TestSupport
import Testing

@testable import FleetModel

/// The alert of an agent that has stopped to report while others go on.
@Suite struct SilentAlertTests {
  private var fleet = Fleet(tracksAlertChanges: true)

  private mutating func report(_ agent: String, _ second: Int64) throws {
    try fleet.apply("metrics", agent, #"{"error_rate":0.01}"#, at: .at(second))
  }

  private mutating func report(_ agent: String, _ seconds: some Sequence<Int64>) throws {
    for second in seconds { try report(agent, second) }
  }

  /// Lets agents report every ten seconds, each in a second of its own, from a second up to another.
  private mutating func goOn(_ agents: Range<Int>, _ seconds: ClosedRange<Int64>) throws {
    for second in seconds {
      for agent in agents where (second - Int64(agent)) % 10 == 0 { try report("agent-\(agent)", second) }
      fleet.advance(to: .at(second))
    }
  }

  private func alert(_ agent: String) -> AlertRecord? {
    fleet[AgentID(agent)].flatMap { _ in fleet.position(of: AgentID(agent)) }
      .flatMap { fleet.alert(.silent, ofAgentAt: $0) }?.record
  }

  private func record(_ state: AgentState, version: Int, _ second: Int64) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.version, record.updatedAt) = (state, version, .at(second))
    return record
  }

  // MARK: One agent

  @Test mutating func agentThatStopsOpensItsAlertAndEndsItByReporting() throws {
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...79)
    #expect(fleet.alerts.count == 0)
    try goOn(1..<2, 80...120)
    #expect(
      alert("agent-0")
        == AlertRecord(id: AlertID(.silent, "agent-0"), severity: .high, since: .at(80), last: .at(80)))
    #expect(fleet.alerts.count == 1 && !fleet.isSourceSilent)
    _ = fleet.takeAlertEnds()
    try report("agent-0", 121)
    #expect(fleet.alerts.count == 0 && fleet.takeAlertEnds() == [AlertID(.silent, "agent-0"): .recovered])
  }

  /// The alert opens with the clock, and the report comes in the same second.
  @Test mutating func reportOfTheMomentInWhichTheSilenceIsNoticedEndsIt() throws {
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...80)
    #expect(alert("agent-0")?.last == .at(80))
    try report("agent-0", 80)
    #expect(fleet.alerts.count == 0)
  }

  /// The handler dies between the agent's report and the end that it would have written.
  @Test mutating func silenceThatEndedWhileTheHandlerLivedIsOverOnceItIsGone() throws {
    fleet.watch()
    fleet.openSilentAlerts()
    fleet.setHandler(isAlive: true)
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...90)
    let written = AlertRecord(id: AlertID(.silent, "agent-0"), severity: .high, since: .at(80), last: .at(80))
    fleet.setAlerts([written], judgedUpTo: .at(90), at: .at(90))
    try report("agent-0", 91)
    #expect(alert("agent-0") != nil, "while the handler lives its word counts")
    fleet.setHandler(isAlive: false)
    #expect(alert("agent-0") == nil)
    // What it wrote still stands in Redis, and is told once more.
    fleet.setAlerts([written], judgedUpTo: .at(90), at: .at(95))
    #expect(alert("agent-0") == nil)
  }

  /// An agent that reports seldom has more time, and no other has to be heard meanwhile if none was due.
  @Test mutating func nobodyElseWasDueIsNoDeadSource() throws {
    try report("often", stride(from: 0, through: 600, by: 10))
    try report("seldom", [0, 600])
    fleet.advance(to: .at(629))
    #expect(fleet.alerts.count == 0)
    fleet.advance(to: .at(630))
    #expect(alert("often")?.since == .at(630))
  }

  @Test mutating func silenceNeverTurnsQuietAndIsGivenUpAfterADay() throws {
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...700)
    #expect(alert("agent-0")?.quietSince == nil && alert("agent-0") != nil)
    let day = Int64(24 * 3600)
    try report("agent-1", stride(from: 710, to: day, by: 10))
    #expect(alert("agent-0") != nil)
    _ = fleet.takeAlertEnds()
    try report("agent-1", stride(from: day, through: day + 90, by: 10))
    #expect(fleet.alerts.count == 0 && fleet.takeAlertEnds() == [AlertID(.silent, "agent-0"): .unrecovered])
  }

  @Test mutating func otherEventsAreNoReports() throws {
    try goOn(0..<2, 0...50)
    for second in 51...100 as ClosedRange<Int64> {
      try goOn(1..<2, second...second)
      try fleet.apply("feedback", "agent-0", at: .at(second))
    }
    #expect(alert("agent-0")?.since == .at(80))
    try fleet.apply("metrics", "agent-0", source: "vigia", at: .at(101))
    #expect(alert("agent-0") != nil, "the handler's word is not the agent's")
  }

  // MARK: What explains it

  @Test(arguments: [AgentState.paused, .stopped, .restarting, .draining])
  mutating func silenceThatWasAskedForOpensNone(state: AgentState) throws {
    try goOn(0..<2, 0...50)
    fleet.setRecord(record(state, version: 1, 55), of: "agent-0")
    try goOn(1..<2, 51...500)
    #expect(fleet.alerts.count == 0)
    fleet.setRecord(record(.running, version: 2, 500), of: "agent-0")
    try goOn(1..<2, 501...529)
    #expect(fleet.alerts.count == 0, "it is given its time to report")
    try goOn(1..<2, 530...531)
    #expect(alert("agent-0")?.since == .at(530))
  }

  @Test mutating func pauseEndsTheAlertOfASilentAgent() throws {
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...90)
    _ = fleet.takeAlertEnds()
    fleet.setRecord(record(.paused, version: 1, 90), of: "agent-0")
    #expect(fleet.alerts.count == 0 && fleet.takeAlertEnds() == [AlertID(.silent, "agent-0"): .explained])
  }

  @Test mutating func deletedAgentTakesItsAlertAlong() throws {
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...90)
    try fleet.apply("deleted", "agent-0", at: .at(91))
    #expect(fleet.alerts.count == 0)
    try goOn(1..<2, 91...300)
    #expect(fleet.alerts.count == 0 && fleet["agent-0"] == nil)
  }

  // MARK: Many

  /// However long nothing comes, and in whichever order agents come back.
  @Test(arguments: [16, 19, 22, 25, 29, 31, 45, 600] as [Int64])
  mutating func wholeFleetThatFallsSilentAtOnceIsOneTrouble(length: Int64) throws {
    let (end, again) = (300, 300 + length) as (Int64, Int64)
    try goOn(0..<50, 0...end)
    for second in end + 1...again {
      fleet.advance(to: .at(second))
      #expect(fleet.alerts.count == 0, "\(second)")
      if second >= end + 30 { #expect(fleet.isSourceSilent) }
    }
    try goOn(0..<50, again + 1...again + 100)
    #expect(fleet.alerts.count == 0 && !fleet.isSourceSilent)
    #expect(fleet.takeAlertChanges().isEmpty)
  }

  @Test mutating func oneThatGoesOnShowsThatTheOthersAreSilent() throws {
    try goOn(0..<10, 0...100)
    try goOn(9..<10, 101...150)
    #expect(fleet.alerts.count(of: .silent) == 9 && !fleet.isSourceSilent)
  }

  @Test mutating func agentsThatStopOneByOneHaveAnAlertEachButTheLast() throws {
    for last in 0..<20 { try goOn(last..<20, Int64(last) * 30 + 1...Int64(last) * 30 + 30) }
    try goOn(20..<20, 601...700)
    #expect(fleet.alerts.count(of: .silent) == 19 && fleet.isSourceSilent && fleet.silences.isOfAll)
    // One that comes back shows that the source is alive.
    try goOn(0..<1, 701...740)
    #expect(!fleet.isSourceSilent && fleet.alerts.count(of: .silent) == 19)
    #expect(alert("agent-0") == nil && alert("agent-19") != nil)
  }

  // MARK: Who watches, and who takes over

  @Test mutating func consoleOpensItOnlyWithoutAHandler() throws {
    fleet.watch()
    fleet.openSilentAlerts()
    fleet.setHandler(isAlive: true)
    try goOn(0..<3, 0...50)
    try goOn(2..<3, 51...100)
    #expect(fleet.alerts.count == 0, "the handler's word counts")
    fleet.noteJudged(upTo: .at(75))
    fleet.setHandler(isAlive: false)
    #expect(alert("agent-1") == nil, "the handler had judged it, and has none open")
    let position = try #require(fleet.position(of: "agent-0"))
    #expect(fleet.alert(.silent, ofAgentAt: position)?.isLocal == true)
  }

  @Test mutating func consoleLetsTheHandlerEndItsAlert() throws {
    fleet.watch()
    fleet.openSilentAlerts()
    fleet.setHandler(isAlive: true)
    try goOn(0..<2, 0...50)
    try goOn(1..<2, 51...85)
    let silent = AlertRecord(id: AlertID(.silent, "agent-0"), severity: .high, since: .at(80), last: .at(80))
    fleet.setAlerts([silent], judgedUpTo: .at(85), at: .at(85))
    let position = try #require(fleet.position(of: "agent-0"))
    #expect(fleet.alert(.silent, ofAgentAt: position).map { fleet.grade(of: $0).standing } == .present)
    try report("agent-0", 86)
    #expect(fleet.alert(.silent, ofAgentAt: position).map { fleet.grade(of: $0).standing } == .past)
    fleet.setAlerts([], judgedUpTo: .at(87), at: .at(87))
    #expect(fleet.alerts.count == 0)
  }

  /// What the handler before has judged is not judged again: an alert of that time is open, or somebody has closed it.
  @Test mutating func whoTakesOverOpensOnlyWhatHasFallenSilentSince() throws {
    fleet.holdSilentAlerts()
    try goOn(0..<3, 0...50)
    try goOn(2..<3, 51...100)
    #expect(fleet.alerts.count == 0)
    fleet.openSilentAlerts(judgedUpTo: .at(75))
    #expect(fleet.alerts.open.map(\.id) == [AlertID(.silent, "agent-0")])
  }

  @Test mutating func alertThatIsTakenOverEndsWithAReportOrAPause() throws {
    fleet.holdSilentAlerts()
    for agent in ["a", "b", "c"] {
      fleet.setAlert(AlertRecord(id: AlertID(.silent, AgentID(agent)), severity: .high, since: .at(0), last: .at(0)))
    }
    fleet.setRecord(record(.paused, version: 7, 10), of: "b")
    fleet.openSilentAlerts(judgedUpTo: .at(0))
    #expect(fleet.alerts.count == 2)
    try report("a", 20)
    #expect(fleet.alerts.open.map(\.id) == [AlertID(.silent, "c")])
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func clockThatIsSetAnewOpensAndEndsNone(step: Int64) throws {
    try goOn(0..<3, 0...50)
    try goOn(1..<3, 51...90)
    _ = fleet.takeAlertChanges()
    fleet.leap(by: .seconds(step))
    fleet.advance(to: .at(91 + step))
    #expect(fleet.takeAlertEnds() == [:] && fleet.alerts.count == 1 && !fleet.isSourceSilent)
    try report("agent-0", 92 + step)
    #expect(fleet.alerts.count == 0)
  }

  @Test mutating func moreTimeIsGivenIfTheRunbookSaysSo() throws {
    try goOn(0..<2, 0...50)
    fleet.setLeastSilence(.minutes(2))
    try goOn(1..<2, 51...169)
    #expect(fleet.alerts.count == 0)
    try goOn(1..<2, 170...171)
    #expect(alert("agent-0")?.since == .at(170))
  }
}
