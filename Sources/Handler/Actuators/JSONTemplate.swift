import Automation
import Execution
import Wire

/// A request's body to fill in. A value in quotes is escaped as the inside of a JSON string; where the body is a JSON document
/// and the value stands outside of quotes, it must be a number, `true`, `false` or `null`: anything else could add members
/// to the document, or end it.
struct JSONTemplate {
  private let template: Template

  init(_ template: Template) {
    self.template = template
  }

  /// - Throws: if a value cannot stand in its place.
  func filled(_ value: (Template.Place) -> String) throws(Refusal) -> String {
    var filled = ""
    var (isQuoted, isEscaped) = (false, false)
    let isDocument = isDocument
    for part in template.parts {
      switch part {
      case .text(let text):
        filled += text
        for byte in text.utf8 {
          if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
          isEscaped = isQuoted && byte == UInt8(ascii: "\\") && !isEscaped
        }
      case .place(let place):
        let value = value(place)
        guard isQuoted || !isDocument || Self.isScalar(value) else {
          throw Refusal(
            "not sent: \(place.written) stands outside of quotes in the body and is \"\(value.clipped(toBytes: 100))\", no number"
          )
        }
        filled += Self.escaped(value)
      }
    }
    return filled
  }

  /// Whether it is written as an object or a list, and not as a line of text.
  private var isDocument: Bool {
    guard case .text(let start)? = template.parts.first, let first = start.first(where: { !$0.isWhitespace }) else {
      return false
    }
    return first == "{" || first == "["
  }

  /// RFC 8259, 3 and 6.
  private static func isScalar(_ text: String) -> Bool {
    if ["true", "false", "null"].contains(text) { return true }
    let isDigits: (Substring.UTF8View) -> Bool = { !$0.isEmpty && $0.allSatisfy { (0x30...0x39).contains($0) } }
    let unsigned =
      Substring(text).utf8.first == UInt8(ascii: "-") ? Substring(text).utf8.dropFirst() : Substring(text).utf8
    let parts = unsigned.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == 0x65 || $0 == 0x45 }
    let decimal = parts[0].split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    let exponent = parts.count > 1 ? parts[1] : nil
    let exponentDigits = exponent.map { "+-".utf8.contains($0.first ?? 0) ? $0.dropFirst() : $0 }
    return decimal.allSatisfy(isDigits) && (exponentDigits.map(isDigits) ?? true)
      && (decimal[0].count == 1 || decimal[0].first != UInt8(ascii: "0"))
  }

  /// The inside of a JSON string.
  private static func escaped(_ text: String) -> String {
    String(decoding: JSONValue.string(text).encoded.dropFirst().dropLast(), as: UTF8.self)
  }
}
