import FleetModel
import Screen

extension Model {
  func agentsPane(in layout: Layout) -> AgentsPane {
    let rows = lists[.agents]
    let cursor = cursors[PaneID.agents.rawValue]
    let shown = displayed
    let width = layout[.agents].width
    let columns = OpenColumns(shown.metrics, in: width)
    let length = agentColumns(in: width).first { $0.column == .errorLine }?.width ?? 0
    let visible = rows.dropFirst(cursor.top).prefix(layout.height(of: .agents))
      .map { agentLine($0, in: shown, length, columns) }
    let parts =
      (filter.isEmpty ? ["\(shown.count)"] : []) + (listNote.isEmpty ? [] : [listNote])
      + (isHeld(.agents) ? ["order held"] : [])
    return AgentsPane(
      frame: frame(.agents, summary: parts.joined(separator: ", "), in: layout), rows: visible, list: list(.agents),
      order: order, openColumns: columns, emptyText: emptyText)
  }

  /// The columns that the agents pane has room for, besides those that the configuration asks for.
  func agentColumns(in width: Int) -> [(column: AgentColumn, width: Int)] {
    AgentColumn.widths(for: width - OpenColumns(displayed.metrics, in: width).width)
  }

  func frame(_ pane: PaneID, summary: String, in layout: Layout) -> PaneFrame {
    PaneFrame(
      title: pane.title, summary: summary, isFocused: focus == pane && opened == nil, hasBorder: layout.kind != .small)
  }

  func list(_ pane: PaneID) -> ListRows {
    let cursor = cursors[pane.rawValue]
    let rows = lists[pane]
    return ListRows(
      count: rows.count, top: cursor.top, selected: cursor.selected.flatMap { rows.firstIndex(of: $0) },
      isFocused: focus == pane)
  }

  /// What the agents pane says while it has no rows.
  private var emptyText: String {
    if !filter.isEmpty { return "no agent has \"\(filter)\"; Esc shows all" }
    switch link {
    case .connecting: return "connecting to \(settings.place)"
    case .down: return "no link to \(settings.place)"
    case .up where !isCaughtUp: return "reading the history"
    case .up: return "no events yet; listening on agent.* and agents.* and reading the stream"
    }
  }

  private func agentLine(_ row: RowID, in shown: Fleet, _ length: Int, _ columns: OpenColumns) -> AgentsPane.Line {
    if case .cause(let number) = row { return .heading(headingRow(number, in: shown)) }
    return .agent(agentRow(row, in: shown, length, columns))
  }

  private func agentRow(
    _ row: RowID, in shown: Fleet, _ lineLength: Int, _ columns: OpenColumns
  ) -> AgentsPane.Row {
    guard case .agent(let id) = row, let position = shown.position(of: id), let agent = shown.agents[position] else {
      return .gone
    }
    let alerts = shown.alerts(ofAgentAt: position)
    let inHand = inHand(alerts)
    let hand = inHand == nil ? nil : alerts.lazy.compactMap { Why.hand($0, at: displayedNow) }.first
    let why = [hand, Why.text(ofAgentAt: position, in: shown)].compactMap(\.self).joined(separator: ": ")
    let isStale = displayedNow - agent.lastEventAt > Fleet.freshness
    return AgentsPane.Row(
      label: labels[id], id: Labels.idText(id), state: agent.profile.state, stateWords: stateWords(agent),
      why: why, severity: alerts.first?.record.severity, alerts: alerts.count, inHand: inHand,
      isQuiet: alerts.first?.isQuiet ?? false,
      isUnconfirmed: shown.unconfirmedPause(ofAgentAt: position) != nil,
      isMarked: marked.contains(id), values: values(of: agent, at: position, in: shown),
      openValues: columns.places.map { place in
        shown.openReading(place, ofAgentAt: position).map { valueText($0, at: position, in: shown) }
      },
      errorLine: line(.errorRate, position, shown, lineLength),
      trafficLine: line(.messagesPerMinute, position, shown, lineLength),
      age: Format.age(displayedNow - agent.lastEventAt), isStale: isStale || self.isStale(id))
  }

  private func inHand(_ alerts: [Alert]) -> AgentsPane.InHand? {
    guard !alerts.isEmpty, !alerts.contains(where: { $0.isLoud(at: displayedNow) }) else { return nil }
    return alerts.contains { $0.record.acknowledgedBy != nil } ? .acknowledged : .silenced
  }

  /// The state in a few letters, with how long a pause still lasts, and `?` if the runtime says otherwise.
  func stateWords(_ agent: Agent) -> String {
    if agent.profile.deletedAt != nil { return "deleted" }
    if !agent.profile.isActive { return "off" }
    let word = agent.profile.state.shortWord
    switch agent.profile.state {
    case .paused:
      let rest = agent.profile.record.pausedUntil.map { " " + Format.age($0 - displayedNow) } ?? ""
      return word + rest + (agent.profile.isObeying == false ? "?" : "")
    case .running: return (agent.profile.record.rateLimit ?? 0) > 0 ? "\(word) ltd" : word
    case .restarting, .draining, .stopped: return word
    }
  }

  func line(_ metric: Metric, _ position: Int, _ shown: Fleet, _ length: Int) -> Sparkline {
    Sparkline(
      values: shown.history(metric, ofAgentAt: position, .fine, count: length, until: displayedNow),
      top: metric == .errorRate ? 0.1 : nil, levels: shown.limits(ofAgentAt: position)[metric])
  }

  /// The health is what the handler thinks, unless an event has said something worse lately.
  private func values(of agent: Agent, at position: Int, in shown: Fleet) -> [(text: String, role: Role)?] {
    var values = Metric.allCases.map { $0.isCharted ? valueText($0, of: agent, at: position, in: shown) : nil }
    if let health = ShownHealth(ofAgentAt: position, in: shown), shown.worseHealth(ofAgentAt: position) == nil {
      values[Metric.healthScore.rawValue] = (health.text, health.role == .good ? .text : health.role)
    }
    return values
  }

  /// A metric's value with its role: one that says nothing about the present is stale, one that can't be is `?`.
  func valueText(_ metric: Metric, of agent: Agent, at position: Int, in shown: Fleet) -> (text: String, role: Role)? {
    if agent.isSuspect(metric) { return ("?", .warning) }
    guard let value = agent.value(metric) ?? (metric == .healthScore ? agent.profile.record.health : nil) else {
      return nil
    }
    let isFresh = agent.value(metric, within: Fleet.freshness, of: displayedNow) != nil
    let text = Format.value(value, of: metric)
    return (text, isFresh ? Self.role(of: value, shown.limits(ofAgentAt: position)[metric]) : .stale)
  }

  /// The same of an open metric.
  func valueText(_ reading: OpenReading, at position: Int, in shown: Fleet) -> (text: String, role: Role) {
    if reading.isSuspect { return ("?", .warning) }
    guard let value = reading.value else { return ("-", .dim) }
    let text = Format.value(value, of: reading.metric)
    let isFresh = reading.value(within: Fleet.freshness, of: displayedNow) != nil
    return (text, isFresh ? Self.role(of: value, shown.limits(ofAgentAt: position)[reading.place]) : .stale)
  }

  /// How bad a value is by its metric's levels, as a colour.
  private static func role(of value: Double, _ levels: Limits.Levels?) -> Role {
    switch levels?.severity(of: value) {
    case .critical?, .high?: .bad
    case .medium?: .warning
    case .low?, nil: .text
    }
  }
}

extension AgentsPane.Row {
  /// A row whose agent has left since the list was made.
  fileprivate static var gone: AgentsPane.Row {
    AgentsPane.Row(
      label: "", id: "", state: .stopped, stateWords: "deleted", why: "", severity: nil, alerts: 0,
      inHand: nil, isMarked: false, values: Array(repeating: nil, count: Metric.allCases.count),
      errorLine: Sparkline(values: []),
      trafficLine: Sparkline(values: []), age: "",
      isStale: true)
  }
}
