import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia budgets`, from what the handler stores.
@Suite(.threaded) struct BudgetsTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(["budgets"] + arguments, on: server.endpoint).finish()
  }

  private func store(_ agent: AgentID, _ used: Double, of most: Double? = nil, daysAgo: Int64 = 0) throws {
    let now = try server.time()
    let day = Zone.utc.day(of: now - .days(daysAgo))
    let spending = Spending(day: day, minute: now.milliseconds / 60_000, cost: .init(used: used, most: most))
    _ = try server.call("HSET", keys.budgets, agent.bytes, SpendingCoding.encode(spending))
  }

  @Test func whoHasUsedTheGreatestPartComesFirst() throws {
    try store("a", 400)
    try store("b", 5, of: 10)
    try store("c", 9, of: 10)
    try store("d", 7, of: 7, daysAgo: 1)
    let lines = try run().output.split(separator: "\n").map(String.init)
    #expect(lines.count == 4 && lines[0].contains("by midnight"))
    #expect(lines[1].hasPrefix("agent  c") && lines[1].contains("90%"))
    #expect(lines[2].hasPrefix("agent  b") && lines[3].hasPrefix("agent  a"))
    let first = try JSONValue.parse(Array(run("--json").output.utf8))["budgets"]?.list?.first
    #expect(first?["name"]?.text == "c" && first?["share"]?.double == 0.9)
  }

  @Test func nothingUsedAndGarbageAreSaid() throws {
    #expect(try run().output == "nothing has been used today, or the handler's settings have no [[budgets]]\n")
    _ = try server.call("HSET", keys.budgets, "a", "{", "\u{1B}[2J", "7")
    let result = try run()
    #expect(result.status == 1 && result.errors == "vigia: budgets: 2 stored values could not be read\n")
  }

  @Test func largeNumbersHaveUnitsAndADayThatEndsElsewhereSaysWhen() throws {
    let now = try server.time()
    let minute = BudgetDay.minute(of: now)
    let day = BudgetDay(from: minute / 60 * 60 - 120, until: minute / 60 * 60 + 600 + (minute % 1440 < 840 ? 30 : 0))
    let spending = Spending(day: day, minute: minute, tokens: .init(used: 37_300_000, rate: 12_400, most: 50_000_000))
    _ = try server.call("HSET", keys.budgetGroups, "role/sales", SpendingCoding.encode(spending))
    let lines = try run().output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasSuffix("by midnight, \(ISO8601.format(day.end).dropFirst(11).prefix(5))Z"))
    #expect(lines[1].hasPrefix("role  sales  tokens  37.3 M  50 M    74%   12.4 k"))
  }

  @Test func statusHasTheBudgetsThatTouchAnAgent() throws {
    let event = #"{"entity_id":"a","event_type":"updated","data":{"role":"sales"}}"#
    _ = try server.call("XADD", keys.events, "*", "__data__", event)
    try store("a", 5, of: 10)
    try store("b", 5, of: 10)
    let day = Zone.utc.day(of: try server.time())
    for group in ["role/sales", "role/support", "fleet"] {
      let spending = Spending(day: day, minute: day.from, tokens: .init(used: 7, most: 70))
      _ = try server.call("HSET", keys.budgetGroups, group, SpendingCoding.encode(spending))
    }
    func budgets() throws -> [JSONValue]? {
      let output = try Program(["status", "--json"], on: server.endpoint).finish().output
      return try JSONValue.parse(Array(output.utf8))["agents"]?.list?.first?["budgets"]?.list
    }
    #expect(try budgets()?.map { $0["kind"]?.text } == ["agent", "role", "fleet"])
    #expect(try budgets()?.map { $0["name"]?.text } == ["a", "sales", "all agents"])
    #expect(try budgets()?[0]["share"]?.double == 0.5)
    _ = try server.call("DEL", keys.budgets)
    _ = try server.call("SET", keys.budgets, "x")
    #expect(try budgets() == nil)
  }
}
