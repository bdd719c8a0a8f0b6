import FleetModel
import Screen

/// What most operators did when alerts like those of an agent opened, as far as this console has heard.
extension Model {
  /// No line if nothing is worth a suggestion.
  func suggestionLines(of id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    let shown = displayed
    guard !shown.operatorHistory.isEmpty, let position = shown.position(of: id) else { return [] }
    let found = shown.alerts(ofAgentAt: position).flatMap { alert in
      shown.operatorHistory.suggestions(for: alert.id.kind, at: displayedNow)
        .filter { $0.severity == nil || $0.severity == alert.record.severity }
    }
    guard !found.isEmpty else { return [] }
    let lines = found.flatMap { suggestion in
      DetailPane.Line.wrapped(
        "\(Why.word(suggestion.kind)): \(suggestion.words)", indent: 2, columns: columns, .text)
    }
    return [.heading("What operators did")] + lines
      + [.text("  vigia runbook suggest makes a rule of it.", .dim), .blank]
  }
}
