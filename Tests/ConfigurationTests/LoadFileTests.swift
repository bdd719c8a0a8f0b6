import Configuration
import FleetModel
import Testing

@Suite struct LoadFileTests {
  private func read(_ text: String) throws -> LoadSettings {
    try HandlerFile.read(Array(text.utf8), file: "vigia.toml").load
  }

  @Test func loadIsSharedOnlyIfTheFileSaysSo() throws {
    #expect(try read("") == LoadSettings())
    #expect(try read("[load]").mode == .off)
    for mode in Autonomy.allCases {
      #expect(try read("[load]\nmode = \"\(mode.rawValue)\"").mode == mode)
    }
  }

  @Test func allOfItIsRead() throws {
    let settings = try read("[load]\nmode = 'auto'\nsettle = '90s'\nmoves_per_minute = 12")
    #expect(settings.mode == .auto && settings.settle == .seconds(90) && settings.movesAMinute == 12)
  }

  @Test(arguments: [
    ("load = 1", "load: is the number 1; expected a table"),
    ("[load]\nmod = \"auto\"", "load.mod: unknown key; load has mode, settle, moves_per_minute"),
    ("[load]\nmode = \"on\"", "load.mode: is the text \"on\"; expected one of \"off\", \"propose\", \"auto\""),
    ("[load]\nsettle = \"0s\"", "load.settle: is the text \"0s\"; expected a span of up to 1h such as \"10s\""),
    ("[load]\nsettle = \"2h\"", "load.settle: "),
    ("[load]\nmoves_per_minute = 0", "load.moves_per_minute: is the number 0; expected a whole number from 1 to 60"),
    ("[load]\nmoves_per_minute = 61", "load.moves_per_minute: "),
  ]) func whatIsWrongIsNamed(_ text: String, _ words: String) {
    #expect {
      _ = try read(text)
    } throws: {
      "\($0)".contains(words)
    }
  }
}
