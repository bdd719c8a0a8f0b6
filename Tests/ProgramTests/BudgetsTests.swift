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

  private func store(_ agent: String, _ used: Double, of most: Double? = nil, daysAgo: Int64 = 0) throws {
    let now = try server.time()
    let day = Spending.day(of: now) - daysAgo
    let spending = Spending(day: day, minute: now.milliseconds / 60_000, cost: .init(used: used, most: most))
    _ = try server.call("HSET", keys.budgets, agent, SpendingCoding.encode(spending))
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
}
