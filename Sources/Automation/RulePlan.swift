import FleetModel

/// A rule's actions as they are to be done: facts filled in, lists unfolded.
package struct PlannedAction: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case action(Action)
    case report(String)
    /// What a service recommends and no command can do.
    case advice(String)
  }

  package var kind: Kind
  package var target: AgentID
  package var arguments: [String: String]
  package var onError: RuleAction.OnError

  package init(kind: Kind, target: AgentID, arguments: [String: String] = [:], onError: RuleAction.OnError = .continue)
  {
    self.kind = kind
    self.target = target
    self.arguments = arguments
    self.onError = onError
  }

  /// The action's wire name, or `report`, or `advice`.
  package var name: String {
    switch kind {
    case .action(let action): action.rawValue
    case .report: "report"
    case .advice: "advice"
    }
  }
}

extension PlannedAction: CustomStringConvertible {
  /// `pause agent-7 for=15m`.
  package var description: String { whole.clipped }

  private var whole: String {
    let values = arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    switch kind {
    case .action: return ([name] + (target == .none ? [] : ["\(target)"]) + values).joined(separator: " ")
    case .report(let name): return "report \(name)"
    case .advice(let text): return "advice: \(text)"
    }
  }
}

extension Array where Element == RuleAction {
  /// Every name that these ask for.
  package var names: Set<FactName> {
    reduce(into: []) { names, ruleAction in
      names.formUnion(ruleAction.when.names)
      for text in [ruleAction.target].compactMap(\.self) + ruleAction.arguments.values { names.formUnion(text.names) }
      if let each = ruleAction.each { names.insert(each) }
    }
  }

  /// What these come to, for an event of an agent.
  package func planned(for agent: AgentID, _ facts: some Facts) -> [PlannedAction] {
    flatMap { ruleAction -> [PlannedAction] in
      guard ruleAction.when.judge(facts).holds else { return [] }
      guard let each = ruleAction.each else { return ruleAction.planned(for: agent, facts) }
      guard case .list(let items)? = facts.value(each) else { return [] }
      return items.prefix(RuleAction.mostOfEach).flatMap {
        ruleAction.planned(for: agent, ItemFacts(facts: facts, item: $0))
      }
        + RuleAction.rest(items.count, of: "\(each)", for: agent)
    }
  }
}

/// Facts with the present element of a list.
private struct ItemFacts<Base: Facts>: Facts {
  let facts: Base
  let item: FactValue

  func value(_ name: FactName) -> FactValue? { name.parts == ["item"] ? item : facts.value(name) }
}

extension RuleAction {
  /// Says what a list that is too long makes no actions of.
  fileprivate static func rest(_ count: Int, of name: String, for agent: AgentID) -> [PlannedAction] {
    guard count > mostOfEach else { return [] }
    let words = "\(count - mostOfEach) more of \(name) are left out, no list makes more than \(mostOfEach) actions"
    return [PlannedAction(kind: .advice(words), target: agent)]
  }

  fileprivate func planned(for agent: AgentID, _ facts: some Facts) -> [PlannedAction] {
    switch kind {
    case .recommended: return Recommendation.planned(for: agent, facts, onError: onError)
    case .report(let name): return [planned(.report(name), agent, facts)]
    case .action(let action):
      let isFleetWide = action.scope == .fleetOrAgents || action.scope == .object || action.scope == .fleet
      return [planned(.action(action), isFleetWide && target == nil ? .none : agent, facts)]
    }
  }

  private func planned(_ kind: PlannedAction.Kind, _ agent: AgentID, _ facts: some Facts) -> PlannedAction {
    var ruleAction = PlannedAction(kind: kind, target: agent, arguments: filledArguments(facts), onError: onError)
    guard let named = target?.filled(facts) else { return ruleAction }
    guard Self.isExact(named), let id = AgentID(outside: Array(named.utf8)) else {
      // The event's agent is not the one that is meant.
      let words = "\(ruleAction.name) is left out: its target \"\(named.clipped(toBytes: 100))\" is no agent's id"
      return PlannedAction(kind: .advice(words), target: agent)
    }
    ruleAction.target = id
    return ruleAction
  }

  /// Arguments that are ids: who is told one that stands for another could act on the wrong agent or conversation.
  private static let idArguments = ["to", "backup", "conversation_id", "conversation_ids"]

  private func filledArguments(_ facts: some Facts) -> [String: String] {
    var filled = arguments.compactMapValues { $0.filled(facts) }
    // What people are to read is said as they say it.
    if kind == .action(.notify) { filled["text"] = arguments["text"]?.said(facts) }
    for name in Self.idArguments where filled[name].map(Self.isExact) == false { filled[name] = nil }
    return filled
  }

  /// Whether a text is what was published: U+FFFD stands for bytes that are not UTF-8.
  private static func isExact(_ text: String) -> Bool { !text.unicodeScalars.contains("\u{FFFD}") }
}

/// What services recommend in words, and the commands that it maps to.
package enum Recommendation {
  /// Word → action and arguments.
  private static let table: [String: (action: Action, arguments: [String: String])] = [
    "restart": (.restart, [:]), "restart_agent": (.restart, [:]),
    "scale_up": (.scale, ["by": "+1"]), "add_replicas": (.scale, ["by": "+1"]), "scale": (.scale, ["by": "+1"]),
    "scale_down": (.scale, ["by": "-1"]),
    "pause": (.pause, ["for": "15m"]), "pause_agent": (.pause, ["for": "15m"]),
    "activate_backup": (.activateBackup, [:]), "failover": (.activateBackup, [:]),
    "rebalance": (.rebalance, [:]), "rebalance_load": (.rebalance, [:]),
    "rate_limit": (.rateLimit, ["per_minute": "60", "for": "15m"]),
    "limit_rate": (.rateLimit, ["per_minute": "60", "for": "15m"]),
    "retrain": (.schedule, ["job": "retraining"]), "retraining": (.schedule, ["job": "retraining"]),
    "maintenance": (.schedule, ["job": "maintenance"]), "schedule_maintenance": (.schedule, ["job": "maintenance"]),
    "analysis": (.schedule, ["job": "analysis"]), "audit": (.schedule, ["job": "audit"]),
    "escalate": (.escalate, ["to": "on-call"]),
  ]

  static func planned(for agent: AgentID, _ facts: some Facts, onError: RuleAction.OnError) -> [PlannedAction] {
    let names = ["data.recommended_actions", "data.suggested_actions"].compactMap { FactName($0) }
    let words = names.flatMap { name -> [FactValue] in
      if case .list(let items)? = facts.value(name) { items } else { [] }
    }
    return words.prefix(RuleAction.mostOfEach).map { planned($0.description, agent, onError) }
      + RuleAction.rest(words.count, of: "what is recommended", for: agent)
  }

  /// A recommendation as a command, or as advice.
  package static func planned(_ words: String, _ agent: AgentID, _ onError: RuleAction.OnError = .continue)
    -> PlannedAction
  {
    let key = words.lowercased().map { $0 == " " || $0 == "-" ? "_" : String($0) }.joined()
    guard let found = table[key] else { return PlannedAction(kind: .advice(words), target: agent) }
    return PlannedAction(kind: .action(found.action), target: agent, arguments: found.arguments, onError: onError)
  }
}
