import FleetModel
import Screen

/// Security alerts as they came, newest first.
struct SecurityPane {
  struct Row {
    var age: String
    var severity: Severity?
    var label: String
    var text: String
  }

  /// What stands on a line.
  enum Line {
    case attack(Row)
    /// What the attacked agents below it have in common.
    case heading(HeadingRow)
  }

  var frame: PaneFrame
  var rows: [Line]
  var list: ListRows
  var emptyText: String

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    let (heading, body) = inside.splitTop(1)
    grid.fill(heading, role: .header)
    grid.draw(" Age Risk   Agent", in: heading, role: .header)
    if list.count == 0 { grid.draw(emptyText, in: body.line(0).dropping(left: 1), role: .dim) }
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      switch rows[index - list.top] {
      case .attack(let row): draw(row, into: &grid, in: line.dropping(left: 1))
      case .heading(let heading): heading.draw(into: &grid, in: line.dropping(left: 1))
      }
    }
  }

  private func draw(_ row: Row, into grid: inout Grid, in rect: Rect) {
    let (age, afterAge) = rect.splitLeft(3)
    grid.draw(row.age, in: age, role: .dim, align: .trailing)
    let (risk, afterRisk) = afterAge.dropping(left: 1).splitLeft(6)
    if let severity = row.severity {
      grid.draw("\(grid.glyphs.severity(severity)) \(severity.shortWord)", in: risk, role: Role(severity))
    }
    let (label, text) = afterRisk.dropping(left: 1).splitLeft(min(22, max(10, rect.width / 4)))
    grid.draw(row.label, in: label, role: .text)
    grid.draw(row.text, in: text.dropping(left: 1), role: .text)
  }
}

extension Model {
  func securityPane(in layout: Layout) -> SecurityPane {
    let shown = displayed
    let top = cursors[PaneID.security.rawValue].top
    let rows = lists[.security].dropFirst(top).prefix(layout.height(of: .security))
      .compactMap { securityLine($0, in: shown) }
    let attacked = shown.alerts.count(of: .securityAlert)
    return SecurityPane(
      frame: frame(
        .security, summary: attacked > 0 ? "\(Format.counted(attacked, "agent")) under attack" : "", in: layout),
      rows: Array(rows), list: list(.security),
      emptyText: filter.isEmpty
        ? "no security alerts"
        : lists[.agents].isEmpty ? "no agent matches the filter" : "no security alerts of the agents that are shown")
  }

  private func securityLine(_ row: RowID, in shown: Fleet) -> SecurityPane.Line? {
    if case .cause(let number) = row { return .heading(headingRow(number, in: shown)) }
    return incident(of: row).map { .attack(securityRow($0)) }
  }

  private func securityRow(_ incident: Incident) -> SecurityPane.Row {
    SecurityPane.Row(
      age: Format.age(displayedNow - incident.at), severity: incident.severity, label: labels[incident.agent],
      text: words(of: incident))
  }

  /// What happened, and where it came from.
  func words(of incident: Incident) -> String {
    let addresses = incident.items.map { Scrubber.display($0) }.joined(separator: " ")
    let summary = Scrubber.display(incident.summary)
    return addresses.isEmpty ? summary : "\(summary) from \(addresses)"
  }
}
