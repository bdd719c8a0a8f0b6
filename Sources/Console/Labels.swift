import FleetModel
import Screen

/// What agents are called on the screen: their name if they have one, else their id, scrubbed. Two that look alike
/// get `#` and a short hash of the id.
package struct Labels: Sendable {
  private struct Known: Sendable {
    var name: String
    var text: String
    /// What the text looks like, see ``Labels/look(of:)``.
    var look: String
  }

  private var known: [AgentID: Known] = [:]
  /// How many have each look.
  private var bearers: [String: Int] = [:]
  /// More of a name than this is never shown.
  private static let longest = 160

  package init() {}

  /// Learns an agent's present name. Cheap if nothing changed.
  mutating func learn(_ agent: AgentProfile) {
    if let old = known[agent.id] {
      guard !old.name.isExactly(agent.name) else { return }
      bearers[old.look, default: 1] -= 1
    }
    let text = Self.text(agent)
    let look = Self.look(of: text)
    known[agent.id] = Known(name: agent.name, text: text, look: look)
    bearers[look, default: 0] += 1
  }

  /// Drops those who are gone, now and then.
  mutating func keepOnly(_ isPresent: (AgentID) -> Bool) {
    for (id, label) in known where !isPresent(id) {
      bearers[label.look, default: 1] -= 1
      if bearers[label.look] == 0 { bearers[label.look] = nil }
      known[id] = nil
    }
  }

  var count: Int { known.count }

  package subscript(id: AgentID) -> String {
    guard let label = known[id] else { return Self.idText(id) }
    return bearers[label.look, default: 1] > 1 ? "\(label.text)#\(Self.hash(id))" : label.text
  }

  /// What nobody can tell by looking from another text: blanks of every sort are one, and none stands at the ends. Two
  /// spellings of a letter are the same to Swift as they are to the eye.
  private static func look(of text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return text }
    return text.unicodeScalars.split { isBlank($0) }.map { String($0) }.joined(separator: " ")
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    // The braille pattern without a dot is a symbol by name alone.
    scalar.value == 0x20 || scalar.value == 0x2800 || scalar.properties.generalCategory == .spaceSeparator
  }

  /// The id as it can be shown.
  package static func idText(_ id: AgentID) -> String {
    id.bytes.isEmpty ? "(empty id)" : Scrubber.display(id.bytes.prefix(longest * 4))
  }

  private static func text(_ agent: AgentProfile) -> String {
    let name = String(Scrubber.display(String(agent.name.unicodeScalars.prefix(longest))))
    return name.allSatisfy(\.isWhitespace) ? idText(agent.id) : name
  }

  /// Four hexadecimal digits of the id's FNV-1a hash: the same on every console.
  private static func hash(_ id: AgentID) -> String {
    var state: UInt32 = 2_166_136_261
    for byte in id.bytes { state = (state ^ UInt32(byte)) &* 16_777_619 }
    let text = String(state & 0xFFFF, radix: 16)
    return String(repeating: "0", count: 4 - text.count) + text
  }
}
