import FleetModel
import Screen
import Testing

@testable import Console

/// Help and footer against the table that they are made from.
@Suite struct KeymapTests {
  private static let bindings = Keymap.sections.flatMap(\.bindings)

  @Test func everyBindingStandsInHelp() throws {
    var scene = try Scene.plain(agents: 1, rows: 60)
    scene.press(.character("?"))
    let lines = scene.draw().lines()
    for binding in Self.bindings {
      #expect(
        lines.contains { $0.contains(" \(binding.label) ") && $0.contains(" \(binding.summary) ") }, "\(binding.label)")
    }
    for section in Keymap.sections { #expect(lines.contains { $0.hasPrefix("│ \(section.title) ") }) }
  }

  @Test func noKeyHasTwoMeanings() {
    let keys = Self.bindings.flatMap(\.keys)
    #expect(Set(keys).count == keys.count)
  }

  @Test func everyKeyOfTheTableIsUnderstood() {
    for binding in Self.bindings {
      for key in binding.keys { #expect(Keymap.intent(of: key) == binding.intent) }
    }
    for pane in PaneID.allCases {
      #expect(Keymap.intent(of: .character(Character("\(pane.rawValue + 1)"))) == .pane(pane))
    }
  }

  @Test func footerNamesEveryShortWordWhereThereIsRoom() throws {
    var scene = try Scene.plain(agents: 1, columns: 200)
    let footer = scene.promptText()
    for binding in Self.bindings {
      if let word = binding.short { #expect(footer.contains("\(binding.label) \(word)")) }
    }
  }

  @Test func footerNeverCutsAWord() throws {
    var scene = try Scene.plain(agents: 1, columns: 200)
    let whole = scene.promptText()
    for columns in 20..<150 {
      _ = scene.model.update(.resized(Size(rows: 24, columns: columns)))
      let footer = scene.promptText()
      #expect(whole.hasPrefix(footer))
      #expect(whole == footer || whole.dropFirst(footer.count).hasPrefix("  "))
    }
  }

  @Test func anyKeyClosesHelpAndDoesNothingElse() throws {
    var scene = try Scene.plain(agents: 1)
    #expect(scene.press(.character("?"), .character("q")) == [])
    #expect(scene.model.helpTop == nil)
    #expect(scene.press(.character("?"), .character("p"), .character("y")) == [])
    #expect(scene.model.prompt == nil)
  }

  @Test func helpScrollsToItsEndAndStraightBack() throws {
    var scene = try Scene.plain(agents: 1, columns: 80, rows: 24)
    scene.press(.character("?"))
    let head = scene.draw()
    for _ in 0..<60 { scene.press(.down) }
    #expect(scene.draw().lines().contains { $0.contains("draw the screen anew") })
    let end = scene.model.helpTop
    scene.press(.up)
    #expect(scene.model.helpTop == end.map { $0 - 1 })
    for _ in 0..<60 { scene.press(.up) }
    #expect(scene.draw() == head)
  }

  @Test func quitSuspendAndRedrawAreDoneOutside() throws {
    var scene = try Scene.plain(agents: 1)
    #expect(scene.press(.character("q")) == [.quit])
    #expect(scene.press(.control("c")) == [.quit])
    #expect(scene.press(.control("z")) == [.suspend])
    #expect(scene.press(.control("l")) == [.redraw])
  }
}
