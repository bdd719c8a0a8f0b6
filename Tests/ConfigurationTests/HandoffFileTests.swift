import Configuration
import FleetModel
import Testing

/// `[handoff]` of the handler's file.
@Suite struct HandoffFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> HandoffSettings {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml").handoff
  }

  @Test func itIsOffUnlessTheFileSaysSo() throws {
    #expect(try read("").mode == .off && read("[handoff]").mode == .off)
    let settings = try read("[handoff]\nmode = 'auto'\nanswer_within = '5s'")
    #expect(settings.mode == .auto && settings.answerWithin == .seconds(5))
    #expect(try read("[handoff]\nmode = 'auto'").answerWithin == .seconds(20))
    #expect(try read("[handoff]\nmode = 'propose'").mode == .propose)
  }

  @Test(arguments: [
    ("mode = 'on'", "handoff.mode: is the text \"on\"; expected one of \"off\", \"propose\", \"auto\""),
    ("answer_within = '1s'", "handoff.answer_within: is the text \"1s\"; expected a span from 2s to 10m"),
    ("within = '9s'", "handoff.within: unknown key; handoff has mode, answer_within"),
  ])
  func wrongSettingIsNamed(_ text: String, _ problem: String) {
    #expect {
      try read("[handoff]\n\(text)")
    } throws: {
      "\($0)".hasSuffix(problem)
    }
  }
}
