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

  @Test(arguments: [
    ("level = '9s'", "waiting.level: is the text \"9s\"; expected a span from 10s to 7d"),
    ("near = '9s'", "waiting.near: unknown key; waiting has level"),
  ])
  func wrongSettingIsNamed(_ text: String, _ problem: String) {
    #expect {
      try read("[waiting]\n\(text)")
    } throws: {
      "\($0)".hasSuffix(problem)
    }
  }
}
