/// Finds what somebody may have meant who wrote a name that there is not.
enum Nearest {
  /// Longer names are compared by their beginnings.
  private static let most = 64
  /// So many are named at most.
  private static let named = 3

  /// The nearest names as words to ask with: `a, b or c`; nil if none is near.
  static func words(_ name: String, among names: some Sequence<String>) -> String? {
    let found = find(name, among: names)
    guard let last = found.last else { return nil }
    return found.count == 1 ? last : found.dropLast().joined(separator: ", ") + " or " + last
  }

  /// The nearest names, the nearest first: those that hold it, and those that differ in few letters.
  static func find(_ name: String, among names: some Sequence<String>) -> [String] {
    let wanted = Array(name.lowercased().unicodeScalars.prefix(most))
    guard !wanted.isEmpty else { return [] }
    var near: [(distance: Int, name: String)] = []
    for other in names {
      guard let distance = distance(wanted, Array(other.lowercased().unicodeScalars.prefix(most))) else { continue }
      near.append((distance, other))
    }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(named).map(\.name)
  }

  /// Nil if two names are too far apart.
  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int? {
    let allowed = max(2, left.count / 3)
    if left.count >= 3, right.count >= left.count, right.contains(left) {
      return min(allowed, right.count - left.count)
    }
    guard abs(left.count - right.count) <= allowed else { return nil }
    let edits = edits(left, right)
    return edits <= allowed ? edits : nil
  }

  /// How many letters must be put in, taken out or changed (Levenshtein, 1966).
  private static func edits(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var row = Array(0...right.count)
    for (line, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, other) in right.enumerated() {
        let above = row[column + 1]
        row[column + 1] = letter == other ? diagonal : 1 + min(diagonal, above, row[column])
        diagonal = above
      }
    }
    return row[right.count]
  }
}

extension [Unicode.Scalar] {
  fileprivate func contains(_ part: [Unicode.Scalar]) -> Bool {
    indices.contains { self[$0...].starts(with: part) }
  }
}
