/// Which agents have changed since somebody last took the list: who counts them need not look at all of them.
package struct AgentChanges: Sendable {
  /// One agent that has changed.
  package struct Change: Sendable {
    package var position: Int
    /// Whether it came, left or said something new of itself; otherwise only its numbers, alerts or state may differ.
    package var isDescribed: Bool
  }

  private(set) var positions: [Int] = []
  /// By position: 0 unchanged, 1 changed, 2 described anew.
  private var marks: [UInt8] = []
  /// Whether the list is kept at all.
  let isKept: Bool

  init(isKept: Bool) {
    self.isKept = isKept
  }

  var isEmpty: Bool { positions.isEmpty }

  @inline(__always)
  mutating func touch(_ position: Int) {
    if isKept { mark(position, 1) }
  }

  mutating func describe(_ position: Int) {
    if isKept { mark(position, 2) }
  }

  private mutating func mark(_ position: Int, _ value: UInt8) {
    while marks.count <= position { marks.append(0) }
    if marks[position] == 0 { positions.append(position) }
    marks[position] = max(marks[position], value)
  }

  mutating func take() -> [Change] {
    defer { positions.removeAll(keepingCapacity: true) }
    return positions.map { position in
      defer { marks[position] = 0 }
      return Change(position: position, isDescribed: marks[position] == 2)
    }
  }
}
