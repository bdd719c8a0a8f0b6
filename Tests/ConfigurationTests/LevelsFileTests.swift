import FleetModel
import Testing

@testable import Configuration

@Suite struct LevelsFileTests {
  private func read(_ text: String) throws -> LevelTable {
    try HandlerFile.read(Array(text.utf8), file: "h.toml").levels
  }

  private func error(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func entryIsForWhomItNames() throws {
    let table = try read(
      """
      parallel = 3
      [[levels]]
      role = "sales*"
      tier = "gold"
      error_rate = { medium = 0.02, high = 0.05, critical = 0.1 }
      [[levels]]
      agent = "agent-7"
      avg_rating = { medium = 3.5, high = 3, critical = 2 }
      """)
    #expect(table.entries.map(\.line) == [2, 6])
    #expect(table.entries[0].levels == [.errorRate: Limits.Levels(medium: 0.02, high: 0.05, critical: 0.1)])
    #expect(table.entries[0].fits("a", role: "sales-br", tier: "gold"))
    #expect(!table.entries[0].fits("a", role: "sales-br", tier: ""))
    #expect(
      table.entries[1].fits("agent-7", role: "", tier: "") && !table.entries[1].fits("agent-77", role: "", tier: ""))
  }

  @Test(arguments: [
    ("levels = 3", "h.toml:1: levels: is the number 3; expected a list of tables"),
    ("[[levels]]\nrole = \"a\"", "h.toml:1: levels[0]: names no metric; expected one at least, such as error_rate"),
    (
      "[[levels]]\nerror_rate = { medium = 0.1, high = 0.05, critical = 0.2 }",
      "h.toml:2: levels[0].error_rate: its levels have to rise from medium to critical"
    ),
    (
      "[[levels]]\navg_rating = { medium = 2, high = 3, critical = 4 }",
      "h.toml:2: levels[0].avg_rating: its levels have to fall from medium to critical"
    ),
    (
      "[[levels]]\navg_rating = { medium = 4.5, high = 3, critical = 2 }",
      "h.toml:2: levels[0].avg_rating.medium: is so good that its alert could never end: values have to be 20% better; expected less than 4"
    ),
    (
      "[[levels]]\nerror_rate = { medium = 5, high = 10, critical = 25 }",
      "h.toml:2: levels[0].error_rate.medium: is the number 5; expected a number from 0.0 to 1.0"
    ),
    (
      "[[levels]]\nerror_rate = { medium = 0.1, high = 0.2 }",
      "h.toml:2: levels[0].error_rate.critical: is missing; expected a number"
    ),
    (
      "[[levels]]\nqueue_size = 100",
      "h.toml:2: levels[0].queue_size: is the number 100; expected a table such as { medium = 0.05, high = 0.1, critical = 0.25 }"
    ),
  ])
  func errorNamesFileLineAndWhatWasExpected(text: String, expected: String) {
    #expect(error(text) == expected)
  }

  @Test func unknownMetricIsRefusedWithThoseThatThereAre() {
    #expect(
      error("[[levels]]\nerrors = 3")?.hasPrefix("h.toml:2: levels[0].errors: unknown key; an entry of levels has role")
        == true)
  }

  @Test func noMoreEntriesAreTakenThanThereIsRoomFor() {
    let entry = "[[levels]]\nqueue_size = { medium = 1, high = 2, critical = 3 }\n"
    #expect(error(String(repeating: entry, count: 64)) == nil)
    #expect(error(String(repeating: entry, count: 65)) == "h.toml:1: levels: has 65 entries; expected 64 at most")
  }
}
