import Screen
import Testing

@testable import Console

@Suite struct LineEditorTests {
  @Test(
    arguments: [
      ([.character("a"), .character("b"), .left, .character("x")], "axb", 2),
      ([.character("a"), .character("b"), .home, .delete], "b", 0),
      ([.character("a"), .character("b"), .backspace, .backspace, .backspace], "", 0),
      ([.character("a"), .character(" "), .character("b"), .character("c"), .control("w")], "a ", 2),
      ([.character("a"), .character("b"), .left, .control("u")], "b", 0),
      ([.character("a"), .character("b"), .left, .control("k")], "a", 1),
      ([.character("a"), .end, .right, .character("b"), .control("a"), .character("c")], "cab", 1),
    ] as [([Key], String, Int)])
  func lineIsEdited(keys: [Key], text: String, cursor: Int) {
    var editor = LineEditor()
    for key in keys {
      let isTaken = editor.handle(key)
      #expect(isTaken)
    }
    #expect(editor.text == text)
    #expect(editor.cursor == cursor)
  }

  @Test func lineIsBounded() {
    var editor = LineEditor()
    _ = editor.handle(.paste(String(repeating: "x", count: 100_000)))
    #expect(editor.characters.count == 500)
    _ = editor.handle(.character("y"))
    #expect(editor.characters.count == 500)
  }
}
