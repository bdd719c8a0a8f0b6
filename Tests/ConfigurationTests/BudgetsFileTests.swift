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

/// In which zone a day of budgets begins.
@Suite struct ZoneFileTests {
  /// A file of version 1: always an hour ahead of UTC.
  private static let hourAhead =
    Array("TZif".utf8) + Array(repeating: 0, count: 35) + [1, 0, 0, 0, 4, 0, 0, 0x0E, 0x10, 0, 0] + Array("CET\0".utf8)

  private func zone(_ text: String) throws -> Zone? {
    try HandlerFile.read(Array(text.utf8), file: "h.toml") { path in
      switch path {
      case "/usr/share/zoneinfo/Africa/Algiers": Self.hourAhead
      case "/usr/share/zoneinfo/leapseconds": Array("# text".utf8)
      default: nil
      }
    }.zone
  }

  @Test func itIsReadFromTheFileOfItsName() throws {
    let zone = try #require(try zone(#"zone = "Africa/Algiers""#))
    #expect(zone.name == "Africa/Algiers" && zone.day(of: 1440) == BudgetDay(from: 1380, until: 2820))
    #expect(try self.zone("") == nil && self.zone(#"zone = "UTC""#) == .utc)
  }

  @Test(arguments: [
    (
      "\nzone = \"Africa/Algier\"",
      "h.toml:2: zone: is the text \"Africa/Algier\"; expected the name of a time zone such as \"Europe/Lisbon\", which this machine has in /usr/share/zoneinfo/"
    ),
    (
      "zone = \"../passwd\"",
      "h.toml:1: zone: is the text \"../passwd\"; expected the name of a time zone such as \"Europe/Lisbon\""
    ),
    ("zone = 2", "h.toml:1: zone: is the number 2; expected the name of a time zone such as \"Europe/Lisbon\""),
    ("zone = \"leapseconds\"", "h.toml:1: zone: /usr/share/zoneinfo/leapseconds is no file of a time zone"),
  ])
  func faultsAreSaidWithTheirLine(text: String, words: String) {
    #expect { try zone(text) } throws: { "\($0)" == words }
  }
}
