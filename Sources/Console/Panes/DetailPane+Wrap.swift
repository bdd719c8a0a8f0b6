import Screen

extension DetailPane.Line {
  /// A text on as many lines as it takes, broken at blanks if it can be: for what must be read to its end.
  ///
  /// - Parameters:
  ///   - columns: the width of a line.
  ///   - indent: how many columns the text stands in on its first line; one more level of two on the others.
  ///   - isWhole: whether it stays whole however long it is: what is about to be approved.
  static func wrapped(
    _ text: String, indent: Int = 0, columns: Int, _ role: Role, isWhole: Bool = false
  ) -> [DetailPane.Line] {
    let room = columns - indent - 2
    // If there is no room to speak of, it is cut as everything is.
    guard room >= 8 else { return [.text(String(repeating: " ", count: indent) + text, role)] }
    let isCut = !isWhole && text.count > longest
    let shown = isCut ? text.prefix(longest) + " … and \(text.count - longest) characters more" : text[...]
    return pieces(of: shown, columns: room).enumerated().map { index, piece in
      .text(String(repeating: " ", count: indent + (index == 0 ? 0 : 2)) + piece, role)
    }
  }

  /// Whoever writes more wants the screen and not to be read.
  private static let longest = 4000

  private static func pieces(of text: Substring, columns: Int) -> [String] {
    var pieces: [String] = []
    var rest = text
    while true {
      // More characters than columns never fit, but where some take no room: to look at all that is left for each line
      // would cost the square of a long text.
      let near = String(rest.prefix(columns + 1))
      guard near.utf8.count < rest.utf8.count || !TextWidth.fits(near, columns: columns) else { break }
      let fitting = TextWidth.prefix(near, columns: columns).0
      guard !fitting.isEmpty else { break }
      let cut = fitting.lastIndex(of: " ").map { fitting.distance(from: fitting.startIndex, to: $0) } ?? fitting.count
      let length = cut == 0 ? fitting.count : cut
      pieces.append(String(rest.prefix(length)))
      rest = rest.dropFirst(length).drop { $0 == " " }
    }
    return rest.isEmpty && !pieces.isEmpty ? pieces : pieces + [String(rest)]
  }
}
