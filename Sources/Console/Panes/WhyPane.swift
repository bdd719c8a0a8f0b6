import FleetModel
import Screen

/// Why rules did or did not act on an agent, newest first, as far as this console has heard.
extension Model {
  func whyPane(of id: AgentID) -> DetailPane {
    let frame = PaneFrame(
      title: "Why: \(labels[id])", summary: "Esc closes, up and down scroll", isFocused: true, hasBorder: true)
    let steps = displayed.rules.entries(about: id)
    let lines: [DetailPane.Line] = [.text(modeSentence, automationRole), .blank]
    guard !steps.isEmpty else {
      return DetailPane(frame: frame, lines: lines + Self.nothingRecorded, top: explainedTop)
    }
    return DetailPane(frame: frame, lines: lines + steps.flatMap(stepLines), top: explainedTop)
  }

  private static let nothingRecorded: [DetailPane.Line] = [
    .text("Nothing is recorded: no rule matched it, or it was before this console's memory.", .text),
    .text("vigia runbook explain EVENT-ID tells of one event.", .dim),
  ]

  private func stepLines(_ entry: RuleLog.Entry) -> [DetailPane.Line] {
    let head = "\(Format.clock(entry.at))Z  \(Scrubber.display(entry.rule)) \(entry.what)"
    return [.text(head, entry.role)] + (entry.why.isEmpty ? [] : [.text("           \(entry.why)", .dim)])
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
