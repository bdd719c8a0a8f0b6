import Glibc
import Screen
import Wire

/// What the tools print. Text from outside passes through the scrubber first; JSON escapes what could steer a terminal
/// by itself, but for what it may hold raw.
enum Output {
  /// A line of our own making.
  static func line(_ text: String) { write(Array(text.utf8) + [10], to: 1) }

  /// A line of JSON. C1 controls and bidi marks stay as they are: it is for programs.
  static func json(_ value: JSONValue) { json(value.encoded) }

  static func json(_ line: [UInt8]) { write(line + [10], to: 1) }

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
