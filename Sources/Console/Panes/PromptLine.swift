import FleetModel
import Screen

/// The line above the status: a question, a note, or the keys that work here.
struct PromptLine {
  enum Content {
    case keys([(key: String, word: String)])
    case note(String)
    /// What waits for an answer, after the keys that answer; the other keys where there is room.
    case proposal(String, keys: [(key: String, word: String)], text: String, others: [(key: String, word: String)])
    /// Something to type, after a few words.
    case editor(lead: String, LineEditor, hint: String)
    /// A question with the answer it takes.
    case question(String, answer: String, hint: String, isDangerous: Bool)
  }

  var content: Content

  func draw(into grid: inout Grid, in rect: Rect) {
    switch content {
    case .keys(let keys): drawKeys(keys, into: &grid, in: rect)
    case .proposal(let lead, let keys, let text, let others):
      drawProposal(lead, keys, text, others, into: &grid, in: rect)
    case .note(let text):
      grid.fill(rect, role: .prompt)
      grid.draw(text, in: rect.dropping(left: 1), role: .prompt)
    case .editor(let lead, let editor, let hint):
      grid.fill(rect, role: .prompt)
      let used = grid.draw(lead, in: rect.dropping(left: 1), role: .prompt)
      let rest = rect.dropping(left: used + 2)
      let typed = min(TextWidth.columns(editor.text) + 1, rest.width / 2)
      let (field, tail) = rest.splitRight(min(TextWidth.columns(hint) + 1, rest.width - typed))
      editor.draw(into: &grid, in: field, role: .input)
      grid.draw(hint, in: tail.dropping(left: 1), role: .prompt)
    case .question(let text, let answer, let hint, let isDangerous):
      let role: Role = isDangerous ? .promptDanger : .prompt
      grid.fill(rect, role: role)
      // What to type is never cut; what is asked, only where it leaves half the line or more; the hint goes first.
      let room = max(0, rect.width - 2 - TextWidth.columns(answer))
      let beside = room - 1 - TextWidth.columns(hint)
      let width = TextWidth.fits(text, columns: max(0, beside)) || beside * 2 >= rect.width ? beside : room
      let used = grid.draw(text, in: rect.dropping(left: 1).splitLeft(width).0, role: role)
      let rest = rect.dropping(left: used + 2)
      let taken = grid.draw(answer, in: rest, role: .code)
      let left = rest.dropping(left: taken + 1)
      if TextWidth.fits(hint, columns: left.width) { grid.draw(hint, in: left, role: role) }
    }
  }

  private func drawProposal(
    _ lead: String, _ keys: [(key: String, word: String)], _ text: String, _ others: [(key: String, word: String)],
    into grid: inout Grid, in rect: Rect
  ) {
    grid.fill(rect, role: .text)
    let used = grid.draw(lead, in: rect.dropping(left: 1), role: .warning)
    let taken = drawKeys(keys, into: &grid, in: rect.dropping(left: used + 2))
    let rest = rect.dropping(left: used + 2 + taken)
    // The first of the other keys is the one that leads to all.
    let least = others.first.map { TextWidth.columns($0.key) + TextWidth.columns($0.word) + 3 } ?? 0
    let (left, right) = rest.splitRight(rest.width >= 4 * least ? least : 0)
    if TextWidth.fits(text, columns: left.width - 2) {
      let shown = grid.draw(text, in: rest, role: .text)
      drawKeys(others, into: &grid, in: rest.dropping(left: shown + 1))
    } else {
      grid.draw(text, in: left, role: .text)
      drawKeys(Array(others.prefix(1)), into: &grid, in: right)
    }
  }

  /// - Returns: how many columns they take, with a blank before and after.
  @discardableResult
  private func drawKeys(_ keys: [(key: String, word: String)], into grid: inout Grid, in rect: Rect) -> Int {
    grid.fill(rect, role: .text)
    var rest = rect.dropping(left: 1)
    for (key, word) in keys {
      let width = TextWidth.columns(key) + 1 + TextWidth.columns(word)
      guard width <= rest.width else { break }
      let used = grid.draw(key, in: rest, role: .key)
      grid.draw(word, in: rest.dropping(left: used + 1), role: .dim)
      rest = rest.dropping(left: width + 2)
    }
    return rect.width - rest.width
  }
}

extension Model {
  func promptLine() -> PromptLine {
    if let prompt { return PromptLine(content: content(of: prompt)) }
    if let note { return PromptLine(content: .note(note.text)) }
    if let proposal = answerable { return PromptLine(content: banner(of: proposal)) }
    return PromptLine(content: .keys(footer))
  }

  /// What waits for an answer, in one line that is there as long as it does: nothing moves for it.
  private func banner(of proposal: Proposal) -> PromptLine.Content {
    let count = fleet.proposals.open(at: now).count
    let rest = Format.remaining(proposal.expiresAt - now)
    let lead = count > 1 ? "\(count) PROPOSALS, \(rest)" : "PROPOSAL, \(rest)"
    let reason = proposal.reason.isEmpty ? "" : ", because \(Scrubber.display(proposal.reason))"
    return .proposal(
      lead, keys: settings.isReadOnly ? [] : [("A", "approve"), ("D", "decline")],
      text: proposal.summary { labels[$0] } + reason, others: footer)
  }

  /// The keys of the table that have a word for the footer; without those that nothing here can use.
  private var footer: [(key: String, word: String)] {
    var help: [(key: String, word: String)] = [("?", "help")]
    let isUnset = fleet.automation.setting == .unset && !settings.isReadOnly
    if isUnset { help.append(("m", "automation dry: rules only say what they would do")) }
    let keys = Keymap.sections.flatMap(\.bindings).compactMap { binding -> (key: String, word: String)? in
      guard let short = binding.short, binding.intent != .help else { return nil }
      if case .act = binding.intent, settings.isReadOnly { return nil }
      if isUnset, binding.intent == .act(.automation) { return nil }
      return (binding.label, short)
    }
    return help + keys
  }

  private func content(of prompt: Prompt) -> PromptLine.Content {
    switch prompt {
    case .filter(let editor): return .editor(lead: "show agents with:", editor, hint: "Enter keeps  Esc clears")
    case .arguments(let draft, let editor, let fault):
      let who = draft.targets.count == 1 ? labels[draft.targets[0]] : names(draft)
      let lead = [draft.action.title, who].filter { !$0.isEmpty }.joined(separator: " ") + ":"
      let hint = draft.action == .automation ? "on, dry or off; Enter goes on" : "Enter goes on  Esc cancels"
      return .editor(lead: lead, editor, hint: fault.map { Scrubber.display($0) } ?? hint)
    case .confirm(let draft):
      return .question(
        "\(question(draft))?", answer: "y", hint: "yes\(editHint(draft))  other keys: no", isDangerous: false)
    case .code(let draft, let code, let typed):
      let answer =
        typed.isEmpty ? code : "\(typed)\(String(repeating: "_", count: code.count - typed.count)) of \(code)"
      return .question(
        "\(question(draft))? type", answer: answer, hint: "to do it\(editHint(draft))  Esc: no", isDangerous: true)
    }
  }

  private func editHint(_ draft: ActionDraft) -> String {
    draft.isEditable ? "  Tab edits" : ""
  }

  /// The action, its target and what it will do: `pause Vendas (sales-br-01) for=15m`.
  private func question(_ draft: ActionDraft) -> String {
    if draft.action == .undo {
      let id = CommandID(draft.arguments["command_id"] ?? "")
      guard let entry = fleet.commands[id] else { return "undo" }
      let verb = "undo \(Action(rawValue: entry.action)?.title ?? entry.action)"
      return turnsSwitch(draft) ? "\(verb): back to \(modeBefore(entry))" : "\(verb) \(names(draft))"
    }
    if let proposal = draft.proposal {
      let verb = draft.action == .approve ? "approve" : "decline"
      return "\(verb) \(Scrubber.display(proposal.rule)) for \(labels[proposal.agent])"
    }
    let words = [draft.action.title, names(draft), Scrubber.display(draft.argumentLine)]
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The mode that an undo of a turn of the switch would set, as the turn's outcome tells: `automation on → dry`.
  private func modeBefore(_ entry: CommandLog.Entry) -> String {
    let words = entry.detail.split(separator: " ")
    guard words.count == 4, words[0] == "automation", words[2] == "→",
      let mode = AutomationMode(rawValue: String(words[1]))
    else { return "what it was before your command" }
    return mode.rawValue
  }

  private func names(_ draft: ActionDraft) -> String {
    guard draft.targets.count != 1 else { return name(draft.targets[0]) }
    let first = draft.targets.prefix(3).map { labels[$0] }.joined(separator: ", ")
    return draft.targets.count > 3 ? "\(draft.targets.count) agents (\(first)…)" : first
  }

  /// Its label, and its id where that is another.
  func name(_ id: AgentID) -> String {
    let (label, idText) = (labels[id], Labels.idText(id))
    return label == idText ? label : "\(label) (\(idText))"
  }
}
