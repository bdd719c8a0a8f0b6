/// A question at the foot of a screen, as a person reads it: it may take two lines.
package struct Question: Sendable {
  package let text: String
  /// What says yes: `y`, or a code; empty if nothing is asked.
  package let answer: String
  package let isCode: Bool

  package init(_ lines: [String]) {
    text = lines.dropLast().suffix(2).joined(separator: " ")
    let prompt = lines.dropLast().last ?? ""
    // Notes may stand between the question and what answers it.
    let words = prompt.split(separator: " ")
    if let type = words.lastIndex(of: "type"), type + 1 < words.count {
      answer = String(words[type + 1])
      isCode = true
    } else {
      answer = words.contains("y") ? "y" : ""
      isCode = false
    }
  }
}
