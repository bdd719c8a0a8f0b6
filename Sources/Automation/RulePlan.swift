import FleetModel

/// A rule's actions as they are to be done: facts filled in, lists unfolded.
package struct PlannedDeed: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case action(Action)
    case report(String)
    /// What a service recommends and no command can do.
    case advice(String)
  }

  package var kind: Kind
  package var target: AgentID
  package var arguments: [String: String]
  package var onError: Deed.OnError

  package init(kind: Kind, target: AgentID, arguments: [String: String] = [:], onError: Deed.OnError = .continue) {
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

extension PlannedDeed: CustomStringConvertible {
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

extension Array where Element == Deed {
  /// Every name that these ask for.
  package var names: Set<FactName> {
    reduce(into: []) { names, deed in
      names.formUnion(deed.when.names)
      for text in [deed.target].compactMap(\.self) + deed.arguments.values { names.formUnion(text.names) }
      if let each = deed.each { names.insert(each) }
    }
  }

  /// What these come to, for an event of an agent.
  package func planned(for agent: AgentID, _ facts: some Facts) -> [PlannedDeed] {
    flatMap { deed -> [PlannedDeed] in
      guard deed.when.judge(facts).holds else { return [] }
      guard let each = deed.each else { return deed.planned(for: agent, facts) }
      guard case .list(let items)? = facts.value(each) else { return [] }
      return items.prefix(Deed.mostOfEach).flatMap { deed.planned(for: agent, ItemFacts(facts: facts, item: $0)) }
        + Deed.rest(items.count, of: "\(each)", for: agent)
    }
  }
}

/// Facts with the present element of a list.
private struct ItemFacts<Base: Facts>: Facts {
  let facts: Base
  let item: FactValue

  func value(_ name: FactName) -> FactValue? { name.parts == ["item"] ? item : facts.value(name) }
}

extension Deed {
  /// Says what a list that is too long makes no actions of.
  fileprivate static func rest(_ count: Int, of name: String, for agent: AgentID) -> [PlannedDeed] {
    guard count > mostOfEach else { return [] }
    let words = "\(count - mostOfEach) more of \(name) are left out, no list makes more than \(mostOfEach) actions"
    return [PlannedDeed(kind: .advice(words), target: agent)]
  }

  fileprivate func planned(for agent: AgentID, _ facts: some Facts) -> [PlannedDeed] {
    switch kind {
    case .recommended: return Recommendation.planned(for: agent, facts, onError: onError)
    case .report(let name): return [planned(.report(name), agent, facts)]
    case .action(let action):
      let isFleetWide = action.scope == .fleetOrAgents || action.scope == .object || action.scope == .fleet
      return [planned(.action(action), isFleetWide && target == nil ? .none : agent, facts)]
    }
  }

  private func planned(_ kind: PlannedDeed.Kind, _ agent: AgentID, _ facts: some Facts) -> PlannedDeed {
    var deed = PlannedDeed(kind: kind, target: agent, arguments: filledArguments(facts), onError: onError)
    guard let named = target?.filled(facts) else { return deed }
    guard Self.isExact(named), let id = AgentID(outside: Array(named.utf8)) else {
      // The event's agent is not the one that is meant.
      let words = "\(deed.name) is left out: its target \"\(named.clipped(toBytes: 100))\" is no agent's id"
      return PlannedDeed(kind: .advice(words), target: agent)
    }
    deed.target = id
    return deed
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

  static func planned(for agent: AgentID, _ facts: some Facts, onError: Deed.OnError) -> [PlannedDeed] {
    let names = ["data.recommended_actions", "data.suggested_actions"].compactMap { FactName($0) }
    let words = names.flatMap { name -> [FactValue] in
      if case .list(let items)? = facts.value(name) { items } else { [] }
    }
    return words.prefix(Deed.mostOfEach).map { planned($0.description, agent, onError) }
      + Deed.rest(words.count, of: "what is recommended", for: agent)
  }

  /// A recommendation as a command, or as advice.
  package static func planned(_ words: String, _ agent: AgentID, _ onError: Deed.OnError = .continue) -> PlannedDeed {
    let key = words.lowercased().map { $0 == " " || $0 == "-" ? "_" : String($0) }.joined()
    guard let found = table[key] else { return PlannedDeed(kind: .advice(words), target: agent) }
    return PlannedDeed(kind: .action(found.action), target: agent, arguments: found.arguments, onError: onError)
  }
}
