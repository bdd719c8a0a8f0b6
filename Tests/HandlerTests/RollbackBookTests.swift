import FleetModel
import Insight
import Testing
import Wire

@testable import Handler

/// Who is to go back from a version that was named worse, and when.
@Suite struct RollbackBookTests {
  private static let now = Instant(milliseconds: 1_763_000_000_000)

  /// Agents of a role, each with its version.
  private struct Fleet: VersionedFleet {
    /// How often all agents were gone through.
    final class Looks { var count = 0 }

    var role = "sales"
    var agents: [AgentID: String] = [:]
    /// Those that are stopped, silent or unknown.
    var away: Set<AgentID> = []
    let looks = Looks()

    func hasLeft(_ version: String, _ agent: AgentID) -> Bool {
      !away.contains(agent) && agents[agent] ?? version != version
    }

    func runners(of versions: [WorseVersion]) -> [RollbackBook.Runners] {
      looks.count += 1
      return versions.map { version in
        var found = RollbackBook.Runners()
        guard version.role == role else { return found }
        for (agent, runs) in agents.sorted(by: { "\($0.key)" < "\($1.key)" }) where !away.contains(agent) {
          found.add(agent, runs: runs == version.worse)
        }
        return found
      }
    }
  }

  private var book = RollbackBook()
  private var fleet = Fleet()
  private var now = Self.now

  init() {
    book.load([])
    for number in 0..<40 { fleet.agents[Self.id(number)] = number < 35 ? "2" : "1" }
  }

  private static func id(_ number: Int) -> AgentID { AgentID("a\(number < 10 ? "0" : "")\(number)") }

  private static func difference(_ worse: String, than better: String) -> VersionDifference {
    VersionDifference(
      metric: MetricID(rawValue: 0), worse: worse, better: better, worseCounts: RateCounts(failures: 37, of: 412),
      betterCounts: RateCounts(failures: 279, of: 9310))
  }

  private mutating func note(_ worse: String, than better: String, role: String = "sales") {
    book.note(Self.difference(worse, than: better), metric: "error_rate", role: role, at: now)
  }

  private mutating func take(_ mode: Autonomy = .propose, share: Double = 0.1) -> [RollbackEvent] {
    book.take(at: now, mode, share: share, in: fleet)
  }

  /// Takes what there is a minute later.
  private mutating func takeNext(_ mode: Autonomy = .propose) -> [RollbackEvent] {
    now = now + .minutes(1)
    return take(mode)
  }

  private mutating func move(_ moved: some Sequence<AgentID>, to version: String = "1") {
    for agent in moved { fleet.agents[agent] = version }
  }

  @Test mutating func eventNamesAgentsAndEvidence() throws {
    note("2", than: "1")
    let event = try #require(take().first)
    #expect(event.agents == (0..<32).map(Self.id) && event.running == 35)
    let json = try JSONValue.parse(event.payload)
    #expect(json["entity_id"] == "a00" && json["event_type"] == "agent.version_worse" && json["source"] == "vigia")
    #expect(json["event_id"]?.text == "agent.version_worse/sales/2/1/1763000000000/a00")
    let data = try #require(json["data"])
    #expect(data["worse"] == "2" && data["better"] == "1" && data["role"] == "sales" && data["mode"] == "propose")
    #expect(data["version"] == nil, "it would say what the agent itself runs")
    #expect(data["agents"]?.list?.count == 32 && data["running"]?.int == 35)
    #expect(
      data["detail"]?.text == "version 2: error_rate is 3 times that of 1, 37 of 412 messages against 279 of 9310")
  }

  @Test mutating func theRestIsNamedOnceAllBeforeHaveLeft() {
    note("2", than: "1")
    let first = take().first?.agents ?? []
    move(first.dropLast())
    now = now + .minutes(5)
    #expect(take() == [], "one still runs it")
    move(first)
    #expect(take() == [], "it was looked at within the minute")
    now = now + .minutes(1)
    #expect(take().map(\.agents) == [(32..<35).map(Self.id)])
    move(fleet.agents.keys)
    now = now + .minutes(1)
    #expect(take() == [] && book.versions.map(\.isClosed) == [true])
    // Whoever gets the version after that is left to people.
    move([Self.id(0)], to: "2")
    note("2", than: "1")
    now = now + .minutes(10)
    #expect(take() == [] && book.versions.count == 1)
  }

  /// By the bytes of ids it stands before those that were named.
  @Test mutating func whoGetsTheVersionLaterIsNamedWithTheNextOnes() {
    note("2", than: "1")
    let first = take().first?.agents ?? []
    move(first)
    move(["A"], to: "2")
    #expect(takeNext().map(\.agents) == [["A"] + (32..<35).map(Self.id)])
  }

  @Test mutating func whoIsGoneOrStoppedHasNotLeft() {
    note("2", than: "1")
    let first = take(.auto).first?.agents ?? []
    move(first)
    fleet.away = Set(first.suffix(1))
    #expect(takeNext(.auto) == [] && book.versions.map(\.step?.agents) == [first])
    fleet.away = []
    #expect(takeNext(.auto).map(\.agents) == [(4..<8).map(Self.id)])
    fleet.agents[Self.id(4)] = nil
    move((5..<8).map(Self.id))
    now = now + .hours(24)
    #expect(take(.auto) == [] && book.versions.map(\.isClosed) == [true])
  }

  @Test mutating func roleHasOneVersionAtATimeWhoseAgentsGoBack() {
    move((0..<3).map(Self.id), to: "3")
    note("2", than: "1")
    note("3", than: "1")
    #expect(take(.auto).map(\.version.worse) == ["2"])
    #expect(takeNext(.auto) == [])
    for _ in 0..<7 {
      move(book.versions[0].step?.agents ?? [])
      #expect(takeNext(.auto).map(\.version.worse) == ["2"])
    }
    move(fleet.agents.filter { $0.value == "2" }.keys)
    #expect(takeNext(.auto) == [] && book.versions.map(\.isClosed) == [true, false])
    #expect(takeNext(.auto).map(\.agents) == [(0..<3).map(Self.id)])
  }

  @Test mutating func allAgentsAreGoneThroughOnceForAllRolesAndOnlyIfSomeMayGoBack() {
    note("2", than: "1")
    note("2", than: "1", role: "support")
    #expect(take().map(\.version.role) == ["sales"] && fleet.looks.count == 1)
    // A version that is named meanwhile waits for the next look.
    note("2", than: "1", role: "chat")
    #expect(take() == [] && fleet.looks.count == 1)
    #expect(takeNext() == [] && fleet.looks.count == 2)
    #expect(takeNext() == [] && fleet.looks.count == 2, "one role is left, whose agents have not left the version")
  }

  @Test mutating func whileAutomationIsOffNothingIsUsedUp() {
    note("2", than: "1")
    #expect(take(.off) == [] && book.versions.map(\.step) == [nil])
    #expect(takeNext().map(\.agents.count) == [32])
  }

  /// A longer name is cut to 125 bytes or more where it is heard.
  @Test(arguments: [(124, 1), (125, 0), (128, 0)]) mutating func whatMayBeACutNameIsNotNoted(_ bytes: Int, _ count: Int)
  {
    let long = String(repeating: "v", count: bytes)
    note(long, than: "1", role: "a")
    note("1", than: long, role: "b")
    #expect(book.versions.count == 2 * count)
  }

  @Test(arguments: [(0.1, 4), (0, 1), (-1, 1), (0.5, 20), (1, 32), (7, 32)] as [(Double, Int)])
  mutating func byThemselvesSoManyGoBackAtOnce(_ share: Double, _ count: Int) {
    note("2", than: "1")
    #expect(take(.auto, share: share).map(\.agents.count) == [count])
  }

  @Test mutating func longIdsMakeAnEventThatIsKeptWhole() throws {
    fleet.agents = [:]
    for number in 0..<32 {
      fleet.agents[AgentID(String(repeating: "\u{1}", count: AgentID.mostBytes - 2) + "\(number + 10)")] = "2"
    }
    note("2", than: "1")
    let event = try #require(take().first)
    #expect(event.agents.count == 8 && event.payload.count < TextBound.data)
    #expect(try JSONValue.parse(event.payload)["data"]?["agents"]?.list?.count == 8)
  }

  @Test mutating func versionIsNamedOnceInItsRole() {
    note("2", than: "1")
    note("2", than: "0")
    #expect(take().count == 1 && book.versions.map(\.better) == ["1"])
    note("2", than: "1", role: "support")
    #expect(book.versions.map(\.role) == ["sales", "support"])
  }

  @Test mutating func nobodyGoesBackToWhatWasNamedWorseItself() {
    note("1", than: "0")
    note("2", than: "1")
    #expect(take().map(\.version.worse) == ["1"])
    #expect(book.versions.map(\.isClosed) == [false, true])
  }

  @Test mutating func twoThatAreWorseInTurnsSendNobodyBackAndForth() {
    note("2", than: "1")
    let first = take(.auto).first?.agents ?? []
    move(first)
    note("1", than: "2")
    now = now + .minutes(2)
    #expect(take(.auto) == [] && book.versions.map(\.isClosed) == [true, true])
  }

  @Test mutating func whoDoesNotLeaveItWithinADayIsLeftToPeople() {
    note("2", than: "1")
    #expect(take().count == 1)
    now = now + .hours(24)
    #expect(take() == [] && book.versions.map(\.isClosed) == [true])
  }

  @Test mutating func clockThatIsSetBackNamesNobodyTwice() {
    note("2", than: "1")
    #expect(take().count == 1)
    now = now - .hours(1)
    #expect(take() == [] && book.versions.map(\.isClosed) == [false])
  }

  @Test mutating func successorGoesOnWithWhatIsStored() throws {
    note("2", than: "1")
    let first = take().first?.agents ?? []
    let changed = book.takeChanged()
    let stored = try #require(changed.map { WorseVersionCoding.encode($0) })
    #expect(book.takeChanged() == nil)
    book = RollbackBook()
    book.load(try #require(WorseVersionCoding.decode(stored)))
    note("2", than: "1")
    #expect(book.takeChanged() == nil && take() == [])
    move(first)
    now = now + .minutes(1)
    #expect(take().map(\.agents) == [(32..<35).map(Self.id)])
  }

  @Test mutating func nothingIsNotedBeforeItIsRead() {
    book = RollbackBook()
    note("2", than: "1")
    #expect(book.versions.isEmpty && book.takeChanged() == nil && take() == [])
  }

  @Test mutating func theLatestAreRemembered() {
    for number in 0..<100 { note("v\(number)", than: "x", role: "r") }
    #expect(book.versions.count == WorseVersion.most && book.versions.last?.worse == "v99")
    for _ in book.versions { #expect(takeNext() == [], "nobody runs them") }
    #expect(book.versions.allSatisfy { $0.isClosed })
  }
}
