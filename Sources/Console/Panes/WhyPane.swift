import FleetModel
import Screen

/// Why rules did or did not act on an agent, newest first, as far as this console has heard.
extension Model {
  func whyPane(of id: AgentID, in rect: Rect) -> DetailPane {
    let frame = PaneFrame(
      title: "Why: \(labels[id])", summary: "Esc closes, up and down scroll", isFocused: true, hasBorder: true)
    // The frame, and a blank on either side.
    let columns = rect.width - 4
    let steps = displayed.rules.entries(about: id)
    let mode = DetailPane.Line.wrapped(modeSentence, columns: columns, automationRole) + [.blank]
    let lines = steps.isEmpty ? Self.nothingRecorded(columns) : steps.flatMap { stepLines($0, columns) }
    return DetailPane(frame: frame, lines: mode + lines, top: explainedTop)
  }

  private static func nothingRecorded(_ columns: Int) -> [DetailPane.Line] {
    DetailPane.Line.wrapped(
      "Nothing is recorded: no rule matched it, or it was before this console's memory.", columns: columns, .text)
      + [.text("vigia runbook explain EVENT-ID tells of one event.", .dim)]
  }

  private func stepLines(_ entry: RuleLog.Entry, _ columns: Int) -> [DetailPane.Line] {
    let head = "\(Format.clock(entry.at))Z  \(Scrubber.display(entry.rule)) \(entry.what { labels[$0] })"
    let why = entry.why.isEmpty ? [] : DetailPane.Line.wrapped(entry.why, indent: 2, columns: columns, .dim)
    return DetailPane.Line.wrapped(head, columns: columns, entry.role) + why
  }

  private var modeSentence: String {
    switch fleet.automation.setting {
    case .unknown: "Whether automation is on is not known."
    case .unset: "Nobody has switched automation on: rules only say what they would do."
    case .set(.on): "Automation is on: rules act."
    case .set(.dry): "Automation is dry: rules only say what they would do."
    case .set(.off): "Automation is off: no rule does anything."
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
