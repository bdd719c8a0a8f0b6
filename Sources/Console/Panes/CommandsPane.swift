import FleetModel
import Screen

/// Commands and automatic actions, newest first: how far each has come, and why it ended so.
struct CommandsPane {
  struct Row {
    var age: String
    var phase: String
    var mark: Mark
    var text: String
    var detail: String
  }

  /// The look of a phase.
  enum Mark {
    case pending, waiting, done, partial, ended, refused, unclear

    var role: Role {
      switch self {
      case .pending, .ended: .dim
      case .waiting, .partial, .unclear: .warning
      case .done: .good
      case .refused: .bad
      }
    }

    func glyph(_ glyphs: Glyphs) -> Unicode.Scalar {
      switch self {
      case .pending, .waiting: glyphs.pending
      case .done: glyphs.success
      case .partial: glyphs.severityMedium
      case .ended: glyphs.steady
      case .refused: glyphs.failure
      case .unclear: glyphs.unknown
      }
    }
  }

  var frame: PaneFrame
  var rows: [Row]
  var list: ListRows
  var emptyText: String

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    let (heading, body) = inside.splitTop(1)
    grid.fill(heading, role: .header)
    grid.draw(" Age Phase       What", in: heading, role: .header)
    if list.count == 0 { grid.draw(emptyText, in: body.line(0).dropping(left: 1), role: .dim) }
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      Self.draw(rows[index - list.top], into: &grid, in: line.dropping(left: 1))
    }
  }

  static func draw(_ row: Row, into grid: inout Grid, in rect: Rect) {
    let (age, afterAge) = rect.splitLeft(3)
    grid.draw(row.age, in: age, role: .dim, align: .trailing)
    let (phase, rest) = afterAge.dropping(left: 1).splitLeft(11)
    grid.draw("\(row.mark.glyph(grid.glyphs)) \(row.phase)", in: phase, role: row.mark.role)
    let text = rest.dropping(left: 1)
    let used = grid.draw(row.text, in: text, role: .text)
    if !row.detail.isEmpty { grid.draw(row.detail, in: text.dropping(left: used + 2), role: row.mark.role) }
  }
}

extension Model {
  func commandsPane(in layout: Layout) -> CommandsPane {
    let shown = displayed
    let top = cursors[PaneID.commands.rawValue].top
    let rows = lists[.commands].dropFirst(top).prefix(layout.height(of: .commands)).compactMap { row in
      guard case .command(let key) = row else { return nil as CommandLog.Entry? }
      return shown.commands[key: key]
    }
    return CommandsPane(
      frame: frame(.commands, summary: handler == .absent ? "nobody listens: no handler" : "", in: layout),
      rows: rows.map(commandRow), list: list(.commands),
      emptyText: settings.isReadOnly
        ? "none yet; this console is read-only" : "none yet; select an agent and press p to pause it")
  }

  func commandRow(_ entry: CommandLog.Entry) -> CommandsPane.Row {
    let (phase, mark) = phaseWord(entry)
    return CommandsPane.Row(
      age: Format.age(displayedNow - entry.firstAt), phase: phase, mark: mark, text: what(entry), detail: detail(entry))
  }

  func what(_ entry: CommandLog.Entry) -> String {
    let isByName = entry.action != AuditLine.wholeRun && !entry.operator.isEmpty
    return wording(entry) + (isByName ? ", \(author(of: entry))" : "")
  }

  /// Whoever gave a command; of what the handler itself sets, its target is named already.
  private func author(of entry: CommandLog.Entry) -> String {
    AgentTuning.isOwn(entry.operator) ? Format.setter(entry.operator) : Scrubber.display(entry.operator)
  }

  /// The action and its targets: `pause a0, a1`.
  func wording(_ entry: CommandLog.Entry) -> String {
    let action = Action(rawValue: entry.action)?.title ?? Scrubber.display(entry.action)
    let named = entry.targets.prefix(3).map { labels[$0] }.joined(separator: ", ")
    let more = entry.targets.count > 3 ? " and \(entry.targets.count - 3) more" : ""
    if entry.action == AuditLine.wholeRun, let rule = ruleName(entry) { return "\(rule): \(named)\(more)" }
    let isAboutAlerts = Action(rawValue: entry.action)?.isAboutAlerts ?? false
    return action + (named.isEmpty ? "" : isAboutAlerts ? " of " : " ") + named + more
  }

  /// The rule's title, or its id as one; nil if no rule did it.
  func ruleName(_ entry: CommandLog.Entry) -> String? {
    (entry.ruleTitle ?? entry.rule.map { "rule \($0)" }).map(Scrubber.display)
  }

  private func detail(_ entry: CommandLog.Entry) -> String {
    if let id = entry.proposal, let proposal = displayed.proposals.open(id, at: displayedNow) {
      let words = ["waits for a person, \(Format.remaining(proposal.expiresAt - displayedNow))", outcome(entry)]
      return words.filter { !$0.isEmpty }.joined(separator: ": ")
    }
    if let words = unconfirmedText(entry) { return words }
    guard entry.progress == .sent, let expires = entry.expiresAt else {
      let words = [outcome(entry) + waiting(entry), openShardWords(entry)].compactMap(\.self)
      return words.filter { !$0.isEmpty }.joined(separator: "; ")
    }
    if expires <= displayedNow { return endWords(entry) }
    let rest = Format.remaining(expires - displayedNow)
    let link = link(of: entry)
    switch entry.delivery {
    case .waiting: return waitWords(until: expires, entry.waitingShards)
    case .underWay where link != .up:
      return "no answer; will be sent again if the link returns before \(Format.clock(expires))Z"
    case .delivered where link != .up: return "no link; whether anybody takes it is unknown; expires in \(rest)"
    case .underWay, .delivered: break
    }
    switch handler(of: entry) {
    case .unknown: return "handler unknown; expires in \(rest)"
    case .absent:
      let free = entry.openShards.filter { board?.handler(of: [$0]) == .absent }
      return "nobody listens\(placeWords(free, "in")); expires in \(rest)"
    case .alive: return ""
    }
  }

  /// The link to the shards in which nobody has taken an order yet.
  private func link(of entry: CommandLog.Entry) -> LinkStatus { board?.link(of: entry.openShards) ?? link }

  private func handler(of entry: CommandLog.Entry) -> HandlerStatus { board?.handler(of: entry.openShards) ?? handler }

  /// What a command waits for that has not been sent.
  ///
  /// - Parameter shards: those whose servers do not have it.
  func waitWords(until expires: Instant, _ shards: [Int]) -> String {
    let end = "\(Format.clock(expires))Z"
    return board?.link(of: shards) ?? link == .up
      ? "Redis did not take it\(placeWords(shards, "in")); will be sent again until \(end)"
      : "no link\(placeWords(shards, "to")); will be sent if the link returns before \(end)"
  }

  /// What became of a command that has expired, and of which nothing was heard.
  private func endWords(_ entry: CommandLog.Entry) -> String {
    let link = link(of: entry)
    switch entry.delivery {
    case .waiting: return "never sent: there was no link, or Redis did not take it"
    case .underWay: return "no answer came: whether it was sent is unknown"
    case .delivered where mayHaveMissedAnswer(entry):
      return "something was missed meanwhile: whether anybody took it is unknown"
    case .delivered: return link == .up ? "nobody took it in time" : "no link: whether anybody took it is unknown"
    }
  }

  /// Whether what the audit said of a command may have been missed.
  private func mayHaveMissedAnswer(_ entry: CommandLog.Entry) -> Bool {
    let (begin, end) = (entry.deliveredAt ?? entry.firstAt, entry.expiresAt ?? .epoch)
    return displayed.gaps.contains { $0.from <= end && $0.to > begin }
  }

  /// Why it was done and what it came to: of a rule's run both, of a command what it came to.
  private func outcome(_ entry: CommandLog.Entry) -> String {
    let code = RuleLog.Suppression.dryRun.rawValue + ":"
    let detail = entry.detail.hasPrefix(code) ? "dry run:" + entry.detail.dropFirst(code.count) : entry.detail
    // Nobody has asked for what the handler does of its own accord: why it does that says more than what came of it.
    let isOwn = AgentTuning.isOwn(entry.operator)
    let isOfRun = entry.action == AuditLine.wholeRun && !detail.contains(entry.reason)
    if isOwn { return ownOutcome(entry, detail) }
    let words = isOfRun ? [entry.reason, detail] : [detail.isEmpty ? entry.reason : detail]
    return Scrubber.display(words.filter { !$0.isEmpty }.joined(separator: ": "))
  }

  /// Why the handler has set a parameter, and what came of it. The agent stands in front of it already, and the reason of
  /// a share says what it becomes.
  private func ownOutcome(_ entry: CommandLog.Entry, _ detail: String) -> String {
    var reason = entry.reason[...]
    if entry.targets.count == 1, reason.hasPrefix("\(entry.targets[0]) ") {
      reason = reason.dropFirst("\(entry.targets[0]) ".count)
    }
    let isDone = entry.progress == .phase(.succeeded) || entry.progress == .phase(.obeyed)
    let isSaid =
      isDone && entry.operator.hasPrefix(AgentTuning.byLoad) && detail.hasPrefix("\(LoadSettings.parameter) ")
    let words = [String(reason), isSaid ? "" : detail]
    return Scrubber.display(words.filter { !$0.isEmpty }.joined(separator: ": "))
  }

  /// How long whoever was called by it has not come; or who has.
  private func waiting(_ entry: CommandLog.Entry) -> String {
    let shown = displayed
    guard entry.opensEscalation, let agent = entry.targets.first, let position = shown.position(of: agent),
      let alert = shown.alert(.escalation, ofAgentAt: position)
    else { return "" }
    if let who = alert.record.acknowledgedBy { return ", \(Scrubber.display(who)) has it" }
    return ", waiting \(Format.remaining(displayedNow - max(entry.firstAt, alert.record.since)))"
  }

  /// That one of its targets does not obey the pause that it was told; nil if nothing speaks against it.
  private func unconfirmedText(_ entry: CommandLog.Entry) -> String? {
    guard entry.action == Action.pause.rawValue, entry.progress == .phase(.succeeded) else { return nil }
    let shown = displayed
    for target in entry.targets where !entry.obeyed.contains(target) {
      // Of several pauses the last one stands.
      guard let position = shown.position(of: target), let words = Why.unconfirmedText(ofAgentAt: position, in: shown),
        let pause = shown.unconfirmedPause(ofAgentAt: position), pause.toldAt >= entry.firstAt,
        pause.toldAt <= entry.lastAt
      else { continue }
      return entry.targets.count > 1 ? "\(labels[target]): \(words)" : words
    }
    return nil
  }

  private func phaseWord(_ entry: CommandLog.Entry) -> (String, CommandsPane.Mark) {
    if entry.isPartlyDone { return ("part done", .partial) }
    guard case .phase(let phase) = entry.progress else {
      let link = link(of: entry)
      let isOver = entry.expiresAt.map { $0 <= displayedNow } ?? false
      if entry.delivery == .waiting { return ("not sent", isOver ? .refused : .waiting) }
      if isOver { return link == .up && !mayHaveMissedAnswer(entry) ? ("expired", .refused) : ("unknown", .unclear) }
      return ("sent", handler(of: entry) == .absent || link != .up ? .waiting : .pending)
    }
    switch phase {
    case .received, .started: return (phase.rawValue, .pending)
    case .proposed: return (phase.rawValue, entry.isFinished ? .ended : .waiting)
    case .succeeded where unconfirmedText(entry) != nil: return (phase.rawValue, .waiting)
    case .succeeded, .obeyed: return (phase.rawValue, .done)
    case .undone, .skipped: return (phase.rawValue, .ended)
    case .rejected, .failed, .expired: return (phase.rawValue, .refused)
    case .unknown: return (phase.rawValue, .unclear)
    }
  }
}
