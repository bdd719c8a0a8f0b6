import FleetModel
import Insight
import Screen

/// Agents in trouble that have a cause in common: one heading stands for all of them, and opens and closes with Enter.
extension Model {
  /// The heading that is selected; nil if another row is.
  var selectedCause: FleetCauses.Heading? {
    guard opened == nil, explained == nil, case .cause(let number)? = selectedRow else { return nil }
    return causes.heading(number)
  }

  /// The agents that a row stands for.
  func agents(of row: RowID) -> [AgentID] {
    if case .cause(let number) = row {
      return causes.heading(number)?.agents.filter { lists.isShown($0) } ?? []
    }
    return agent(of: row).map { [$0] } ?? []
  }

  /// Looks for causes. A heading that would hide the selected row is opened.
  mutating func findCauses(in shown: Fleet) {
    guard causes.look(at: shown, now: displayedNow) else { return }
    openCauses.formIntersection(causes.headings.map(\.number))
    guard hasBeenTouched else { return }
    for pane in [PaneID.agents, .security] {
      guard let row = cursors[pane.rawValue].selected, let agent = agent(of: row) else { continue }
      if let heading = causes.heading(of: agent) { openCauses.insert(heading.number) }
    }
  }

  /// Opens or closes a heading: what stands under it is shown, or is not.
  mutating func toggle(_ heading: FleetCauses.Heading) {
    if openCauses.remove(heading.number) == nil { openCauses.insert(heading.number) }
    lists.foldAgents(view)
    lists.followTime(displayed, view)
  }

  /// `11 agents on gpt-4o, 11 of 12 affected; others 1 of 40, for 3m`.
  func words(of heading: FleetCauses.Heading) -> String {
    let since = Format.age(displayedNow - heading.cause.since)
    return "\(title(of: heading)), \(heading.cause.words), \(since == "now" ? "just now" : "for \(since)")"
  }

  func title(of heading: FleetCauses.Heading) -> String {
    heading.cause.title(Self.shortened(Scrubber.display(heading.cause.shared.value), columns: 30))
  }

  /// What a heading's row shows.
  func headingRow(_ number: Int, in shown: Fleet) -> HeadingRow {
    guard let heading = causes.heading(number) else {
      return HeadingRow(
        text: "they have nothing in common any more", severity: nil, isOpen: openCauses.contains(number))
    }
    let alerts = heading.alerts.compactMap { id in
      shown.position(of: id.agent).flatMap { shown.alert(id.kind, ofAgentAt: $0) }
    }
    return HeadingRow(
      text: words(of: heading), severity: alerts.map(\.record.severity).max(),
      isLoud: alerts.contains { $0.isLoud(at: displayedNow) }, isOpen: openCauses.contains(number),
      isMarked: heading.agents.allSatisfy(marked.contains))
  }
}

/// A heading in a list: what its rows have in common.
struct HeadingRow {
  var text: String
  /// Of the worst of its alerts.
  var severity: Severity?
  /// Whether an alert of it asks for attention.
  var isLoud = true
  var isOpen: Bool
  var isMarked = false

  func draw(into grid: inout Grid, in rect: Rect) {
    let role = severity.map { isLoud ? Role($0) : .dim } ?? .dim
    let worst = severity.map { "\(grid.glyphs.severity($0)) " } ?? ""
    grid.draw("\(isOpen ? "-" : "+") \(worst)\(text)", in: rect, role: role)
  }
}
