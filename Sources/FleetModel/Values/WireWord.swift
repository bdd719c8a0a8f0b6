/// A word of one of the wire's own enumerations. Other services write it in any case of letters.
package protocol WireWord: RawRepresentable<String> {}

extension WireWord {
  /// The word, whatever the case of its letters.
  package init?(word: String) { self.init(rawValue: word.lowercased()) }
}

extension Severity: WireWord {}
extension AgentState: WireWord {}
extension AutomationMode: WireWord {}
