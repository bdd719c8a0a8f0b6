import FleetModel

/// A command that an operator is about to give: everything but its id and times.
package struct ActionDraft: Equatable, Sendable {
  package var action: Action
  package var targets: [AgentID]
  /// The alerts that it is about: a command each.
  package var alerts: [AlertID]
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

  /// Whether its arguments are the operator's to choose.
  var isEditable: Bool { !parameters.isEmpty && action != .undo && proposal == nil }

  /// The arguments that are to be typed; which alerts it is about is chosen by the cursor.
  var parameters: [ActionParameter] { action.parameters.filter { alerts.isEmpty || $0.name != "alert" } }

  /// The arguments as one line to edit: `for=15m`.
  var argumentLine: String {
    parameters.compactMap { parameter in
      arguments[parameter.name].map { "\(parameter.name)=\(Self.quoted($0))" }
    }.joined(separator: " ")
  }

  static func quoted(_ text: String) -> String {
    text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
  }

  /// Takes the edited line.
  ///
  /// - Returns: what is wrong with it, in words for the operator; nil where nothing is.
  mutating func setArguments(_ line: String) -> String? {
    var taken: [String: String] = [:]
    for word in Self.words(line) {
      let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else { return "\(word): write name=value" }
      guard let parameter = parameters.first(where: { $0.name == pieces[0] }) else {
        let names = parameters.map(\.name).joined(separator: ", ")
        return "\(pieces[0]): not an argument of \(action.rawValue); it has \(names.isEmpty ? "none" : names)"
      }
      let value = String(pieces[1])
      if value.isEmpty { continue }
      if let fault = parameter.fault(of: value) { return fault }
      taken[parameter.name] = value
    }
    for parameter in parameters where parameter.isRequired && taken[parameter.name] == nil {
      return "\(parameter.name)= is needed"
    }
    arguments = taken
    return nil
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
