/// An error that the server sent: its first word says which kind.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  /// `NOSCRIPT`, `LOADING`, `ERR` and so on.
  ///
  /// An error inside a script is `ERR` to some servers, and its own word stands further back or nowhere: it has the code
  /// that it would have outside of the script.
  package var code: Substring {
    let word = text.prefix { $0 != " " }
    guard word == "ERR" || word.hasPrefix("@") else { return word }
    for (phrase, code) in Self.phrases where text.contains(phrase) { return code }
    return Self.wordInside(text) ?? word
  }

  /// What servers say in a script, where no word says the kind.
  private static let phrases: [(String, Substring)] = [
    ("The user executing the script", "NOPERM"), ("ACL failure in script", "NOPERM"),
    ("attempted to access a non local key in a cluster node", "CROSSSLOT"),
  ]

  /// The word of `ERR Error running script (call to f_…): @user_script:1: @user_script: 1: -READONLY You can't …`, as
  /// Redis 6.2 answers.
  private static func wordInside(_ text: String) -> Substring? {
    guard let place = text.ranges(of: "@user_script:").last else { return nil }
    let rest = text[place.upperBound...].drop { $0 == " " || $0.isNumber }
    guard rest.hasPrefix(": -") else { return nil }
    let word = rest.dropFirst(3).prefix { $0 != " " }
    return !word.isEmpty && word.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ? word : nil
  }

  package var description: String { text }
}
