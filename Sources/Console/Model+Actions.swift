import FleetModel
import Screen

/// From a key to a command: who it is for, with what arguments, and the operator's yes.
extension Model {
  /// Begins to ask for an action, or says why it can't be had.
  mutating func begin(_ action: Action) {
    if settings.isReadOnly { return show(note: "read-only: \(action.title) is not available here") }
    guard var draft = draft(of: action) else { return }
    // What is done to alerts does not depend on how their agents are; and maintenance changes its agent by itself.
    if draft.alerts.isEmpty, draft.queue == nil, draft.conversation == nil, draft.window == nil {
      draft.observed = observe(draft.targets)
    }
    for parameter in draft.parameters where draft.arguments[parameter.name] == nil {
      draft.arguments[parameter.name] = parameter.defaultText
    }
    let lacks = draft.parameters.contains { $0.isRequired && draft.arguments[$0.name] == nil }
    // An answer to a window stands as that was proposed.
    if lacks || draft.action.descriptor.asksArguments && draft.window == nil {
      edit(draft)
    } else {
      confirm(draft)
    }
  }

  private mutating func draft(of action: Action) -> ActionDraft? {
    switch action {
    case .undo: return undoDraft()
    case .approve, .reject: return isWindowSelected ? windowDraft(action) : answerDraft(action)
    case .automation: return switchDraft()
    case .acknowledge, .silence, .close: return alertDraft(action)
    case .take, .handBack, .closeConversation: return conversationDraft(action)
    case .transfer where isConversationSelected: return conversationDraft(action)
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate,
      .transfer, .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .rollback, .notify, .unacknowledge,
      .unsilence,
      .drain, .planMaintenance, .cancelMaintenance:
      return targetedDraft(of: action)
    }
  }

  /// For the marked agents, or the selected one.
  private mutating func targetedDraft(of action: Action) -> ActionDraft? {
    let targets = targets
    guard !targets.isEmpty else {
      let hidden = hiddenMarks.count
      let more = hidden > 0 ? ": the filter hides \(Format.counted(hidden, "marked agent"))" : ""
      show(note: "nothing is selected to \(action.title)\(more)")
      return nil
    }
    var draft = ActionDraft(action: action, targets: targets)
    switch action {
    case .blockIP: draft.arguments["ip"] = address(for: targets)
    case .activateBackup: if let backup = backup(of: targets) { draft.arguments["backup"] = backup }
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .deactivateBackup, .escalate, .transfer,
      .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .rollback, .notify, .acknowledge, .unacknowledge, .silence,
      .unsilence,
      .close,
      .approve, .reject, .undo, .automation, .take, .handBack, .closeConversation, .drain, .planMaintenance,
      .cancelMaintenance:
      break
    }
    return draft
  }

  /// The address of the alert that is selected; if none is, the one that last attacked one of the agents.
  private func address(for targets: [AgentID]) -> String? {
    let row = explained ?? (opened == nil && !actsOnMarks ? selectedRow : nil)
    if let incident = row.flatMap({ incident(of: $0) }) { return incident.items.first }
    let agents = Set(targets)
    return displayed.incidents.security.last { agents.contains($0.agent) && !$0.items.isEmpty }?.items.first
  }

  /// The agent that says it stands in for the only target.
  private func backup(of targets: [AgentID]) -> String? {
    guard targets.count == 1 else { return nil }
    let shown = displayed
    if let known = shown[targets[0]]?.record.backup { return known.description }
    let name = targets[0].description
    return shown.agents.lazy.compactMap { $0 }.first { $0.backupFor == name }?.id.description
  }

  /// This operator's last command that was done and can be taken back.
  private mutating func undoDraft() -> ActionDraft? {
    let last = fleet.commands.entries.last { entry in
      guard case .command = entry.origin, entry.operator == settings.operator, entry.action != Action.undo.rawValue
      else { return false }
      return entry.progress == .phase(.succeeded) || entry.progress == .phase(.obeyed) || entry.isPartlyDone
    }
    guard let last, case .command(let id) = last.origin else {
      show(note: "there is no command of yours to undo")
      return nil
    }
    return ActionDraft(
      action: .undo, targets: last.targets, arguments: ["command_id": id.text])
  }

  /// The targets as they stood on the screen, for the operator decided by that: the handler refuses a command if one of them
  /// has changed since. One that is marked and out of view is as it is displayed.
  private func observe(_ targets: [AgentID]) -> [AgentID: Command.Observation] {
    var observed: [AgentID: Command.Observation] = [:]
    for target in targets { observed[target] = drawnRecords[target] ?? displayedRecord(of: target) }
    return observed
  }

  /// An agent's record as the panes show it; nil if there is no such agent.
  func displayedRecord(of id: AgentID) -> Command.Observation? {
    displayed[id].map { Command.Observation(state: $0.record.state, version: $0.record.version) }
  }

  private mutating func edit(_ draft: ActionDraft) {
    var line = draft.argumentLine
    for parameter in draft.parameters where parameter.isRequired && draft.arguments[parameter.name] == nil {
      line = "\(parameter.name)=" + (line.isEmpty ? "" : " ") + line
    }
    prompt = .arguments(draft, LineEditor(line), fault: nil)
  }

  mutating func confirm(_ draft: ActionDraft) {
    guard Prompt.needsCode(draft, fleetSize: fleet.count) || turnsSwitch(draft) else {
      prompt = .confirm(draft)
      return
    }
    prompt = .code(draft, code: Prompt.makeCode(&random), typed: "")
  }

  // MARK: Answers

  /// Takes keys that came at once, one by one, while the field that was open for text still is.
  mutating func type(_ keys: [Key]) -> [Effect] {
    let field = prompt?.field
    var effects: [Effect] = []
    for key in keys {
      guard let prompt, prompt.field == field else { break }
      effects += answer(prompt, key)
    }
    return effects
  }

  mutating func answer(_ asked: Prompt, _ key: Key) -> [Effect] {
    if asked == .quit { return answerQuit(key) }
    if key == .control("c") {
      prompt = nil
      return []
    }
    if asked.field != .arguments, let draft = asked.draft, let proposal = draft.proposal, browse(draft, proposal, key) {
      return []
    }
    switch asked {
    case .quit: break
    case .filter(let editor): editFilter(editor, key)
    case .arguments(let draft, let editor, _): editArguments(draft, editor, key)
    case .confirm(let draft): return decide(draft, key)
    case .code(let draft, let code, let typed): return take(key, of: code, typed: typed, draft)
    }
    return []
  }

  private mutating func editFilter(_ editor: LineEditor, _ key: Key) {
    var editor = editor
    switch key {
    case .enter: prompt = nil
    case .escape:
      prompt = nil
      setFilter("")
    case .character, .paste, .burst, .backspace, .delete, .insert, .tab, .backTab, .up, .down, .left, .right, .pageUp,
      .pageDown, .home, .end, .function, .control:
      if editor.handle(key) {
        prompt = .filter(editor)
        if filter != editor.text { setFilter(editor.text) }
      }
    }
  }

  private mutating func editArguments(_ draft: ActionDraft, _ editor: LineEditor, _ key: Key) {
    var (draft, editor) = (draft, editor)
    if key == .escape {
      cancel(draft)
    } else if key == .enter {
      if let fault = draft.setArguments(editor.text) {
        prompt = .arguments(draft, editor, fault: fault)
      } else {
        confirm(draft)
      }
    } else if editor.handle(key) {
      prompt = .arguments(draft, editor, fault: nil)
    }
  }

  private mutating func decide(_ draft: ActionDraft, _ key: Key) -> [Effect] {
    if key == .character("y") {
      return give(draft)
    }
    if key == draft.editKey {
      edit(draft)
    } else if let other = draft.candidate(of: key) {
      var draft = draft
      draft.arguments["to"] = "\(other.agent)"
      prompt = .confirm(draft)
    } else {
      cancel(draft)
    }
    return []
  }

  private mutating func take(_ key: Key, of code: String, typed: String, _ draft: ActionDraft) -> [Effect] {
    if key == draft.editKey {
      edit(draft)
      return []
    }
    if key == .backspace {
      prompt = .code(draft, code: code, typed: String(typed.dropLast()))
      return []
    }
    guard case .character(let character) = key, code.hasPrefix(typed + String(character)) else {
      cancel(draft)
      return []
    }
    let typed = typed + String(character)
    guard typed == code else {
      prompt = .code(draft, code: code, typed: typed)
      return []
    }
    return give(draft)
  }

  private mutating func give(_ draft: ActionDraft) -> [Effect] {
    prompt = nil
    if let proposal = draft.proposal, !isStillOpen(proposal) {
      show(note: "not sent: the proposal \(standing(of: proposal))")
      return []
    }
    if let window = draft.window, !isStillThere(window, of: draft.targets) {
      show(note: "not sent: that maintenance is over")
      return []
    }
    return [.send(draft)]
  }

  private mutating func cancel(_ draft: ActionDraft) {
    prompt = nil
    show(note: "cancelled: \(draft.action.title); nothing was sent")
  }
}
