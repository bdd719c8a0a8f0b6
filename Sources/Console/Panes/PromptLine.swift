import FleetModel
import Screen

/// The line above the status: a question, a note, or the keys that work here.
struct PromptLine {
  enum Content {
    case keys([(key: String, word: String)])
    case note(String)
    /// What waits for an answer, after the keys that answer; the other keys if there is room.
    case proposal(String, keys: [(key: String, word: String)], text: String, others: [(key: String, word: String)])
    /// Something to type, after a few words: with fewer and fewer names in them.
    case editor(leads: [String], LineEditor, hint: String)
    case question(Question)
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
    case .editor(let leads, let editor, let hint): drawEditor(leads, editor, hint, into: &grid, in: rect)
    case .question(let question): question.draw(into: &grid, in: rect)
    }
  }

  /// How many lines it takes on a screen.
  func rows(in size: Size) -> Int {
    let most = max(2, size.rows / 4)
    switch content {
    case .keys, .note, .proposal: return 1
    case .editor(let leads, let editor, let hint):
      return Self.isOneLine(leads, editor, hint, columns: size.columns) ? 1 : 2
    case .question(let question): return question.lines(columns: size.columns, most: most).count
    }
  }

  /// Whether words, text and hint stand side by side; else the words have a line of their own.
  private static func isOneLine(_ leads: [String], _ editor: LineEditor, _ hint: String, columns: Int) -> Bool {
    // There is one wording alone if what is typed says all.
    guard leads.count > 1 else { return true }
    return TextWidth.columns(leads[0]) + TextWidth.columns(editor.text) + TextWidth.columns(hint) + 5 <= columns
  }

  private func drawEditor(
    _ leads: [String], _ editor: LineEditor, _ hint: String, into grid: inout Grid, in rect: Rect
  ) {
    grid.fill(rect, role: .prompt)
    var line = rect.line(0).dropping(left: 1)
    if rect.height > 1 {
      let lead = leads.first { TextWidth.fits($0, columns: line.width) } ?? leads.last ?? ""
      grid.draw(lead, in: line, role: .prompt)
      line = rect.line(1).dropping(left: 1)
    } else {
      line = line.dropping(left: grid.draw(leads.first ?? "", in: line, role: .prompt) + 1)
    }
    let typed = min(TextWidth.columns(editor.text) + 1, line.width / 2)
    let (field, tail) = line.splitRight(min(TextWidth.columns(hint) + 1, line.width - typed))
    editor.draw(into: &grid, in: field, role: .input)
    grid.draw(hint, in: tail.dropping(left: 1), role: .prompt)
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
    if let mark { return PromptLine(content: markLine(mark)) }
    if let guide = guide(isUrgent: answerable != nil) { return PromptLine(content: content(of: guide)) }
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
  var footer: [(key: String, word: String)] {
    var help: [(key: String, word: String)] = [("?", "help")]
    if hasChart { help.append(("v", "span")) }
    help += conversationKeys
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
}
