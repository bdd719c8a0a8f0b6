import Automation

/// Takes secrets out of texts.
struct Redaction {
  /// Longest first, so that one which holds another leaves no rest of itself.
  private let secrets: [[UInt8]]

  /// What is shorter occurs by itself, and would only show that it is one.
  private static let shortest = 4
  private static let mark = Array("***".utf8)

  init(_ secrets: [String]) {
    self.secrets = Set(secrets).map { Array($0.utf8) }.filter { $0.count >= Self.shortest }
      .sorted { $0.count > $1.count }
  }

  /// The text with `***` in place of each secret: byte by byte, since a combining mark behind a secret makes another
  /// character of its last one.
  func apply(to text: String) -> String {
    guard !secrets.isEmpty else { return text }
    var bytes = Array(text.utf8)
    for secret in secrets where bytes.firstRange(of: secret) != nil { bytes.replace(secret, with: Self.mark) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The same of what a service says, and no more of it than is told.
  func apply(toAnswer text: String) -> String { apply(to: text).clipped(toBytes: Self.longestAnswer) }

  private static let longestAnswer = 200
}
