/// A question at the foot of a screen, as a person reads it: it may take two lines.
package struct Question: Sendable {
  package let text: String
  /// What says yes: `y`, or a code; empty if nothing is asked.
  package let answer: String
  package let isCode: Bool

  package init(_ lines: [String]) {
    text = lines.dropLast().suffix(2).joined(separator: " ")
    let prompt = lines.dropLast().last ?? ""
    if let asked = prompt.firstRange(of: "? type ") {
      answer = String(prompt[asked.upperBound...].prefix { $0 != " " })
      isCode = true
    } else {
      answer = prompt.contains("? y ") ? "y" : ""
      isCode = false
    }
  }
}
