import FleetModel
import Testing
import Wire

@testable import Handler

/// What agents use a day, and what is told of it.
@Suite struct BudgetWatchTests {
  private static let midnight = Instant(milliseconds: 1_795_305_600_000)
  private static let budgets = [
    Budget(.agent(Glob("a*")!), .cost, most: 10), Budget(.role(Glob("sales")!), .tokens, most: 1000),
    Budget(.fleet, .cost, most: 100),
  ]

  private var watch = BudgetWatch()
  private var now = Self.midnight

  /// - Parameter present: the minute under way; by default it is past the last one that was added.
  private mutating func add(
    _ number: Int64, _ agent: AgentID, cost: Double? = nil, tokens: Double? = nil, role: String = "sales",
    in zone: Zone = .utc, at present: Int64? = nil
  ) -> [BudgetEvent] {
    now = present.map { Self.midnight + .minutes($0) } ?? max(now, Self.midnight + .minutes(number + 1))
    return watch.add(
      Spending.Minute(Self.midnight + .minutes(number), costAnHour: cost, tokens: tokens), of: agent, role: role,
      Self.budgets, currency: "EUR", in: zone, at: now)
  }

  /// What is written next of an agent and of the fleet.
  private mutating func written(_ agent: AgentID) throws -> (agent: Spending, fleet: Spending) {
    let changed = watch.takeChanged()
    let own = try #require(changed.agents.first { $0.0 == agent }?.1)
    let fleet = try #require(changed.groups.first { $0.0 == Array("fleet".utf8) }?.1)
    return (try #require(SpendingCoding.decode(own)), try #require(SpendingCoding.decode(fleet)))
  }

  private func json(_ event: BudgetEvent) -> JSONValue? { try? JSONValue.parse(event.payload) }

  @Test mutating func eachLevelIsToldOnceADay() {
    let told = (0..<300 as Range<Int64>).flatMap { add($0, "a1", cost: 6) }.map { $0.use.told }
    #expect(told == [1, 2, 3])
    #expect((1440..<1550 as Range<Int64>).flatMap { add($0, "a1", cost: 6) }.map(\.use.told) == [1, 2, 3])
    // What crosses all levels at once is told once.
    #expect(add(0, "a2", cost: 60_000).filter { $0.subject == .agent }.map(\.use.told) == [3])
  }

  @Test mutating func aRoleAndTheFleetAreAddedUp() throws {
    #expect(add(0, "b1", tokens: 500).isEmpty && add(0, "c1", tokens: 900, role: "support").isEmpty)
    let event = try #require(add(1, "b2", tokens: 350).first)
    #expect(event.subject == .role("sales") && event.agent == "b2" && event.use.used == 850)
    let data = try #require(json(event)?["data"])
    #expect(data["budget"]?.text == "role" && data["role"]?.text == "sales" && data["share"]?.double == 0.85)
    #expect(data["detail"]?.text?.hasPrefix("role sales has used 85% of 1000 tokens a day; ") == true)
    // Who changes the role takes along what was used.
    #expect(add(2, "b1", tokens: 1, role: "support").isEmpty)
    #expect(add(3, "b2", tokens: 50).isEmpty)
    #expect(add(4, "c1", cost: 5000, role: "support").map(\.subject) == [.fleet])
  }

  @Test mutating func aTakeoverNeitherLosesNorDoublesAMinuteAndTellsNothingAgain() throws {
    let whole = (0..<60 as Range<Int64>).flatMap { add($0, "a1", cost: 13) + add($0, "b1", tokens: 20) }
    let uses = watch.takeChanged()
    watch = BudgetWatch()
    var stored: [AgentID: Spending] = [:]
    var groups: [[UInt8]: Spending] = [:]
    var told: [BudgetEvent] = []
    // Another handler takes over every seven minutes, and adds up again what came in the last ten.
    for first in stride(from: 0 as Int64, to: 60, by: 7) {
      watch = BudgetWatch()
      let old = watch.load(
        stored.map { ($0.key, $0.value) }, groups: groups.map { ($0.key, $0.value) },
        at: Self.midnight + .minutes(first))
      #expect(old.isEmpty)
      for number in max(0, first - 10)..<min(60, first + 7) {
        told += add(number, "a1", cost: 13) + add(number, "b1", tokens: 20)
      }
      let changed = watch.takeChanged()
      for (agent, value) in changed.agents {
        stored.updateValue(try #require(SpendingCoding.decode(value)), forKey: agent)
      }
      for (field, value) in changed.groups {
        groups.updateValue(try #require(SpendingCoding.decode(value)), forKey: field)
      }
    }
    #expect(told == whole && whole.count == 6)
    for (agent, value) in uses.agents { #expect(stored[agent] == SpendingCoding.decode(value)) }
  }

  @Test mutating func whatIsTwoDaysOldLeavesAndTheFutureCountsForNothing() {
    func day(_ number: Int64) -> BudgetDay { Zone.utc.day(of: Self.midnight + .days(number)) }
    let old = Spending(day: day(-2), minute: 1, cost: .init(used: 99))
    let future = Spending(day: day(9), minute: 99_999_999, cost: .init(used: 99))
    let yesterday = Spending(day: day(-1), minute: 1, role: "sales", cost: .init(used: 99))
    let leaves = watch.load([("a1", old), ("a2", future), ("a3", yesterday)], groups: [], at: Self.midnight)
    #expect(leaves == ["a1"])
    #expect(add(0, "a2", cost: 60).isEmpty && add(0, "a3", cost: 60).isEmpty)
  }

  @Test mutating func aStoredMinuteOfTheFutureHoldsNoLaterOneBack() throws {
    let day = Zone.utc.day(of: Self.midnight)
    let ahead = Spending(day: day, minute: 9_999_999_999, cost: .init(used: 12))
    #expect(watch.load([("a1", ahead)], groups: [], at: Self.midnight).isEmpty)
    let first = BudgetDay.minute(of: Self.midnight)
    for (_, value) in watch.takeChanged().groups { #expect(SpendingCoding.decode(value)?.minute == first) }
    _ = add(1, "a1", cost: 60)
    let (spending, fleet) = try written("a1")
    #expect(spending.cost.used == 13 && spending.minute == first + 1)
    #expect(fleet.cost.used == 13 && fleet.minute == first + 1)
  }

  @Test mutating func aClockThatIsSetBackHoldsNoMinuteBack() throws {
    let first = BudgetDay.minute(of: Self.midnight)
    for number in 600..<610 as Range<Int64> { _ = add(number, "a1", cost: 60) }
    // The minute under way ends as the clock is an hour back.
    _ = add(610, "a1", cost: 60, at: 550)
    for number in 550..<560 as Range<Int64> { _ = add(number, "a1", cost: 60, at: number + 1) }
    // What comes late or a second time counts no second time.
    for number in [555, 559] as [Int64] { #expect(add(number, "a1", cost: 60).isEmpty) }
    let (spending, fleet) = try written("a1")
    #expect(spending.cost.used == 20 && spending.minute == first + 559)
    #expect(fleet.cost.used == 20 && fleet.minute <= first + 560)
    // As before, another handler that takes over counts on.
    _ = add(560, "a1", cost: 60)
    #expect(try written("a1").fleet.cost.used == 21)
  }

  @Test mutating func aClockThatIsSetBackOverMidnightCountsForTheDayThatItIs() throws {
    let today = Zone.utc.day(of: Self.midnight)
    for agent in ["a1", "b1"] as [AgentID] {
      for number in 1430..<1450 as Range<Int64> { _ = add(number, agent, cost: 60) }
    }
    for number in 1400..<1410 as Range<Int64> { _ = add(number, "a1", cost: 60, at: number + 1) }
    let (spending, fleet) = try written("a1")
    #expect(spending.day == today && spending.cost.used == 10)
    #expect(fleet.day == today && fleet.cost.used == 10)
    for agent in ["a1", "b1"] as [AgentID] { _ = add(1440, agent, cost: 60) }
    let next = try written("b1")
    #expect(next.agent.cost.used == 1 && next.fleet.cost.used == 2 && next.fleet.day.from == today.until)
  }

  @Test mutating func namesOfEventsAreOfADayAndALevel() {
    let ids = [0, 1440].map { add($0, "a1", cost: 510).compactMap { json($0)?["event_id"]?.text } }
    #expect(ids == [["agent.budget/agent//a1/cost/29921760/1"], ["agent.budget/agent//a1/cost/29923200/1"]])
  }
}
