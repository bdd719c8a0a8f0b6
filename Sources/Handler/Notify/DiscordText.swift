/// Text for Discord, whose Markdown takes a backslash before any mark for the mark itself.
enum DiscordText {
  /// What may begin markup wherever it stands: emphasis, code, spoilers, links, quotes and mentions.
  private static let marks = Set("\\*_~`|<>[]@".unicodeScalars)
  /// What begins a heading, small print or a list, at the beginning of a line.
  private static let lineMarks = Set("#-+".unicodeScalars)

  /// The text in pieces that stay whole: a character, with its escape if it has one.
  ///
  /// - Parameter startsLine: whether it stands at the beginning of a line.
  static func escaped(_ text: String, startsLine: Bool = true) -> [String] {
    var isAtStart = startsLine
    // Digits at the beginning of a line, which a dot makes a list's.
    var isNumber = false
    return text.map { character in
      var piece = ""
      // A combining mark behind one of them makes it another character, and Discord sees scalars.
      for scalar in character.unicodeScalars {
        let isListDot = isNumber && (scalar == "." || scalar == ")")
        if marks.contains(scalar) || isAtStart && lineMarks.contains(scalar) || isListDot { piece += "\\" }
        piece.unicodeScalars.append(scalar)
      }
      let isDigit = character.isASCII && character.isNumber
      isNumber = isDigit && (isNumber || isAtStart)
      isAtStart = character.isNewline || isAtStart && character.isWhitespace
      return piece
    }
  }
}
