/// A pattern in which `*` stands for any bytes, also none.
struct Glob {
  private let pattern: ArraySlice<UInt8>

  init(_ text: String) {
    pattern = Array(text.utf8)[...]
  }

  /// Whether it matches the whole of a text. Where a later `*` fails, an earlier one need not be tried again: the work is
  /// at most the product of both lengths, and nothing recurses.
  func matches(_ text: String) -> Bool {
    var (pattern, text) = (pattern, Array(text.utf8)[...])
    var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
    while !text.isEmpty || !pattern.isEmpty {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (pattern, text)
      } else if let byte = text.first, pattern.first == byte {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if let before = retry, !before.text.isEmpty {
        (pattern, text) = (before.pattern, before.text.dropFirst())
        retry = (pattern, text)
      } else {
        return false
      }
    }
    return true
  }
}
