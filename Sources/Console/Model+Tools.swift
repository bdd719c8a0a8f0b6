import FleetModel
import Screen

/// The operator's own links and commands: which there are for an agent, and what is done with them.
extension Model {
  /// What places are filled with for an agent: its own words, and its worst alert.
  func linkFacts(of id: AgentID) -> LinkFacts {
    var facts = LinkFacts(at: displayedNow)
    facts.agent = id
    guard let position = displayed.position(of: id), let agent = displayed.agents[position] else { return facts }
    (facts.name, facts.role, facts.tier, facts.model) = (agent.name, agent.role, agent.tier, agent.model)
    if let alert = displayed.alerts(ofAgentAt: position).first {
      (facts.alert, facts.severity, facts.since) = (alert.id.kind, alert.record.severity, alert.record.since)
    }
    return facts
  }

  /// The links whose places are all known.
  func links(for facts: LinkFacts) -> [(name: String, address: String)] {
    settings.tools.links.compactMap { link in link.address(facts).map { (link.name, $0) } }
  }

  /// The lines of an opened agent that name them.
  func linkLines(of id: AgentID) -> [DetailPane.Line] {
    let links = links(for: linkFacts(of: id))
    guard !links.isEmpty || !settings.tools.commands.isEmpty else { return [] }
    let commands = settings.tools.commands.map { Scrubber.display($0.name) }.joined(separator: ", ")
    return [.heading("Links, L")] + links.map { .link(Scrubber.display($0.name), $0.address) }
      + (commands.isEmpty ? [] : [.pair("commands", commands, .text)]) + [.blank]
  }

  // MARK: The menu

  mutating func toggleTools() {
    guard toolMenu == nil, commandOutput == nil || !showsOutput else {
      (toolMenu, showsOutput) = (nil, false)
      return
    }
    if let fault = settings.tools.fault { return show(note: Scrubber.display("links and commands are off: \(fault)")) }
    guard !settings.tools.isEmpty else {
      return show(note: "no links and commands: --config names a file with them; vigia manual around")
    }
    guard let agent = selectedAgent else { return show(note: "select an agent to see links and commands for it") }
    let facts = linkFacts(of: agent)
    let items =
      links(for: facts).map { ToolMenu.Item.link(name: $0.name, address: $0.address) }
      + settings.tools.commands.map { .command($0) }
    guard !items.isEmpty else { return show(note: "no link has all that it needs for \(labels[agent])") }
    toolMenu = ToolMenu(agent: agent, facts: facts, items: items)
  }

  /// Takes the keys of the menu and of a command's output; nil if the key is for the panes, which come back by it.
  mutating func browseTools(_ key: Key) -> [Effect]? {
    if let question = toolMenu?.question { return answer(question, key) }
    guard toolMenu != nil || showsOutput else { return nil }
    let intent = Keymap.intent(of: key)
    switch intent {
    case .up: step(by: -1)
    case .down: step(by: 1)
    case .pageUp: step(by: -10)
    case .pageDown: step(by: 10)
    case .first: step(by: -10_000)
    case .last: step(by: 10_000)
    case .open: return choose()
    case .back, .tools:
      if showsOutput { showsOutput = false } else { toolMenu = nil }
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .quit where key == .control("c"): return quit()
    case .nextPane, .previousPane, .pane, .mark, .markAll, .filter, .freeze, .help, .quit, .order, .invert, .markSpan,
      .moveMark, .coming, .explain, .act, nil:
      return []
    }
    return []
  }

  private mutating func step(by count: Int) {
    if showsOutput {
      outputTop = max(0, min(outputTop + count, CommandOutput.mostLines))
    } else if var menu = toolMenu {
      menu.selected = min(max(0, menu.selected + count), menu.items.count - 1)
      toolMenu = menu
    }
  }

  private mutating func choose() -> [Effect] {
    guard !showsOutput, let menu = toolMenu, menu.items.indices.contains(menu.selected) else { return [] }
    switch menu.items[menu.selected] {
    case .link(_, let address):
      toolMenu = nil
      return [.openLink(address)]
    case .command(let command): return begin(command, menu)
    }
  }

  private mutating func begin(_ command: OwnCommand, _ menu: ToolMenu) -> [Effect] {
    if command.isDangerous, settings.isReadOnly {
      show(note: Scrubber.display("read-only: \(command.name) is dangerous, and not available here"))
      return []
    }
    if case .running? = commandOutput?.state {
      show(note: "another command still runs; L shows it")
      showsOutput = true
      return []
    }
    do throws(OwnCommand.Refusal) {
      let arguments = try command.filled(menu.facts)
      guard command.isDangerous else { return run(command, arguments) }
      toolMenu?.question = ToolMenu.Question(
        command: command, arguments: arguments, code: Prompt.makeCode(&random))
    } catch {
      show(note: Scrubber.display("not run: \(error)"))
    }
    return []
  }

  private mutating func answer(_ question: ToolMenu.Question, _ key: Key) -> [Effect] {
    if key == .backspace {
      toolMenu?.question?.typed = String(question.typed.dropLast())
      return []
    }
    guard case .character(let character) = key, question.code.hasPrefix(question.typed + String(character)) else {
      toolMenu?.question = nil
      show(note: Scrubber.display("cancelled: \(question.command.name); nothing was run"))
      return []
    }
    let typed = question.typed + String(character)
    toolMenu?.question?.typed = typed
    return typed == question.code ? run(question.command, question.arguments) : []
  }

  private mutating func run(_ command: OwnCommand, _ arguments: [String]) -> [Effect] {
    toolMenu = nil
    commandOutput = CommandOutput(title: Scrubber.display(command.name), state: .running(since: now))
    (showsOutput, outputTop) = (true, 0)
    return [.run(arguments, limit: command.limit)]
  }

  /// A command has ended.
  mutating func take(_ bytes: [UInt8], isCut: Bool, _ words: String, isGood: Bool) {
    guard var output = commandOutput else { return }
    output.state = .ended(Scrubber.display(words), isGood: isGood)
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    output.isCut = isCut || lines.count > CommandOutput.mostLines
    output.lines = lines.suffix(CommandOutput.mostLines).map { line in
      let text = String(decoding: line.prefix(CommandOutput.longestLine), as: UTF8.self)
      return Scrubber.display(text.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "    "))
    }
    if output.lines.last?.isEmpty == true { output.lines.removeLast() }
    commandOutput = output
    if !showsOutput { show(note: "\(output.title) \(Scrubber.display(words)); L shows it") }
  }
}
