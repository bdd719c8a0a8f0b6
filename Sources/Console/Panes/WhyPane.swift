import FleetModel
import Insight
import Screen

/// Why rules did or did not act on an agent or on one event, newest first, as far as this console has heard.
extension Model {
  func whyPane(of row: RowID, in rect: Rect) -> DetailPane {
    // The frame, and a blank on either side.
    let columns = rect.width - 4
    switch row {
    case .agent(let id), .forecast(let id, _), .maintenance(let id):
      return whyPane("Why: \(labels[id])", linesOf(agent: id, columns))
    case .incident(let id, _):
      guard let incident = incident(of: row) else { return forgotten }
      return whyPane("Why: \(Self.name(of: incident.kind)), \(labels[id])", linesOf(incident, columns))
    case .command(let key):
      guard let entry = displayed.commands[key: key] else { return forgotten }
      return whyPane("Why: \(what(entry))", linesOf(entry, columns))
    case .cause(let number):
      guard let heading = causes.heading(number) else { return forgotten }
      return whyPane("Why: \(title(of: heading))", linesOf(heading, columns))
    // No rule acts on a queue or a conversation; see ``explain()``.
    case .queue, .conversation: return forgotten
    }
  }

  private var forgotten: DetailPane {
    whyPane("Why", [.text("This console does not remember it any more.", .dim)])
  }

  private func whyPane(_ title: String, _ lines: [DetailPane.Line]) -> DetailPane {
    var leadsToAgent = false
    if let explained, case .agent = explained {} else { leadsToAgent = selectedAgent != nil }
    let summary = leadsToAgent ? "Esc closes, x goes to the agent" : "Esc closes, up and down scroll"
    let frame = PaneFrame(title: title, summary: summary, isFocused: true, hasBorder: true)
    return DetailPane(frame: frame, lines: lines, top: explainedTop)
  }

  // MARK: An agent

  private func linesOf(agent id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    let steps = displayed.rules.entries(about: id)
    let insight = insightLines(of: id, columns) + budgetLines(of: id, columns) + suggestionLines(of: id, columns)
    guard !steps.isEmpty else { return insight + modeLines(columns) + Self.nothingRecorded(columns) }
    return insight + modeLines(columns) + stepLines(steps, columns, namesEvents: true)
  }

  private static func nothingRecorded(_ columns: Int) -> [DetailPane.Line] {
    DetailPane.Line.wrapped(
      "Nothing is recorded: no rule matched it, or it was before this console's memory.", columns: columns, .text)
      + [.text("vigia runbook explain EVENT-ID tells of one event.", .dim)]
  }

  // MARK: A cause

  private func linesOf(_ heading: FleetCauses.Heading, _ columns: Int) -> [DetailPane.Line] {
    let shown = displayed
    let claim =
      "Their alerts began within a minute, from \(Format.clock(heading.cause.since))Z on: \(heading.cause.words)."
    let members = heading.agents.compactMap { id in
      shown.position(of: id).map { "\(labels[id])  \(Why.text(ofAgentAt: $0, in: shown))" }
    }
    return DetailPane.Line.wrapped(claim, columns: columns, .text) + [.blank] + members.map { .text($0, .text) }
  }

  // MARK: Steps

  /// - Parameters:
  ///   - steps: newest first.
  ///   - namesEvents: whether each event stands above what it led to.
  func stepLines(_ steps: [RuleLog.Entry], _ columns: Int, namesEvents: Bool = false) -> [DetailPane.Line] {
    var lines: [DetailPane.Line] = []
    var shownEvent: String?
    for (step, older) in zip(steps, steps.dropFirst().map(Optional.some) + [nil]) {
      if let older, step.closes(older) { continue }
      if namesEvents, let event = step.event, event != shownEvent { lines.append(.heading("event \(event)")) }
      shownEvent = step.event
      // Why a run began is said once, if it did.
      let isSaid = older.map { $0.origin.isExactly(step.origin) && $0.reason == step.reason } ?? false
      lines += stepLines(step, why: isSaid ? step.outcome : step.why, columns)
    }
    return lines
  }

  private func stepLines(_ entry: RuleLog.Entry, why: String, _ columns: Int) -> [DetailPane.Line] {
    let head = "\(Format.clock(entry.at))Z  \(Scrubber.display(entry.rule)) \(entry.what { labels[$0] })"
    let rest = why.isEmpty ? [] : DetailPane.Line.wrapped(why, indent: 2, columns: columns, .dim)
    return DetailPane.Line.wrapped(head, columns: columns, entry.role) + rest
  }

  // MARK: The switch

  func modeLines(_ columns: Int) -> [DetailPane.Line] {
    DetailPane.Line.wrapped(modeSentence, columns: columns, automationRole) + [.blank]
  }

  private var modeSentence: String {
    if let words = fleet.automationDiffers { return "Automation is \(words): the strictest holds." }
    switch fleet.automation.setting {
    case .unknown: return "Whether automation is on is not known."
    case .unset: return "Nobody has switched automation on: rules only say what they would do."
    case .set(.on): return "Automation is on: rules act."
    case .set(.dry): return "Automation is dry: rules only say what they would do."
    case .set(.off): return "Automation is off: no rule does anything."
    }
  }

  private var automationRole: Role {
    switch fleet.automation.setting {
    case .set(.on): .good
    case .unset, .set(.dry), .unknown: .warning
    case .set(.off): .bad
    }
  }
}
