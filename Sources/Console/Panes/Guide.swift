import FleetModel
import Screen

/// What a newcomer to the demo is told to try, in place of the line of keys: made of what has happened, a step at a time.
enum Guide: Equatable {
  /// An agent is in trouble that no rule is about: a person has to act.
  case act(AgentID)
  /// The operator's command is on its way.
  case sent
  /// The agents have said that they obeyed; and which row tells what a rule has done since.
  case obeyed(AgentID, rule: String?)
}

extension Model {
  /// So long a command has to be acted on by a rule, if there is one about it.
  private static let ruleSpan = TimeSpan.seconds(2)
  /// So long the first step goes before what rules propose.
  private static let firstSpan = TimeSpan.minutes(1)
  /// How long what became of the first command is told.
  private static let toldSpan = TimeSpan.seconds(45)

  /// - Parameter isUrgent: whether only what goes before a proposal is wanted.
  func guide(isUrgent: Bool = false) -> Guide? {
    guard settings.isDemo, !settings.isReadOnly, frozenSince == nil else { return nil }
    let shown = displayed
    guard let own = shown.commands.entries.first(where: \.isOwn), let target = own.targets.first else {
      guard let position = leftToAPerson(shown), let agent = shown.agents[position] else { return nil }
      let since = shown.alerts(ofAgentAt: position).map(\.record.since).min() ?? displayedNow
      return isUrgent && displayedNow - since >= Self.firstSpan ? nil : .act(agent.id)
    }
    let age = displayedNow - own.firstAt
    guard age < (isUrgent ? .seconds(12) : Self.toldSpan) else { return nil }
    guard own.progress == .phase(.obeyed) else { return own.isFinished && age > .seconds(10) ? nil : .sent }
    return .obeyed(target, rule: ruleKey(since: own.firstAt, besides: target, shown))
  }

  /// Rules that are about no trouble.
  private static let everyday: Set = ["agent-created", "handoff", "handoff-nobody"]

  /// The position of the worst agent in trouble on which no rule has taken a step since.
  private func leftToAPerson(_ shown: Fleet) -> Int? {
    shown.alerts.loudPositions(at: displayedNow).filter { position in
      guard let agent = shown.agents[position], agent.state == .running,
        let since = shown.alerts(ofAgentAt: position).map(\.record.since).min(),
        displayedNow - since >= Self.ruleSpan
      else { return false }
      // Everyday rules go on, and mend no trouble.
      return !shown.rules.entries(about: agent.id).contains { $0.at >= since && !Self.everyday.contains($0.rule) }
    }.max { (Trouble(shown, $0), $1) < (Trouble(shown, $1), $0) }
  }

  /// The latest run of a rule that did something for another agent.
  private func ruleKey(since start: Instant, besides target: AgentID, _ shown: Fleet) -> String? {
    shown.commands.entries.last { entry in
      guard entry.rule != nil, entry.firstAt >= start, !entry.concerns(target) else { return false }
      // What waits for a person acts by nobody yet.
      let hasActed = [.started, .succeeded, .obeyed].contains { entry.progress == .phase($0) }
      return hasActed && !Self.everyday.contains(entry.rule ?? "")
    }?.origin.key
  }

  // MARK: In words

  func content(of guide: Guide) -> PromptLine.Content {
    let help = Array(footer.prefix(1))
    switch guide {
    case .act(let id):
      let shown = displayed
      let why = shown.position(of: id).map { Why.text(ofAgentAt: $0, in: shown) } ?? ""
      let text = "\(why), and no rule is about that: it is left to you"
      let keys = way(to: id) ?? [("p", "then"), ("y", "pause \(labels[id])")]
      return .proposal("TRY", keys: keys, text: text, others: help)
    case .sent:
      return .proposal(
        "SENT", keys: [], text: "see Commands: received, succeeded, and obeyed once the agent says so", others: help)
    case .obeyed(let id, let key):
      guard let entry = key.flatMap({ displayed.commands[key: $0] }), let other = entry.targets.first else {
        let text = "\(labels[id]) fell silent; the others are looked after by rules: see Commands"
        return .proposal("OBEYED", keys: [], text: text, others: help)
      }
      return .proposal(
        "OBEYED", keys: [("6", "then"), ("x", "why")],
        text: "rule \(Scrubber.display(entry.ruleTitle ?? entry.rule ?? "")) acts on \(labels[other]) by itself",
        others: help)
    }
  }

  /// The key that leads to an agent's row; nil if it is selected.
  private func way(to id: AgentID) -> [(key: String, word: String)]? {
    guard selectedAgent != id else { return nil }
    let rows = lists[.agents]
    guard let row = rows.firstIndex(of: .agent(id)) else { return [("1", "to the agents")] }
    guard focus == .agents else { return [("1", "to the agents")] }
    let selected = selectedAgent.flatMap { rows.firstIndex(of: .agent($0)) } ?? 0
    return [(row < selected ? "Up" : "Down", "to \(labels[id])")]
  }
}
