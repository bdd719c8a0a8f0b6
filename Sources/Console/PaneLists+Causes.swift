import FleetModel
import Insight

/// Rows that have a cause in common stand under its heading:
/// ```text
///   + ◆ 11 agents on gpt-4o, 11 of 12 affected; others 1 of 40       closed: one row
///   - ◆ 5 agents on version 1.8, 5 of 5 affected; others 0 of 47     open: its rows follow
///       a7 …
///   a9 …                                                             in no group
/// ```
extension PaneLists {
  /// What decides which rows stand under which heading.
  struct Folding: Equatable, Sendable {
    private var causes: Int
    private var open: Set<Int>

    init(_ view: View) { (causes, open) = (view.causes.revision, view.openCauses) }
  }

  /// Puts the agents' rows under their headings. Agents that are ordered by a column stand for themselves.
  mutating func foldAgents(_ view: View) {
    let isByTrouble = view.order == AgentOrder() && !view.causes.headings.isEmpty
    guard isByTrouble else { return setRows(agentRows, of: .agents) }
    let numbers = agentRows.map { row -> Int? in
      if case .agent(let id) = row { view.causes.heading(of: id)?.number } else { nil }
    }
    setRows(fold(agentRows, view, under: numbers), of: .agents)
  }

  /// Puts rows under headings, each where the first of its rows stands.
  ///
  /// - Parameter headings: the number of each row's heading; nil if it stands for itself.
  func fold(_ rows: [RowID], _ view: View, under headings: [Int?]) -> [RowID] {
    guard headings.contains(where: { $0 != nil }) else { return rows }
    var members: [Int: [RowID]] = [:]
    for (row, number) in zip(rows, headings) { if let number { members[number, default: []].append(row) } }
    var folded: [RowID] = []
    for (row, number) in zip(rows, headings) {
      guard let number else {
        folded.append(row)
        continue
      }
      // Its heading and all of its rows stand where the first one does. One row needs no heading.
      guard let group = members.removeValue(forKey: number) else { continue }
      if group.count == 1 {
        folded += group
      } else {
        folded += [.cause(number)] + (view.openCauses.contains(number) ? group : [])
      }
    }
    return folded
  }

  /// The number of the heading for an attack: that of a cause to which the agent's security alert belongs.
  func attack(_ incident: Incident, _ causes: FleetCauses) -> Int? {
    guard let heading = causes.heading(of: incident.agent), incident.at >= heading.cause.since,
      heading.alerts.contains(AlertID(.securityAlert, incident.agent))
    else { return nil }
    return heading.number
  }
}
