import FleetModel

/// What a row stands for: the selection holds on to this, wherever the row goes.
package enum RowID: Hashable, Sendable {
  case agent(AgentID)
  /// By its number.
  case incident(AgentID, Int)
  case command(String)
  /// An open forecast of a metric, by its name.
  case forecast(AgentID, String)
  /// The window of maintenance of an agent.
  case maintenance(AgentID)
  /// The heading of agents or alerts that have a cause in common, by its number.
  case cause(Int)
  /// A consumer group of a stream.
  case queue(stream: String, group: String?)
  /// A conversation that waits for a person.
  case conversation(WaitingConversation.ID)

  package static func == (left: RowID, right: RowID) -> Bool {
    switch (left, right) {
    case (.agent(let left), .agent(let right)): left == right
    case (.incident(let left, let first), .incident(let right, let second)): left == right && first == second
    case (.command(let left), .command(let right)): left.isExactly(right)
    case (.forecast(let left, let first), .forecast(let right, let second)):
      left == right && first.isExactly(second)
    case (.maintenance(let left), .maintenance(let right)): left == right
    case (.cause(let left), .cause(let right)): left == right
    case (.queue(let left, let first), .queue(let right, let second)):
      left.isExactly(right) && first.map(ExactText.init) == second.map(ExactText.init)
    case (.conversation(let left), .conversation(let right)): left == right
    case (.agent, _), (.incident, _), (.command, _), (.forecast, _), (.maintenance, _), (.cause, _), (.queue, _),
      (.conversation, _):
      false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .agent(let id): hasher.combine(id)
    case .incident(let id, let number):
      hasher.combine(id)
      hasher.combine(number)
    case .command(let key): hasher.combine(ExactText(key))
    case .forecast(let id, let metric):
      hasher.combine(id)
      hasher.combine(ExactText(metric))
    case .maintenance(let id):
      hasher.combine(id)
      hasher.combine(1)
    case .cause(let number): hasher.combine(number)
    case .queue(let stream, let group):
      hasher.combine(ExactText(stream))
      hasher.combine(group.map(ExactText.init))
    case .conversation(let id): hasher.combine(id)
    }
  }
}

/// A list's selected row and the first row in view.
struct ListCursor: Sendable {
  var selected: RowID?
  var top = 0
  /// Where the selected row was last, for when it leaves the list.
  var lastIndex = 0

  /// Moves the selection by rows within a list.
  mutating func move(by step: Int, in rows: [RowID]) {
    guard !rows.isEmpty else { return }
    let index = min(max(index(in: rows) + step, 0), rows.count - 1)
    selected = rows[index]
    lastIndex = index
  }

  /// The selected row's place; the nearest one where it has left the list.
  func index(in rows: [RowID]) -> Int {
    if let selected, let index = rows.firstIndex(of: selected) { return index }
    return min(max(lastIndex, 0), max(rows.count - 1, 0))
  }

  /// Keeps the cursor in step with a list that may have changed, and the selected row in view.
  ///
  /// Where the list was reordered, the view scrolls along, so that the selected row stays on its line if it can. A list
  /// in which nothing was selected shows its head.
  mutating func settle(in rows: [RowID], height: Int, isFocused: Bool, keepsLine: Bool) {
    guard selected != nil || isFocused else {
      (top, lastIndex) = (0, 0)
      return
    }
    let line = lastIndex - top
    let index = index(in: rows)
    if keepsLine { top = index - line }
    if index < top { top = index }
    if height > 0, index >= top + height { top = index - height + 1 }
    top = min(max(top, 0), max(0, rows.count - max(height, 1)))
    lastIndex = index
    if selected == nil || !rows.indices.contains(index) || rows[index] != selected {
      selected = rows.indices.contains(index) ? rows[index] : nil
    }
  }
}
