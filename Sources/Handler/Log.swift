import Glibc
import Redis
import Wire

/// The handler's log: a line a fact, `time level message key=value …`, never a secret.
package struct Log: Sendable {
  package enum Level: String, Sendable { case info, warning, error }

  private let write: @Sendable (String) -> Void

  package init(write: @escaping @Sendable (String) -> Void) {
    self.write = write
  }

  /// Lines go to stderr.
  package static let standardError = Log { line in
    let bytes = Array(line.utf8) + [10]
    _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }

  /// Nothing is written.
  package static let silent = Log { _ in }

  func callAsFunction(_ level: Level = .info, _ message: String, _ values: KeyValuePairs<String, String> = [:]) {
    let pairs = values.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
    write("\(ISO8601.format(LocalClock.now)) \(level.rawValue) \(Self.clean(message))\(pairs)")
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
    return isPlain ? value : "\"\(clean(value).replacing("\"", with: "'"))\""
  }

  /// A line stays a line, whatever an id or an error holds.
  private static func clean(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  }
}
