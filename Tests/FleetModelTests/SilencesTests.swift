import FleetModel
import TestSupport
import Testing

/// Who reports by himself, and who of them has stopped.
@Suite struct SilencesTests {
  private var fleet = Fleet()

  private mutating func report(_ agent: String, _ seconds: some Sequence<Int64>) throws {
    for second in seconds { try fleet.apply("metrics", agent, #"{"error_rate":0.01}"#, at: .at(second)) }
  }

  private func pause(_ state: AgentState, version: Int) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.version) = (state, version)
    return record
  }

  /// Silent, of how many.
  private var counts: [Int] { [fleet.silences.silent.count, fleet.silences.reporting] }

  @Test mutating func agentIsSilentAfterThreeOfItsIntervalsAndNotBeforeHalfAMinute() throws {
    try report("often", stride(from: 0, through: 300, by: 5))
    try report("seldom", stride(from: 0, through: 300, by: 60))
    for (second, silent) in [(329, 0), (330, 1), (479, 1), (480, 2)] as [(Int64, Int)] {
      fleet.advance(to: .at(second))
      #expect(counts == [silent, 2], "\(second)")
    }
    #expect(fleet.silences.isOfAll && fleet.silences.since == .at(300))
  }

  /// The first two reports may have come at once, or with an outage between them.
  @Test(arguments: [1, 900] as [Int64])
  mutating func firstSpanThatWasNoneIsForgottenAfterThreeReports(first: Int64) throws {
    try report("a", [0, first, first + 60, first + 120])
    fleet.advance(to: .at(first + 150))
    try report("a", [first + 180])
    for (second, silent) in [(first + 359, 0), (first + 360, 1)] as [(Int64, Int)] {
      fleet.advance(to: .at(second))
      #expect(counts == [silent, 1], "\(second)")
    }
  }

  @Test mutating func twoReportsAtOnceNowAndThenChangeNoInterval() throws {
    try report("a", [0])
    for second in stride(from: Int64(300), through: 3000, by: 300) { try report("a", [second, second + 1]) }
    fleet.advance(to: .at(3250))
    #expect(counts == [0, 1])
  }

  /// Reports may have come in a gap: who was silent before it is so again only after as long a silence.
  @Test mutating func whatMayHaveBeenMissedIsNoSilence() throws {
    try report("a", [0, 10])
    fleet.advance(to: .at(60))
    #expect(counts == [1, 1])
    fleet.applyGap(from: .at(61), to: .at(100), count: nil)
    #expect(counts == [0, 1])
    for (second, silent) in [(129, 0), (130, 1)] as [(Int64, Int)] {
      fleet.advance(to: .at(second))
      #expect(counts == [silent, 1], "\(second)")
    }
    #expect(fleet.silences.since == .at(100))
  }

  @Test mutating func agentThatReportsAgainIsNotSilent() throws {
    try report("a", [0, 10])
    try report("b", [0, 10])
    fleet.advance(to: .at(60))
    #expect(counts == [2, 2])
    try report("a", [61])
    #expect(counts == [0, 2], "nothing came from anybody: the other is given its time")
    fleet.advance(to: .at(200))
    #expect(counts == [2, 2] && fleet.silences.since == .at(61))
  }

  @Test mutating func fleetThatNeverReportedByItselfIsNotSilent() throws {
    try report("once", [0])
    for second in [0, 10, 20] as [Int64] { try fleet.apply("performance_degraded", "events", at: .at(second)) }
    fleet.advance(to: .at(10_000))
    #expect(counts == [0, 0] && !fleet.silences.isOfAll)
  }

  @Test(arguments: [AgentState.paused, .stopped, .restarting])
  mutating func silenceThatWasAskedForIsNone(state: AgentState) throws {
    try report("a", [0, 10])
    try report("b", [0, 10])
    fleet.setRecord(pause(state, version: 1), of: "a")
    fleet.advance(to: .at(100))
    #expect(counts == [1, 1])
    fleet.setRecord(pause(.running, version: 2), of: "a")
    #expect(counts == [1, 2], "it is given its time to report")
    fleet.advance(to: .at(129))
    #expect(counts == [1, 2])
    fleet.advance(to: .at(130))
    #expect(counts == [2, 2])
  }

  @Test mutating func agentThatHasLeftIsNotSilent() throws {
    try report("a", [0, 10])
    try report("b", [0, 10])
    try fleet.apply("deleted", "a", at: .at(20))
    fleet.advance(to: .at(30))
    #expect(counts == [0, 1])
    fleet.advance(to: .at(90))
    #expect(counts == [1, 1])
    // Its place is another's.
    try report("c", [100, 110])
    fleet.advance(to: .at(130))
    #expect(counts == [1, 2])
    try fleet.apply("updated", "b", #"{"is_active":false}"#, at: .at(131))
    #expect(counts == [0, 1])
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func clockThatIsSetAnewSilencesNobody(step: Int64) throws {
    try report("a", [0, 10])
    fleet.leap(by: .seconds(step))
    fleet.advance(to: .at(39 + step))
    #expect(counts == [0, 1])
    fleet.advance(to: .at(41 + step))
    #expect(counts == [1, 1])
  }

  @Test mutating func countsAreThoseOfAPlainScan() throws {
    var random = SeededRandom(seed: 7)
    var now: Int64 = 0
    for _ in 0..<5000 {
      let agent = "agent-\(random.next() % 12)"
      switch random.next() % 12 {
      case 0: fleet.setRecord(pause(AgentState.allCases[Int(random.next() % 5)], version: .max / 2), of: AgentID(agent))
      case 1: try fleet.apply("deleted", agent, at: .at(now))
      case 2: now += Int64(random.next() % 400)
      case 3: try fleet.apply("created", agent, at: .at(now))
      default: try report(agent, [now])
      }
      now += Int64(random.next() % 4)
      fleet.advance(to: .at(now))
      let due = fleet.agents.indices.compactMap { position -> Bool? in
        guard fleet.isPresent(position), fleet.agents.state(at: position) == .running,
          let silentAt = fleet.agents.numbers(at: position).silentAt(
            least: .seconds(30), heardFrom: fleet.silences.heardFrom)
        else { return nil }
        return fleet.now >= silentAt
      }
      try #require(counts == [due.count { $0 }, due.count])
    }
  }
}
