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

  private mutating func add(
    _ number: Int64, _ agent: AgentID, cost: Double? = nil, tokens: Double? = nil, role: String = "sales",
    in zone: Zone = .utc
  ) -> [BudgetEvent] {
    watch.add(
      Spending.Minute(Self.midnight + .minutes(number), costAnHour: cost, tokens: tokens), of: agent, role: role,
      Self.budgets, currency: "EUR", in: zone)
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
    _ = add(1, "a1", cost: 60)
    let value = try #require(watch.takeChanged().agents.first?.1)
    let spending = try #require(SpendingCoding.decode(value))
    #expect(spending.cost.used == 13 && spending.minute == BudgetDay.minute(of: Self.midnight) + 1)
  }

  @Test mutating func namesOfEventsAreOfADayAndALevel() {
    let ids = [0, 1440].map { add($0, "a1", cost: 510).compactMap { json($0)?["event_id"]?.text } }
    #expect(ids == [["agent.budget/agent//a1/cost/29921760/1"], ["agent.budget/agent//a1/cost/29923200/1"]])
  }
}
