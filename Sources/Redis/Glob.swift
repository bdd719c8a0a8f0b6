/// Redis's channel patterns: `*`, `?`, `[abc]`, `[^a-z]` and `\` before a character that stands for itself.
package enum Glob {
  package static func matches(_ pattern: [UInt8], _ text: some Collection<UInt8>) -> Bool {
    matches(pattern[...], Array(text)[...])
  }

  /// A pattern that matches these bytes and nothing else.
  package static func escape(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { "*?[]^\\-".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var (pattern, text) = (pattern, text)
    while let symbol = pattern.popFirst() {
      switch symbol {
      case UInt8(ascii: "*"):
        if pattern.isEmpty { return true }
        return (text.startIndex...text.endIndex).contains { matches(pattern, text[$0...]) }
      case UInt8(ascii: "?"):
        guard text.popFirst() != nil else { return false }
      case UInt8(ascii: "["):
        guard let byte = text.popFirst(), takeClass(&pattern, holds: byte) else { return false }
      case UInt8(ascii: "\\") where !pattern.isEmpty:
        guard let byte = text.popFirst(), byte == pattern.removeFirst() else { return false }
      default:
        guard text.popFirst() == symbol else { return false }
      }
    }
    return text.isEmpty
  }

  /// Takes a class off the pattern, up to its `]`; whether it holds the byte.
  private static func takeClass(_ pattern: inout ArraySlice<UInt8>, holds byte: UInt8) -> Bool {
    let isNegated = pattern.first == UInt8(ascii: "^")
    if isNegated { pattern.removeFirst() }
    var found = false
    while let low = pattern.popFirst(), low != UInt8(ascii: "]") {
      var first = low
      if low == UInt8(ascii: "\\"), let escaped = pattern.popFirst() { first = escaped }
      var last = first
      if pattern.first == UInt8(ascii: "-"), pattern.count > 1, pattern[pattern.startIndex + 1] != UInt8(ascii: "]") {
        pattern.removeFirst()
        last = pattern.removeFirst()
      }
      if (min(first, last)...max(first, last)).contains(byte) { found = true }
    }
    return found != isNegated
  }
}
