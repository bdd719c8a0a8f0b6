/// An agent's identity: the exact bytes that its publishers use.
///
/// Ids need not be UTF-8, may be empty and may be 4 KB long. They are never changed for keys and commands; only what
/// is displayed of them is scrubbed.
package struct AgentID: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  package init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// No agent at all: the target of a command's closing line, or of a fleet-wide command.
  package static let none = AgentID(bytes: [])
}

extension AgentID: CustomStringConvertible {
  /// The id as text with invalid bytes replaced: for logs and tests; a screen scrubs it further.
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension AgentID: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self.init(value) }
}
