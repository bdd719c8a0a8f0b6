import Configuration
import FleetModel
import Testing

@Suite struct MaintenanceFileTests {
  private func read(_ text: String) throws -> MaintenanceSettings {
    try HandlerFile.read(Array(text.utf8), file: "vigia.toml").maintenance
  }

  @Test func modeIsRead() throws {
    #expect(try read("").mode == .off)
    #expect(try read("[maintenance]").mode == .off)
    for mode in Autonomy.allCases {
      #expect(try read("[maintenance]\nmode = \"\(mode.rawValue)\"").mode == mode)
    }
  }

  @Test(arguments: [
    ("maintenance = 1", "maintenance: is the number 1; expected a table"),
    ("[maintenance]\nmod = \"auto\"", "maintenance.mod: unknown key; maintenance has mode"),
    (
      "[maintenance]\nmode = \"on\"",
      "maintenance.mode: is the text \"on\"; expected one of \"off\", \"propose\", \"auto\""
    ),
  ]) func whatIsWrongIsNamed(_ text: String, _ words: String) {
    #expect {
      _ = try read(text)
    } throws: {
      "\($0)".contains(words)
    }
  }
}
