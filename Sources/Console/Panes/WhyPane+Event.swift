import FleetModel
import Screen

/// What rules made of one event, and what became of one command.
extension Model {
  // MARK: An incident

  func linesOf(_ incident: Incident, _ columns: Int) -> [DetailPane.Line] {
    let risk = incident.severity.map { "\($0.rawValue): " } ?? ""
    let role = incident.severity.map { Role($0) } ?? .text
    let happened = "\(Format.clock(incident.at))Z  \(risk)\(words(of: incident))"
    return DetailPane.Line.wrapped(happened, columns: columns, role) + changeLines(of: incident, columns)
      + linesOfTrace(columns)
  }

  /// What was changed about its agent before; nothing if the handler thinks nothing of the agent.
  private func changeLines(of incident: Incident, _ columns: Int) -> [DetailPane.Line] {
    guard let insight = displayed.position(of: incident.agent).flatMap({ displayed.insights[$0] }) else { return [] }
    let words = "changed: \(changeWords(insight, before: incident.at))"
    return DetailPane.Line.wrapped(words, columns: columns, .text)
  }

  /// The parts of an event's type as words: `security alert`.
  static func name(of kind: EventKind) -> String {
    String((kind.type ?? "agent.event").dropFirst("agent.".count)).swapping("_", for: " ")
  }

  private func linesOfTrace(_ columns: Int) -> [DetailPane.Line] {
    switch trace {
    case .looking: modeLines(columns) + [.text("Looking for it in the stream.", .dim)]
    case .entry(let event): linesOf(event: event, columns)
    case .absent:
      modeLines(columns)
        + DetailPane.Line.wrapped(
          "The stream of events does not hold it: no handler has recorded it, or it was trimmed. Rules see only what is "
            + "recorded.", columns: columns, .warning)
    case .unknown:
      modeLines(columns)
        + DetailPane.Line.wrapped(
          "Under which id it stands in the stream of events could not be found out; Esc and x try again.",
          columns: columns, .warning)
    }
  }

  // MARK: An event by its entry

  private func linesOf(event: String, _ columns: Int) -> [DetailPane.Line] {
    let steps = displayed.rules.entries(onEvent: event)
    let none = DetailPane.Line.wrapped(
      "No rule acted on it or was held back, as far as this console has heard.", columns: columns, .text)
    return [.heading("event \(event)")]
      + DetailPane.Line.wrapped(
        "Not recorded: conditions not met, and the same hold once more. All of it:", columns: columns, .dim)
      // On a line of its own, to be copied.
      + [.text("vigia runbook explain \(event)", .text)]
      + modeLines(columns) + (steps.isEmpty ? none : stepLines(steps, columns))
  }

  // MARK: A command

  /// Of a rule's run, what rules made of its event; of a command, what became of it.
  func linesOf(_ entry: CommandLog.Entry, _ columns: Int) -> [DetailPane.Line] {
    if let event = entry.origin.event { return linesOf(event: event, columns) }
    let row = commandRow(entry)
    let outcome = [row.phase, row.detail].filter { !$0.isEmpty }.joined(separator: ": ")
    let by = entry.operator.isEmpty ? "" : ", by \(Scrubber.display(entry.operator))"
    var lines = DetailPane.Line.wrapped(
      "\(Format.clock(entry.lastAt))Z  \(outcome)", columns: columns, row.mark.role)
    if !entry.reason.isEmpty {
      lines += DetailPane.Line.wrapped("because \(Scrubber.display(entry.reason))", columns: columns, .text)
    }
    lines += DetailPane.Line.wrapped("given at \(Format.clock(entry.firstAt))Z\(by)", columns: columns, .dim)
    let steps = displayed.rules.entries(ofOrigin: entry.origin.key)
    guard steps.isEmpty else { return lines + [.blank] + modeLines(columns) + stepLines(steps, columns) }
    return lines + [.blank, .text("No event led to it, and no rule decided on it.", .dim)]
  }
}
