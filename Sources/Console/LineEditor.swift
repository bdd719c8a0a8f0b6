import Screen

/// One line of text being edited.
package struct LineEditor: Equatable, Sendable {
  package private(set) var characters: [Character]
  package private(set) var cursor: Int
  private static let longest = 500

  package init(_ text: String = "") {
    characters = Array(text)
    cursor = characters.count
  }

  package var text: String { String(characters) }

  /// Takes a key; false if it is none of the editor's.
  mutating func handle(_ key: Key) -> Bool {
    switch key {
    case .character(let character): insert([character])
    case .paste(let text): insert(Array(Scrubber.display(Self.oneLine(text))))
    case .backspace:
      guard cursor > 0 else { return true }
      cursor -= 1
      characters.remove(at: cursor)
    case .delete: if cursor < characters.count { characters.remove(at: cursor) }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .home, .control("a"): cursor = 0
    case .end, .control("e"): cursor = characters.count
    case .control("u"):
      characters.removeFirst(cursor)
      cursor = 0
    case .control("k"): characters.removeLast(characters.count - cursor)
    case .control("w"): deleteWord()
    case .enter, .escape, .tab, .backTab, .insert, .up, .down, .pageUp, .pageDown, .function, .control, .burst:
      return false
    }
    return true
  }

  /// Pasted text on one line: a break within it is a blank, and one at its ends is nothing.
  private static func oneLine(_ text: String) -> String {
    text.split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
  }

  private mutating func insert(_ added: [Character]) {
    let room = max(0, Self.longest - characters.count)
    characters.insert(contentsOf: added.prefix(room), at: cursor)
    cursor += min(added.count, room)
  }

  private mutating func deleteWord() {
    while cursor > 0, characters[cursor - 1] == " " { _ = handle(.backspace) }
    while cursor > 0, characters[cursor - 1] != " " { _ = handle(.backspace) }
  }

  /// Draws the text with a caret, scrolled so that the caret is in view.
  func draw(into grid: inout Grid, in rect: Rect, role: Role) {
    grid.fill(rect.line(0), role: role)
    guard rect.width > 1 else { return }
    let before = String(characters[..<cursor])
    let after = String(characters[cursor...])
    let room = rect.width - 1
    let columns = TextWidth.columns(before)
    let used =
      columns > room
      ? grid.draw(before, in: rect.line(0).splitLeft(room).0, role: role, truncation: .head)
      : grid.draw(before, in: rect.line(0), role: role, truncation: .clip)
    let caret = rect.line(0).dropping(left: used)
    grid.draw(String(grid.glyphs.caret), in: caret, role: role, truncation: .clip)
    grid.draw(after, in: caret.dropping(left: 1), role: role, truncation: .clip)
  }
}
