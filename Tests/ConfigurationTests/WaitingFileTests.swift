import Configuration
import FleetModel
import Testing

/// `[waiting]` of the handler's file.
@Suite struct WaitingFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> WaitingSettings {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml").waiting
  }

  @Test func levelIsReadAndFiveMinutesIfNobodySays() throws {
    #expect(try read("").level == .minutes(5))
    #expect(try read("[waiting]").level == .minutes(5))
    #expect(try read("[waiting]\nlevel = '90s'").level == .seconds(90))
    #expect(try read("[waiting]\nlevel = '7d'").level == .days(7))
  }

  @Test func levelsOfSkillsAreReadInTheirOrder() throws {
    let levels = try read(
      """
      [waiting]
      level = '10m'
      [[waiting.levels]]
      skill = 'refunds*'
      level = '2m'
      [[waiting.levels]]
      skill = '*'
      level = '1h'
      """
    ).levels
    #expect(levels.usual == .minutes(10) && levels.entries.map(\.level) == [.minutes(2), .hours(1)])
    #expect(levels.level(of: "refunds-eu") == .minutes(2) && levels.level(of: "law") == .hours(1))
    #expect(try read("[[waiting.levels]]\nskill = 'a'\nlevel = '1m'").level == .minutes(5))
  }

  @Test func moreLevelsThanThereMayBeAreRefused() {
    let many = (0...WaitingLevels.mostEntries).map { "[[waiting.levels]]\nskill = 's\($0)'\nlevel = '1m'\n" }.joined()
    #expect {
      try read(many)
    } throws: {
      "\($0)".hasSuffix("waiting.levels: has 65 entries; expected 64 at most")
    }
  }

  @Test(arguments: [
    ("level = '9s'", "waiting.level: is the text \"9s\"; expected a span from 10s to 7d"),
    ("near = '9s'", "waiting.near: unknown key; waiting has level, levels"),
    ("levels = 5", "waiting.levels: is the number 5; expected a list of tables"),
    ("[[waiting.levels]]\nlevel = '1m'", "is missing; expected a text such as \"refunds*\", at most 128 bytes"),
    ("[[waiting.levels]]\nskill = ''\nlevel = '1m'", "expected a text such as \"refunds*\", at most 128 bytes"),
    ("[[waiting.levels]]\nskill = 'a'", "level: is missing; expected a span from 10s to 7d"),
    ("[[waiting.levels]]\nskill = 'a'\nlevel = '9s'", "expected a span from 10s to 7d"),
    ("[[waiting.levels]]\nskil = 'a'", "unknown key; an entry of waiting.levels has skill, level"),
  ])
  func wrongSettingIsNamed(_ text: String, _ problem: String) {
    #expect {
      try read("[waiting]\n\(text)")
    } throws: {
      "\($0)".hasSuffix(problem)
    }
  }
}
