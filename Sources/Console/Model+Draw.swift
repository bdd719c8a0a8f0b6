import FleetModel
import Screen

extension Model {
  /// The next frame; nil if it would be as the last one was.
  package mutating func frame(_ size: Size, glyphs: Glyphs) -> Grid? {
    let next = Drawn(changes: changes, facts: fleet.revision, size: size, glyphs: glyphs)
    guard next != drawn else { return nil }
    drawn = next
    var grid = Grid(size: size, glyphs: glyphs)
    draw(into: &grid)
    return grid
  }

  /// Draws the whole screen. Cursors are settled first, so that the selected row is in view.
  package mutating func draw(into grid: inout Grid) {
    let asked = prompt.map { PromptLine(content: content(of: $0)) }
    let layout = Layout(size: grid.size, promptRows: asked?.rows(in: grid.size) ?? 1)
    grid.clear()
    guard layout.kind != .none else {
      let least = Layout.least
      grid.draw("vigia needs \(least.columns)x\(least.rows)", in: grid.bounds.line(0), role: .text)
      return
    }
    settle(layout)
    settleComing(in: layout.body)
    findWorst()
    headline(grid.glyphs).draw(into: &grid, in: layout.headline)
    if layout.kind == .small { TabBar(focus: focus, panes: panes, note: listNote).draw(into: &grid, in: layout.tabs) }
    if let helpTop {
      let help = HelpPane(top: helpTop, height: layout.body.height)
      self.helpTop = help.top
      help.draw(into: &grid, in: layout.body)
    } else if let proposal = prompt?.draft?.proposal {
      proposalTop = draw(proposalPane(of: proposal, in: layout.body), into: &grid, in: layout.body)
    } else if let commandOutput, showsOutput {
      outputTop = min(outputTop, lastOutputTop(in: layout.body))
      commandOutputPane(commandOutput, in: layout.body).draw(into: &grid, in: layout.body)
    } else if let toolMenu {
      toolMenuPane(toolMenu, in: layout.body).draw(into: &grid, in: layout.body)
    } else if let explained {
      explainedTop = draw(whyPane(of: explained, in: layout.body), into: &grid, in: layout.body)
    } else if let mark, let result = mark.result {
      let top = draw(spanPane(mark, result, in: layout.body), into: &grid, in: layout.body)
      span?.top = top
    } else if let opened {
      detailTop = draw(detailPane(of: opened, in: layout.body), into: &grid, in: layout.body)
    } else if coming.isShown {
      comingPane(in: layout.body).draw(into: &grid, in: layout.body)
    } else {
      drawPanes(into: &grid, layout)
    }
    if case .down = link { grid.paint(layout.body, role: .stale) }
    if let agent = opened, explained == nil, helpTop == nil, isStale(agent) { grid.paint(layout.body, role: .stale) }
    (asked ?? promptLine()).draw(into: &grid, in: layout.prompt)
    statusLine().draw(into: &grid, in: layout.status)
    rememberRecords(layout)
  }

  /// Keeps the records of the agents that are in view.
  private mutating func rememberRecords(_ layout: Layout) {
    drawnRecords.removeAll(keepingCapacity: true)
    let rows = PaneID.allCases.flatMap { pane in
      lists[pane].dropFirst(cursors[pane.rawValue].top).prefix(layout.height(of: pane))
    }
    for id in rows.compactMap({ agent(of: $0) })
      + [opened, explained.flatMap { agent(of: $0) }, selectedAgent].compactMap(\.self)
    where drawnRecords[id] == nil {
      drawnRecords[id] = displayedRecord(of: id)
    }
  }

  /// Draws lines no further down than to their last; the first one in view comes back.
  private func draw(_ lines: DetailPane, into grid: inout Grid, in rect: Rect) -> Int {
    var pane = lines
    pane.top = min(pane.top, pane.lastTop(height: rect.height))
    pane.draw(into: &grid, in: rect)
    return pane.top
  }

  private func drawPanes(into grid: inout Grid, _ layout: Layout) {
    let panes = layout.kind == .small || focus.isWhole ? [focus] : PaneID.allCases.filter { !$0.isWhole }
    let present = FleetTotals.measure(displayed)
    for pane in panes {
      let rect = layout[pane]
      switch pane {
      case .agents: agentsPane(in: layout).draw(into: &grid, in: rect)
      case .errorRate: metricPane(pane, .errorRate, present, in: layout).draw(into: &grid, in: rect)
      case .traffic: metricPane(pane, .messagesPerMinute, present, in: layout).draw(into: &grid, in: rect)
      case .satisfaction: metricPane(pane, .averageRating, present, in: layout).draw(into: &grid, in: rect)
      case .security: securityPane(in: layout).draw(into: &grid, in: rect)
      case .commands: commandsPane(in: layout).draw(into: &grid, in: rect)
      case .queues: queuesPane(in: layout).draw(into: &grid, in: rect)
      case .waiting: waitingPane(in: layout).draw(into: &grid, in: rect)
      }
    }
  }

  private mutating func settle(_ layout: Layout) {
    let showsAgents = opened == nil && explained == nil && (layout.kind != .small || focus == .agents)
    if showsAgents, heldPane != .agents {
      lists.settleAgents(displayed, view)
      if !hasBeenTouched { cursors[PaneID.agents.rawValue] = ListCursor(selected: lists[.agents].first) }
    }
    for pane in PaneID.allCases {
      let keepsLine = pane == focus && hasBeenTouched
      cursors[pane.rawValue].settle(
        in: lists[pane], height: layout.height(of: pane), isFocused: pane == focus, keepsLine: keepsLine)
      if pane != focus { lists.settleHead(of: pane, count: layout.height(of: pane), displayed) }
    }
  }
}
