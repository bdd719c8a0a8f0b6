import Glibc
import Screen
import Wire

/// What the tools print. Text from outside passes through the scrubber first; JSON keeps what it says, by escapes where
/// it would steer a terminal.
enum Output {
  /// A line of our own making.
  static func line(_ text: String) { write(Array(text.utf8) + [10], to: 1) }

  /// A line of JSON.
  static func json(_ value: JSONValue) { json(value.encoded) }

  static func json(_ line: [UInt8]) { write(escaped(line) + [10], to: 1) }

  /// The same document, with DEL, C1 controls, bidi marks and line separators as escapes: outside of strings JSON has
  /// none of them.
  static func escaped(_ line: [UInt8]) -> [UInt8] {
    guard line.contains(where: { $0 >= 0x7F }) else { return line }
    var result: [UInt8] = []
    var rest = line[...]
    while let byte = rest.first {
      let (length, code) = steering(rest)
      if let code {
        let digits = String(code, radix: 16)
        result += (#"\u"# + String(repeating: "0", count: 4 - digits.count) + digits).utf8
      } else {
        result.append(byte)
      }
      rest = rest.dropFirst(length)
    }
    return result
  }

  /// The scalar at the beginning, where it is one that steers, and how many bytes to go on by.
  private static func steering(_ bytes: ArraySlice<UInt8>) -> (length: Int, code: UInt32?) {
    let start = bytes.startIndex
    func at(_ offset: Int) -> UInt8 { start + offset < bytes.endIndex ? bytes[start + offset] : 0 }
    switch (at(0), at(1), at(2)) {
    case (0x7F, _, _): return (1, 0x7F)
    case (0xC2, 0x80...0x9F, _): return (2, UInt32(at(1)))
    case (0xD8, 0x9C, _): return (2, 0x061C)
    case (0xE2, 0x80, 0x8E...0x8F), (0xE2, 0x80, 0xA8...0xAE): return (3, 0x2000 + UInt32(at(2) & 0x3F))
    case (0xE2, 0x81, 0xA6...0xA9): return (3, 0x2040 + UInt32(at(2) & 0x3F))
    default: return (1, nil)
    }
  }

  static func error(_ text: String) { write(Array(text.utf8) + [10], to: 2) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var start = 0
    bytes.withUnsafeBytes { buffer in
      while start < buffer.count {
        let written = Glibc.write(descriptor, buffer.baseAddress! + start, buffer.count - start)
        if written < 0, errno == EINTR { continue }
        // Nobody reads any more: there is nobody to tell either.
        guard written > 0 else { return }
        start += written
      }
    }
  }
}

extension String {
  /// The text as it may stand on a terminal.
  var shown: String { Scrubber.display(self) }
}
