import FleetModel
import Insight
import Screen

/// A command that an operator is about to give: everything but its id and times.
package struct ActionDraft: Equatable, Sendable {
  package var action: Action
  package var targets: [AgentID]
  /// The alerts that it is about: a command each.
  package var alerts: [AlertID]
  /// The alert of a queue that it is about.
  package var queue: QueueAlertID?
  /// The conversation that it is about.
  package var conversation: WaitingConversation.ID?
  /// The id of the window of maintenance that it is about, as it was shown.
  package var window: String?
  /// Agents that could take the conversation, the best first.
  package var candidates: [HandoffChoice.Candidate] = []
  package var arguments: [String: String]
  package var reason: String
  package var observed: [AgentID: Command.Observation]
  /// What an approval or refusal answers, as it was shown.
  package var proposal: Proposal?

  package init(
    action: Action, targets: [AgentID], alerts: [AlertID] = [], arguments: [String: String] = [:], reason: String = "",
    observed: [AgentID: Command.Observation] = [:], proposal: Proposal? = nil
  ) {
    self.action = action
    self.targets = targets
    self.alerts = alerts
    self.arguments = arguments
    self.reason = reason
    self.observed = observed
    self.proposal = proposal
  }

  /// Whether what it is about is chosen on the screen: nothing is to be typed but a reason.
  private var isFixed: Bool { action == .undo || proposal != nil }

  /// The key that leads from the question to its arguments and reason. Tab goes from a proposal to the next one.
  var editKey: Key { proposal == nil ? .tab : .character("+") }

  /// The arguments that are to be typed; which alerts it is about is chosen by the cursor.
  var parameters: [ActionParameter] {
    isFixed
      ? []
      : action.parameters.filter {
        (alerts.isEmpty && queue == nil || $0.name != "alert") && (queue == nil || $0.name != "for")
          && (conversation == nil || $0.name != "conversation_id") && (window == nil || $0.name != "window")
      }
  }

  /// The arguments and the reason as one line to edit: `for=15m reason=bad deploy`.
  var argumentLine: String {
    if isNoteAlone { return arguments["note"] ?? "" }
    let pairs = parameters.compactMap { parameter in
      arguments[parameter.name].map { "\(parameter.name)=\(Self.quoted($0))" }
    }
    return (pairs + (reason.isEmpty ? [] : ["\(Self.reasonName)=\(reason)"])).joined(separator: " ")
  }

  /// Whether a note is all that is typed, as it is: a word to who has the conversation next.
  var isNoteAlone: Bool { conversation != nil && parameters.map(\.name) == ["note"] }

  /// Why it is done, in the operator's own words: it stands last, and needs no quotes.
  private static let reasonName = "reason"
  /// No reason is longer, in bytes.
  private static let longestReason = 400

  static func quoted(_ text: String) -> String {
    text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
  }

  /// Takes the edited line.
  ///
  /// - Returns: what is wrong with it, in words for the operator; nil if nothing is.
  mutating func setArguments(_ line: String) -> String? {
    if isNoteAlone {
      guard line.utf8.count <= TextBound.words else { return "note: at most \(TextBound.words) bytes" }
      let note = line.split(separator: " ").joined(separator: " ")
      arguments = note.isEmpty ? [:] : ["note": note]
      return nil
    }
    var taken: [String: String] = [:]
    let (line, reason) = Self.splitReason(line)
    if reason.utf8.count > Self.longestReason { return "reason: at most \(Self.longestReason) bytes" }
    for word in Self.words(line) {
      let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else { return "\(word): write name=value" }
      guard let parameter = parameters.first(where: { $0.name == pieces[0] }) else {
        let names = (parameters.map(\.name) + [Self.reasonName]).joined(separator: ", ")
        return "\(pieces[0]): not an argument of \(action.rawValue); it has \(names)"
      }
      let value = String(pieces[1])
      if value.isEmpty { continue }
      if let fault = parameter.fault(of: value) { return fault }
      taken[parameter.name] = value
    }
    for parameter in parameters where parameter.isRequired && taken[parameter.name] == nil {
      return "\(parameter.name)= is needed"
    }
    if !isFixed { arguments = taken }
    self.reason = reason
    return nil
  }

  /// The line without its reason, and that: all that stands behind `reason=`, or what the quotes behind it hold.
  private static func splitReason(_ line: String) -> (rest: String, reason: String) {
    let mark = "\(reasonName)="
    var isQuoted = false
    var before: Character = " "
    for index in line.indices {
      if !isQuoted, before == " ", line[index...].hasPrefix(mark) {
        return split(line, at: index, behind: line.index(index, offsetBy: mark.count))
      }
      if line[index] == "\"" { isQuoted.toggle() }
      before = line[index]
    }
    return (line, "")
  }

  private static func split(_ line: String, at start: String.Index, behind mark: String.Index) -> (String, String) {
    let (before, text) = (line[..<start], line[mark...])
    guard text.first == "\"", let end = text.dropFirst().firstIndex(of: "\"") else {
      return (String(before), text.split(separator: " ").joined(separator: " "))
    }
    return (String(before + line[line.index(after: end)...]), String(text[text.index(after: mark)..<end]))
  }

  /// Words of a line; double quotes hold blanks.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for character in line {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }
}
