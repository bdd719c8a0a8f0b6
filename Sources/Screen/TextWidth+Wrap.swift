extension TextWidth {
  /// A text on as many lines as it takes, broken at blanks if it can be; a longer word is broken anywhere.
  package static func wrapped(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let joined = line.isEmpty ? String(word) : "\(line) \(word)"
      if fits(joined, columns: columns) {
        line = joined
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = String(word)
      while !fits(line, columns: columns) {
        let head = prefix(line, columns: columns).0
        guard !head.isEmpty else { break }
        lines.append(head)
        line = String(line.unicodeScalars.dropFirst(head.unicodeScalars.count))
      }
    }
    return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
  }
}
