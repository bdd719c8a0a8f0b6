extension String {
  /// How much of what others have written is put into a line that tells of it, in bytes.
  package static let longestTold = 1024

  /// No more of it than a line holds; with `…` at its end where there is more.
  package var clipped: String {
    guard utf8.count > Self.longestTold else { return self }
    let mark = "…"
    var end = utf8.index(startIndex, offsetBy: Self.longestTold - mark.utf8.count)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end]) + mark
  }
}
