import FleetModel
import Screen
import Testing

@testable import Console

@Suite struct ReadOnlyTests {
  @Test(arguments: ["p", "r", "R", "s", "l", "e", "b", "B", "u", "A", "D", "m"])
  func everyActionIsRefusedAndSaidSo(key: String) throws {
    var scene = try Scene.plain(agents: 3, isReadOnly: true)
    #expect(scene.type(key) == [])
    #expect(scene.model.prompt == nil)
    #expect(scene.promptText().hasPrefix(" read-only: "))
    #expect(scene.type("y") == [])
    #expect(scene.statusText().contains("READ-ONLY"))
  }

  @Test func lookingAroundIsNotRefused() throws {
    var scene = try Scene.plain(agents: 3, isReadOnly: true)
    #expect(scene.press(.down, .enter) == [.readEvents("a1")])
    #expect(scene.press(.escape, .character("q")) == [.quit])
  }

  @Test func footerLeavesOutWhatIsRefused() throws {
    var scene = try Scene.plain(agents: 3, isReadOnly: true)
    let footer = scene.promptText()
    #expect(!footer.contains("pause"))
    #expect(footer.contains("q quit"))
  }
}
