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

  static func json(_ line: [UInt8]) { write(escaped(line, isForTerminal: isatty(1) == 1) + [10], to: 1) }

  /// Bytes as they are: for what is no terminal.
  static func raw(_ bytes: [UInt8]) { write(bytes, to: 1) }

  /// The same document, with an escape for every scalar that the scrubber would not let onto a terminal: outside of
  /// strings JSON has none of them.
  ///
  /// - Parameter isForTerminal: whether bytes that are no UTF-8, and so may be controls, become U+FFFD. Elsewhere they
  ///   stay, for ids keep their bytes.
  static func escaped(_ line: [UInt8], isForTerminal: Bool = false) -> [UInt8] {
    guard line.contains(where: { $0 >= 0x7F }) else { return line }
    var result: [UInt8] = []
    var rest = line.makeIterator()
    var parser = Unicode.UTF8.ForwardParser()
    var place = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let bytes):
        let scalar = Unicode.UTF8.decode(bytes)
        let isKept = scalar.value < 0x7F || Scrubber.fate(of: scalar) == .keep
        if isKept { result += bytes } else { for unit in scalar.utf16 { result += escape(unit) } }
        place += bytes.count
      case .error(let length):
        result += isForTerminal ? escape(0xFFFD) : Array(line[place..<place + length])
        place += length
      case .emptyInput: return result
      }
    }
  }

  private static func escape(_ unit: UInt16) -> [UInt8] {
    let digits = String(unit, radix: 16)
    return Array((#"\u"# + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
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
