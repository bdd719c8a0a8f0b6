/// A question at the foot of a screen, as a person reads it: it may take two lines.
package struct Question: Sendable {
  package let text: String
  /// What says yes: `y`, or a code; empty if nothing is asked.
  package let answer: String
  package let isCode: Bool

  package init(_ lines: [String]) {
    text = lines.dropLast().suffix(2).joined(separator: " ")
    let words = (lines.dropLast().last ?? "").split(separator: " ").map(String.init)
    let code = words.lastIndex(of: "type").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    isCode = code.map { $0.count == 4 } ?? false
    let asks =
      text.contains("? ") && (words.last == "y" || zip(words, words.dropFirst()).contains { $0 == ("y", "yes") })
    answer = isCode ? code ?? "" : asks ? "y" : ""
  }
}
