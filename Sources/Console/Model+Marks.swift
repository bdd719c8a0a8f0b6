import FleetModel
import Screen

/// Marks, the filter and the order: which agents are shown, and which of them a key is for.
extension Model {
  // MARK: Marks

  /// The marked agents that the filter shows.
  var shownMarks: [AgentID] { marked.filter { lists.isShown($0) } }

  /// Whether keys act on the marked agents. A mark that the filter hides acts on nobody until it is shown again.
  var actsOnMarks: Bool { opened == nil && explained == nil && marked.contains { lists.isShown($0) } }

  /// The marked agents that an action leaves out, since the filter hides them.
  var hiddenMarks: [AgentID] {
    guard opened == nil, explained == nil else { return [] }
    return sorted(marked.filter { !lists.isShown($0) })
  }

  /// The agents that an action would be for: the marked ones that are shown, else the selected one.
  var targets: [AgentID] {
    actsOnMarks ? sorted(shownMarks) : selectedAgent.map { [$0] } ?? selectedCause?.agents ?? []
  }

  private func sorted(_ ids: some Sequence<AgentID>) -> [AgentID] {
    ids.map { (order: NaturalOrder($0.bytes), id: $0) }.sorted { $0.order < $1.order }.map(\.id)
  }

  /// Marks the selected agent, or all that stand under the selected heading; takes the marks off if all have one.
  mutating func toggleMark() { toggleMarks(of: selectedAgent.map { [$0] } ?? selectedCause?.agents ?? []) }

  private mutating func toggleMarks(of agents: [AgentID]) {
    if agents.allSatisfy(marked.contains) { marked.subtract(agents) } else { marked.formUnion(agents) }
  }

  /// Marks every agent of the pane's rows; takes the marks off if all of them have one.
  mutating func markAll() {
    guard opened == nil, explained == nil else { return }
    toggleMarks(of: lists[focus].flatMap { agents(of: $0) })
  }

  // MARK: Filter and order

  /// Shows only agents with a text, from the first row on.
  mutating func setFilter(_ text: String) {
    filter = text
    reorder()
    if !text.isEmpty { goToHeads() }
  }

  /// Orders the agents by the next column that is on the screen.
  mutating func stepOrder() {
    let width = Layout(size: size)[.agents].width
    let open = OpenColumns(displayed.metrics, in: width).places.compactMap { displayed.metrics[$0] }
    order.step(through: agentColumns(in: width).map(\.column), open)
    showOrder()
  }

  mutating func invertOrder() {
    order.isInverted.toggle()
    showOrder()
  }

  /// Shows the agents in a new order, from the first row on.
  mutating func showOrder() {
    (opened, explained, focus) = (nil, nil, .agents)
    reorder()
    goToHeads()
  }

  /// Puts every list at its first row: that is what a new filter or order is asked for.
  private mutating func goToHeads() {
    for pane in PaneID.allCases { cursors[pane.rawValue] = ListCursor() }
    cursors[focus.rawValue].selected = lists[focus].first
  }

  /// What is not as usual about the agents' rows: order, filter, marks; empty if nothing is.
  var listNote: String {
    var parts = order.words.isEmpty ? [] : [order.words]
    if !filter.isEmpty {
      let text = TextWidth.fits(filter, columns: 24) ? filter : TextWidth.prefix(filter, columns: 23).0 + "…"
      parts.append("\(lists.agentCount) of \(displayed.count) with \"\(text)\"")
    }
    if !marked.isEmpty {
      let hidden = marked.count { !lists.isShown($0) }
      parts.append("\(marked.count) marked" + (hidden > 0 ? " (\(hidden) hidden)" : ""))
    }
    return parts.joined(separator: ", ")
  }
}
