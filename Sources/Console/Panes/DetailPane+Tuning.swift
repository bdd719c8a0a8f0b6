import FleetModel
import Screen

/// What is tried with the parameters of the open agent's role, and with what evidence.
extension Model {
  /// The open agent, if it lets parameters be set; nil while the display stands still.
  package var tunedAgent: AgentID? {
    guard !isFrozen, explained == nil, let opened, let position = fleet.position(of: opened),
      fleet.agents[position]?.parameters.isEmpty == false
    else { return nil }
    return opened
  }

  /// No line if nothing is tried, and nothing keeps it from that.
  func tuningLines(of id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    guard let tuning, tuning.agent == id, let report = tuning.report, !report.isIdle else { return [] }
    let asked = report.question == nil ? "" : "; a proposal waits for an answer"
    let words = "\(Scrubber.display(report.words))\(asked), \(Format.ago(displayedNow - report.at))"
    return [.heading("Tuning of its role")]
      + DetailPane.Line.wrapped(words, indent: 2, columns: columns, report.question == nil ? .text : .warning)
      + [.blank]
  }
}
