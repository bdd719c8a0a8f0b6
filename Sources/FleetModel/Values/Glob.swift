/// A pattern of bytes, in which `*` stands for any, also none.
///
/// If what follows a `*` fails, only that `*` takes a byte more: what an earlier one could take, this one can too. So the
/// work is at most the product of both lengths, and nothing recurses.
package struct Glob: Equatable, Sendable {
  package enum Grammar: Sendable {
    /// Rules and routes: only `*` means something.
    case stars
    /// Redis's channel patterns: also `?`, `[abc]`, `[^a-z]`, and `\` before a byte that stands for itself.
    case redis
  }

  /// What is longer, in bytes, is no pattern: texts that it is compared with come from anywhere.
  package static let longest = 512

  private let pattern: [UInt8]
  private let grammar: Grammar

  /// The pattern as it was given.
  package var bytes: [UInt8] { pattern }

  /// Nil if the pattern is too long.
  package init?(_ pattern: some Collection<UInt8>, _ grammar: Grammar) {
    guard pattern.count <= Self.longest else { return nil }
    self.pattern = Array(pattern)
    self.grammar = grammar
  }

  /// A pattern of a rule; nil if it is too long.
  package init?(_ text: String) {
    self.init(text.utf8, .stars)
  }

  /// A pattern of Redis's that matches these bytes and nothing else.
  package static func escape(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { "*?[]^\\-".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  package func matches(_ text: String) -> Bool { matches(text.utf8) }

  /// Whether it matches the whole of a text.
  package func matches(_ text: some Collection<UInt8>) -> Bool {
    var work = 0
    return text.withContiguousStorageIfAvailable { matches($0, &work) }
      ?? Array(text).withUnsafeBufferPointer {
        matches($0, &work)
      }
  }

  /// - Parameter work: counted up by each byte of the text that is looked at.
  func matches(_ text: UnsafeBufferPointer<UInt8>, _ work: inout Int) -> Bool {
    var (place, at) = (0, 0)
    /// Behind the last `*`, and where the text goes on after what that one has taken.
    var retry: (place: Int, at: Int)?
    while true {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        place += 1
        retry = (place, at)
        if place == pattern.count { return true }
        continue
      }
      guard at < text.count else { return place == pattern.count }
      work += 1
      if let next = taking(text[at], at: place) {
        (place, at) = (next, at + 1)
        continue
      }
      guard let before = retry else { return false }
      (place, at) = (before.place, before.at + 1)
      retry = (place, at)
    }
  }

  /// Where the pattern goes on if what stands at a place of it takes a byte.
  private func taking(_ byte: UInt8, at place: Int) -> Int? {
    guard place < pattern.count else { return nil }
    let symbol = pattern[place]
    guard grammar == .redis else { return symbol == byte ? place + 1 : nil }
    switch symbol {
    case UInt8(ascii: "?"): return place + 1
    case UInt8(ascii: "["):
      let (holds, end) = classHolds(byte, at: place + 1)
      return holds ? end : nil
    case UInt8(ascii: "\\") where place + 1 < pattern.count: return pattern[place + 1] == byte ? place + 2 : nil
    default: return symbol == byte ? place + 1 : nil
    }
  }

  /// Whether the class that begins at a place holds a byte, and where it ends: behind its `]`, or with the pattern.
  private func classHolds(_ byte: UInt8, at start: Int) -> (Bool, end: Int) {
    var place = start
    let isNegated = place < pattern.count && pattern[place] == UInt8(ascii: "^")
    if isNegated { place += 1 }
    var found = false
    while place < pattern.count, pattern[place] != UInt8(ascii: "]") {
      if pattern[place] == UInt8(ascii: "\\"), place + 1 < pattern.count { place += 1 }
      let first = pattern[place]
      place += 1
      var last = first
      if place + 1 < pattern.count, pattern[place] == UInt8(ascii: "-"), pattern[place + 1] != UInt8(ascii: "]") {
        last = pattern[place + 1]
        place += 2
      }
      if (min(first, last)...max(first, last)).contains(byte) { found = true }
    }
    return (found != isNegated, min(place + 1, pattern.count))
  }
}
