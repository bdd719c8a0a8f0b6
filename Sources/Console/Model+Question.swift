import FleetModel
import Screen

/// What an open prompt says: the action, its targets, and what it will do.
extension Model {
  func content(of prompt: Prompt) -> PromptLine.Content {
    switch prompt {
    case .filter(let editor): return .editor(leads: ["show agents with:"], editor, hint: "Enter keeps  Esc clears")
    case .arguments(let draft, let editor, let fault):
      let hint =
        draft.action == .automation
        ? "on, dry or off; Enter goes on"
        : takesNote(draft) ? "a note; Enter goes on  Esc cancels" : "Enter goes on  Esc cancels"
      return .editor(
        leads: subjects(of: draft).map { [verb(of: draft), $0].filter { !$0.isEmpty }.joined(separator: " ") + ":" },
        editor, hint: fault.map { Scrubber.display($0) } ?? hint)
    case .quit: return .question(quitQuestion())
    case .confirm(let draft):
      return .question(
        Question(
          wordings: questions(draft).map { "\($0)?" }, notes: notes(on: draft), answer: "y",
          hint: "yes\(candidateHint(draft))\(editHint(draft))  other keys: no", isDangerous: false))
    case .code(let draft, let code, let typed):
      let answer =
        typed.isEmpty ? code : "\(typed)\(String(repeating: "_", count: code.count - typed.count)) of \(code)"
      return .question(
        Question(
          wordings: questions(draft).map { "\($0)?" }, notes: notes(on: draft), lead: "type", answer: answer,
          hint: "to do it\(editHint(draft))  Esc: no", isDangerous: true))
    }
  }

  /// Whether what is typed besides is a note on a conversation.
  private func takesNote(_ draft: ActionDraft) -> Bool { draft.isNoteAlone }

  private func editHint(_ draft: ActionDraft) -> String {
    if draft.proposal != nil { return "  + adds a reason" }
    return draft.action == .undo ? "  Tab adds a reason" : draft.parameters.isEmpty ? "" : "  Tab edits"
  }

  /// The action, its target and what it will do: `pause Vendas (sales-br-01) for=15m`; and the same with fewer names.
  private func questions(_ draft: ActionDraft) -> [String] {
    let arguments = Scrubber.display(draft.argumentLine)
    let more = arguments.isEmpty ? "" : " \(arguments)"
    if let proposal = draft.proposal {
      let verb = draft.action == .approve ? "approve" : "decline"
      return ["\(verb) \(Scrubber.display(proposal.rule)) for \(labels[proposal.agent])\(more)"]
    }
    if draft.action == .undo, turnsSwitch(draft), let entry = fleet.commands[draft.undone] {
      return ["\(verb(of: draft)): back to \(modeBefore(entry))\(more)"]
    }
    if takesNote(draft) {
      let note = arguments.isEmpty ? "" : ", with the note \"\(arguments)\""
      return subjects(of: draft).map { "\(verb(of: draft)) \($0)\(note)" }
    }
    return subjects(of: draft).map { subject in
      [verb(of: draft), subject, arguments].filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  func verb(of draft: ActionDraft) -> String {
    if draft.action == .transfer, draft.conversation != nil { return "hand over" }
    guard draft.action == .undo else { return draft.action.descriptor.verb }
    guard let entry = fleet.commands[draft.undone] else { return "undo" }
    return "undo \(Action(rawValue: entry.action)?.title ?? Scrubber.display(entry.action))"
  }

  /// The mode that an undo of a turn of the switch would set, as the turn's outcome tells: `automation on → dry`.
  private func modeBefore(_ entry: CommandLog.Entry) -> String {
    let words = entry.detail.split(separator: " ")
    guard words.count == 4, words[0] == "automation", words[2] == "→",
      let mode = AutomationMode(rawValue: String(words[1]))
    else { return "what it was before your command" }
    return mode.rawValue
  }

  // MARK: Targets

  /// Whom a draft is for, with fewer and fewer names; how many they are is never left out.
  private func subjects(of draft: ActionDraft) -> [String] {
    if let queue = draft.queue {
      let words = "\"\(QueueStanding.word(queue.kind))\" of "
      let name = QueueWords.name(QueueStanding(stream: queue.stream, group: queue.group, seenSince: .epoch))
      return [name, TextWidth.prefix(name, columns: 40).0].map { words + $0 }
    }
    let agents = names(of: draft.targets)
    if let conversation = draft.conversation {
      return agents.map { "conversation \(Self.shortened(Scrubber.display(conversation.text), columns: 40)) of \($0)" }
    }
    guard let first = draft.alerts.first else { return agents }
    guard draft.alerts.count == 1 else { return agents.map { "\(draft.alerts.count) alerts of \($0)" } }
    let alert = displayed.position(of: first.agent).flatMap { displayed.alert(first.kind, ofAgentAt: $0) }
    let words = alert.map { Why.text($0, in: displayed) } ?? "an alert"
    return agents.map { "\"\(TextWidth.prefix(words, columns: 40).0)\" of \($0)" }
  }

  private func names(of targets: [AgentID]) -> [String] {
    guard targets.count != 1 else {
      let (whole, label) = (name(targets[0]), labels[targets[0]])
      return [whole, label] + [40, 12].map { Self.shortened(label, columns: $0) }
    }
    guard targets.count > 3 else { return [targets.map { labels[$0] }.joined(separator: ", ")] + counts(targets) }
    return counts(targets)
  }

  private func counts(_ targets: [AgentID]) -> [String] {
    guard !targets.isEmpty else { return [] }
    let count = "\(targets.count) agents"
    let some = [(3, 60), (3, 16), (1, 16)].map { most, columns in
      let names = targets.prefix(most).map { Self.shortened(labels[$0], columns: columns) }.joined(separator: ", ")
      return "\(count) (\(names)\(targets.count > most && !names.hasSuffix("…") ? "…" : ""))"
    }
    return some + [count]
  }

  static func shortened(_ text: String, columns: Int) -> String {
    TextWidth.fits(text, columns: columns) ? text : TextWidth.prefix(text, columns: columns - 1).0 + "…"
  }

  /// Its label, and its id where that is another.
  func name(_ id: AgentID) -> String {
    let (label, idText) = (labels[id], Labels.idText(id))
    return label == idText ? label : "\(label) (\(idText))"
  }
}

extension ActionDraft {
  /// The command that an undo takes back.
  fileprivate var undone: CommandID { CommandID(arguments["command_id"] ?? "") }
}
