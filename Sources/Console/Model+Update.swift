import FleetModel
import Screen

extension Model {
  /// Takes in a message; what is to be done outside comes back.
  package mutating func update(_ message: Message) -> [Effect] {
    if !message.isTick { changes &+= 1 }
    switch message {
    case .key(let key): return press(key)
    case .tick(let instant): tick(instant)
    case .resized(let size): self.size = size
    case .link(let status, let shard):
      board?.set(status, of: shard)
      link = board?.link ?? status
      // Whoever asked last was told of a time that is over.
      handler = link == .up ? board?.handler ?? handler : .unknown
    case .handler(let status, let shard):
      board?.set(status, of: shard)
      handler = board?.handler ?? status
    case .caughtUp:
      isCaughtUp = true
      fleet.openSilentAlerts()
      reorder()
    case .lag(let lag): self.lag = lag
    case .behind(let isBehind): self.isBehind = isBehind
    case .refused(let what, let meaning): refusals[Scrubber.display(what)] = Scrubber.display(meaning)
    case .served(let what): refusals[Scrubber.display(what)] = nil
    case .sent(let command, let delivery, let shard): enter(command, delivery, shard)
    case .delivery(let command, let delivery): fleet.commands.setDelivery(delivery, of: command, at: now)
    case .latestEvents(let agent, let events):
      if agent == opened { latestEvents = (agent, events) }
    case .history(let agent, let series):
      if agent == opened { history = (agent, series) }
    case .budgets(let agent, let reading):
      if agent == budgetsAgent { budgets = (agent, reading) }
    case .tuning(let agent, let report):
      if agent == tunedAgent { tuning = (agent, report) }
    case .compared(let from, let to, let progress): take(from, to, progress)
    case .traced(let incident, let trace):
      if let explained, self.incident(of: explained) == incident { self.trace = trace }
    case .commandEnded(let bytes, let isCut, let words, let isGood): take(bytes, isCut: isCut, words, isGood: isGood)
    case .note(let text): show(note: Scrubber.display(text))
    }
    return []
  }

  private mutating func enter(_ command: Command, _ delivery: CommandLog.Delivery, _ shard: Int) {
    fleet.commands.enter(command, delivery, at: now, shard: shard)
    if delivery == .waiting {
      let waiting = fleet.commands[command.batch?.id ?? command.id]?.waitingShards ?? [shard]
      show(note: "not sent: \(waitWords(until: command.expiresAt, waiting))")
    } else if isFrozen {
      // The frozen panes do not show it.
      show(note: "sent: \(command.action.title); the display is frozen, f goes on")
    }
  }

  private mutating func tick(_ instant: Instant) {
    // Clocks and ages step by the second.
    if now.milliseconds / 1000 != instant.milliseconds / 1000 { changes &+= 1 }
    if now - instant > Self.clockDoubt { stepBack(by: now - instant) }
    now = max(now, instant)
    // While events stand unread, time is that of the last one that was read; while the link is down nothing is known.
    if link == .up, isCaughtUp, !isBehind, instant.milliseconds / 1000 > fleet.now.milliseconds / 1000 {
      fleet.advance(to: instant)
    }
    if let note, note.until <= now { self.note = nil }
    if now - refreshedAt >= .milliseconds(250) || lists.isOutdated(displayed, filter: filter) {
      refreshLists()
    } else {
      lists.followTime(displayed, view)
    }
  }

  /// Two measurements of the server's time differ by less.
  private static let clockDoubt = TimeSpan.seconds(2)

  /// The clock so far was wrong: until the server has told its time it is this machine's. What was set by it is set anew,
  /// for ages would be as wrong until time had come back to where it was.
  private mutating func stepBack(by step: TimeSpan) {
    now = now - step
    lastKeyAt = lastKeyAt - step
    refreshedAt = refreshedAt - step
    lists.stepBack(by: step)
    if let note { self.note = (note.text, note.until - step) }
    if let since = frozenSince { frozenSince = since - step }
    named?.since = .epoch
  }

  /// Brings the lists up to date, as far as the operator's hands allow.
  mutating func refreshLists() {
    refreshedAt = now
    let shown = displayed
    learnNames(of: shown)
    if !marked.isEmpty { marked = marked.filter { fleet.position(of: $0) != nil } }
    if labels.count > shown.count + 1000 { labels.keepOnly { shown[$0] != nil } }
    findCauses(in: shown)
    let due = lists.due(at: now, except: heldPane)
    if due.count < PaneLists.ofAgents.count, lists.isOutdated(shown, filter: filter) { lists.patch(shown, view) }
    order(due, shown)
    lists.followQueues(shown.queues, isHeld: heldPane == .queues)
    lists.followWaiting(shown, isHeld: heldPane == .waiting)
  }

  /// The pane that keeps its order since the operator's hands are on the keys.
  var heldPane: PaneID? {
    let handsAreOff = prompt == nil && (!hasBeenTouched || now - lastKeyAt >= PaneLists.handsOff)
    return handsAreOff ? nil : focus
  }

  /// What the lists are made by.
  var view: PaneLists.View {
    .init(labels: labels, filter: filter, order: order, causes: causes, openCauses: openCauses)
  }

  mutating func reorder() {
    let shown = displayed
    learnNames(of: shown)
    findCauses(in: shown)
    order(PaneLists.ofAgents, shown)
  }

  private mutating func order(_ panes: [PaneID], _ shown: Fleet) {
    if !panes.isEmpty { lists.order(panes, shown, view, now: now) }
    lists.followTime(shown, view)
    if !hasBeenTouched { cursors[PaneID.agents.rawValue] = ListCursor(selected: lists[.agents].first) }
  }

  private mutating func learnNames(of shown: Fleet) {
    guard learnedNames != shown.agents.namesRevision else { return }
    learnedNames = shown.agents.namesRevision
    for profile in shown.agents.profiles { if let profile { labels.learn(profile) } }
  }

  // MARK: Keys

  private mutating func press(_ key: Key) -> [Effect] {
    lastKeyAt = now
    hasBeenTouched = true
    if cursors[focus.rawValue].selected == nil { cursors[focus.rawValue].selected = lists[focus].first }
    if case .burst(let keys) = key, prompt?.field != nil { return type(keys) }
    if let prompt { return answer(prompt, key) }
    if key.isPasted {
      show(note: "pasted text was ignored: no field for text is open")
      return []
    }
    if helpTop != nil { return browseHelp(key) }
    if let effects = browseTools(key) { return effects }
    guard let intent = Keymap.intent(of: key) else { return [] }
    return perform(intent)
  }

  private mutating func perform(_ intent: Intent) -> [Effect] {
    switch intent {
    case .up: move(by: -1)
    case .down: move(by: 1)
    case .pageUp: move(by: -pageHeight)
    case .pageDown: move(by: pageHeight)
    case .first: move(by: -1_000_000)
    case .last: move(by: 1_000_000)
    case .nextPane: focus(on: focus.stepped(by: 1, among: panes))
    case .previousPane: focus(on: focus.stepped(by: -1, among: panes))
    case .pane(let pane): focus(on: pane)
    case .open: return open()
    case .back: back()
    case .mark: toggleMark()
    case .markAll: markAll()
    case .order: stepOrder()
    case .invert: invertOrder()
    case .filter: prompt = .filter(LineEditor(filter))
    case .freeze: toggleFreeze()
    case .coming: toggleComing()
    case .tools: toggleTools()
    case .markSpan: markSpan()
    case .moveMark(let minutes): moveMark(by: .minutes(Int64(minutes)))
    case .explain: return explain()
    case .help: helpTop = 0
    case .quit: return quit()
    case .suspend: return [.suspend]
    case .redraw: return [.redraw]
    case .act(let action): begin(action)
    }
    return []
  }

  private var pageHeight: Int { max(1, (coming.isShown ? coming.height : Layout(size: size).height(of: focus)) - 1) }

  private mutating func move(by step: Int) {
    guard explained == nil else {
      explainedTop = max(0, min(explainedTop + step, 10_000))
      return
    }
    if let mark, mark.result != nil {
      span?.top = max(0, min(mark.top + step, 10_000))
      return
    }
    guard opened == nil else {
      detailTop = max(0, min(detailTop + step, 10_000))
      return
    }
    guard !coming.isShown else { return moveComing(by: step) }
    cursors[focus.rawValue].move(by: step, in: lists[focus])
  }

  private mutating func focus(on pane: PaneID) {
    (opened, explained, coming.isShown) = (nil, nil, false)
    // A pane that is left goes back to its head, where the worst or the newest stands; the agents keep their place.
    if focus != pane, focus != .agents { cursors[focus.rawValue] = ListCursor() }
    focus = pane
    if cursors[pane.rawValue].selected == nil { cursors[pane.rawValue].selected = lists[pane].first }
  }

  private mutating func open() -> [Effect] {
    if mark != nil { return compareSpan() }
    if opened == nil, explained == nil, let selectedCause {
      toggle(selectedCause)
      return []
    }
    if opened == nil, explained == nil, case .conversation? = selectedRow {
      begin(.take)
      return []
    }
    guard opened == nil || explained != nil, let agent = selectedAgent else { return [] }
    (explained, span) = (nil, nil)
    opened = agent
    detailTop = 0
    (latestEvents, history) = (nil, nil)
    return [.readEvents(agent)]
  }

  /// One thing a press: the explanation, then a marked span, the open agent, the marks, the filter, the order, the freeze. Marks that the
  /// filter hides are shown before they are taken off.
  private mutating func back() {
    if explained != nil {
      explained = nil
    } else if backFromMark() {
      return
    } else if opened != nil {
      opened = nil
    } else if coming.isShown {
      coming.isShown = false
    } else if !marked.isEmpty, hiddenMarks.isEmpty {
      marked = []
    } else if !filter.isEmpty {
      setFilter("")
    } else if order != AgentOrder() {
      order = AgentOrder()
      reorder()
    } else if isFrozen {
      toggleFreeze()
    }
  }

  private mutating func toggleFreeze() {
    (frozenFleet, frozenSince) = isFrozen ? (nil, nil) : (fleet, now)
    worst = nil
    refreshLists()
  }

  private mutating func browseHelp(_ key: Key) -> [Effect] {
    guard let top = helpTop else { return [] }
    switch Keymap.intent(of: key) {
    case .up: helpTop = max(0, top - 1)
    case .down: helpTop = min(top + 1, HelpPane.lineCount - 1)
    case .pageUp: helpTop = max(0, top - 10)
    case .pageDown: helpTop = min(top + 10, HelpPane.lineCount - 1)
    case .quit where key == .control("c"): return [.quit]
    case .suspend: return [.suspend]
    case .redraw: return [.redraw]
    default: helpTop = nil
    }
    return []
  }
}

extension Key {
  /// Whether it may be text that nobody typed here.
  fileprivate var isPasted: Bool {
    switch self {
    case .paste, .burst: true
    case .character, .enter, .escape, .tab, .backTab, .backspace, .delete, .insert, .up, .down, .left, .right, .pageUp,
      .pageDown, .home, .end, .function, .control:
      false
    }
  }
}
