/// Finds requests in the bytes of a client: arrays of bulk strings.
struct RequestParser {
  private var buffer: Bytes = []
  private var start = 0

  mutating func feed(_ bytes: Bytes) {
    buffer.removeFirst(start)
    start = 0
    buffer += bytes
  }

  /// The next whole request; nil if more bytes are needed.
  mutating func next() -> [Bytes]? {
    var at = start
    guard let count = number(after: UInt8(ascii: "*"), &at) else { return nil }
    var words: [Bytes] = []
    for _ in 0..<count {
      guard let length = number(after: UInt8(ascii: "$"), &at), at + length + 2 <= buffer.count else { return nil }
      words.append(Array(buffer[at..<at + length]))
      at += length + 2
    }
    start = at
    return words
  }

  private func number(after mark: UInt8, _ at: inout Int) -> Int? {
    guard at < buffer.count, buffer[at] == mark, let end = buffer[at...].firstIndex(of: 10) else { return nil }
    let number = Int(String(decoding: buffer[(at + 1)..<(end - 1)], as: UTF8.self))
    at = end + 1
    return number
  }
}
