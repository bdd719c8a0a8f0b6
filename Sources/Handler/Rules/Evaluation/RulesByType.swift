import Automation
import FleetModel

/// The rules of a runbook by the type of event: asked for each event, and looked for once a type.
struct RulesByType {
  private let runbook: Runbook
  /// Whether a rule concerns events of each kind, where that has been asked.
  /// Whether one of them asks for values before the event, likewise.
  private var befores = [Bool?](repeating: nil, count: EventKind.allCases.count)
  private var kinds = [Bool?](repeating: nil, count: EventKind.allCases.count)
  private var types: [ExactText: [Rule]] = [:]
  /// Whether a rule's condition can be judged by what the handler remembers, by the rule's id.
  private var known: [String: Bool] = [:]
  /// Whether it asks for anything of the event's agent, likewise.
  private var agentAskers: [String: Bool] = [:]
  private var aloneJudged: [String: Bool] = [:]

  init(_ runbook: Runbook) {
    self.runbook = runbook
  }

  /// Whether any rule concerns events of a kind; of a kind that vigia does not know nobody can tell before its type is.
  mutating func concern(_ kind: EventKind) -> Bool {
    if let known = kinds[Int(kind.rawValue)] { return known }
    let concerned = kind.type.map { !runbook.rules(on: $0).isEmpty } ?? !runbook.rules.isEmpty
    kinds[Int(kind.rawValue)] = concerned
    return concerned
  }

  /// Whether a rule on events of a kind asks for the agent's values before them.
  mutating func askForBefore(_ kind: EventKind) -> Bool {
    guard let type = kind.type else { return true }
    if let known = befores[Int(kind.rawValue)] { return known }
    let asks = self[type].contains(where: \.asksForBefore)
    befores[Int(kind.rawValue)] = asks
    return asks
  }

  /// Whether a rule's condition asks for nothing that must be read from Redis.
  mutating func isJudgedInMemory(_ rule: Rule) -> Bool {
    if let isKnown = known[rule.id] { return isKnown }
    let isKnown = rule.when.isAboutEventAlone || rule.when.names.allSatisfy(\.isRemembered)
    known[rule.id] = isKnown
    return isKnown
  }

  /// Whether a rule's condition can be judged by the event alone.
  mutating func isAboutEventAlone(_ rule: Rule) -> Bool {
    if let isAlone = aloneJudged[rule.id] { return isAlone }
    let isAlone = rule.when.names.allSatisfy { $0.parts[0] == "data" }
    aloneJudged[rule.id] = isAlone
    return isAlone
  }

  /// Whether a rule's condition asks for what is known of the event's agent.
  mutating func asksForAgent(_ rule: Rule) -> Bool {
    if let asks = agentAskers[rule.id] { return asks }
    let asks = rule.when.names.contains { ["agent", "metric"].contains($0.parts[0]) }
    agentAskers[rule.id] = asks
    return asks
  }

  subscript(type: String) -> [Rule] {
    mutating get {
      let key = ExactText(type)
      if let known = types[key] { return known }
      // Publishers may make up types without end.
      if types.count > 1000 { types.removeAll() }
      let rules = runbook.rules(on: type)
      if type.utf8.count <= Rule.longestType { types[key] = rules }
      return rules
    }
  }
}

extension FactName {
  /// Whether the handler knows it without reading anything: only an agent's record stands in Redis alone.
  fileprivate var isRemembered: Bool {
    guard parts[0] == "agent" else { return parts[0] != "run" }
    return ["id", "name", "role", "tier", "replicas_min", "replicas_max", "backup_for"].contains(parts[1])
  }
}
