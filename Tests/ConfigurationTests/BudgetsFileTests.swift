import Configuration
import FleetModel
import Testing

@Suite struct BudgetsFileTests {
  private func budgets(_ text: String) throws -> [Budget] {
    try HandlerFile.read(Array(text.utf8), file: "h.toml").budgets
  }

  @Test func budgetsAreOfAgentsOfRolesOrOfAll() throws {
    let read = try budgets(
      """
      [[budgets]]
      agent = "sales-*"
      cost = 50

      [[budgets]]
      role = "support"
      tokens = 2_000_000

      [[budgets]]
      cost = 1000.5
      """)
    #expect(
      try read == [
        Budget(.agent(#require(Glob("sales-*"))), .cost, most: 50),
        Budget(.role(#require(Glob("support"))), .tokens, most: 2_000_000), Budget(.fleet, .cost, most: 1000.5),
      ])
  }

  @Test(arguments: [
    ("budgets = 3", "h.toml:1: budgets: is the number 3; expected a list of tables"),
    ("[[budgets]]\nrole = \"a\"", "h.toml:1: budgets[0]: expected cost or tokens, one of them"),
    ("[[budgets]]\ncost = 1\ntokens = 1", "h.toml:1: budgets[0]: expected cost or tokens, one of them"),
    (
      "[[budgets]]\nrole = \"a\"\nagent = \"b\"\ncost = 1",
      "h.toml:2: budgets[0].role: stands beside agent; expected one of them"
    ),
    ("[[budgets]]\ncost = 0", "h.toml:2: budgets[0].cost: is the number 0; expected a number above 0"),
  ])
  func faultsAreSaidWithTheirLine(text: String, words: String) {
    #expect { try budgets(text) } throws: { "\($0)" == words }
  }
}
