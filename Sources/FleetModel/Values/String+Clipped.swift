extension String {
  /// How much of what others have written is put into a line that tells of it, in bytes.
  package static let longestTold = 1024

  /// No more of it than a line holds; with `…` at its end if there is more.
  package var clipped: String { clipped(toBytes: Self.longestTold) }

  /// No more of it than so many bytes, 3 at the least; with `…` at its end if there is more.
  package func clipped(toBytes most: Int) -> String {
    guard utf8.count > most else { return self }
    let mark = "…"
    var end = utf8.index(startIndex, offsetBy: most - mark.utf8.count)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end]) + mark
  }
}
