import FleetModel

/// What a name in a rule stands for, at the moment when the rule is judged.
package enum FactValue: Equatable, Sendable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([FactValue])

  /// Texts are the same only where their bytes are: one may be an id.
  package static func == (left: FactValue, right: FactValue) -> Bool {
    switch (left, right) {
    case (.text(let left), .text(let right)): left.isExactly(right)
    case (.number(let left), .number(let right)): left == right
    case (.flag(let left), .flag(let right)): left == right
    case (.list(let left), .list(let right)): left == right
    case (.text, _), (.number, _), (.flag, _), (.list, _): false
    }
  }
}

extension FactValue: CustomStringConvertible {
  /// As it is put into an argument or a sentence: whole numbers without a fraction, lists with commas.
  package var description: String {
    switch self {
    case .text(let text): text
    case .number(let number): Self.words(number)
    case .flag(let flag): flag ? "true" : "false"
    case .list(let values): values.map(\.description).joined(separator: ",")
    }
  }

  private static func words(_ number: Double) -> String {
    if let whole = Int64(exactly: number) { return "\(whole)" }
    return "\(number)"
  }
}

/// Where a rule finds what its names stand for.
///
/// | names | what |
/// |---|---|
/// | `data.FIELD` | a field of the event's `data`; `data.a.b` of an object in it |
/// | `event.type`, `event.id`, `event.age` (seconds) | the event itself |
/// | `event.foreseen` | what a predictive alert foresees, in words: until when, and from which value |
/// | `metric.NAME` | the agent's present value, by its name on the wire: `metric.error_rate`, `metric.tokens_per_minute` |
/// | `before.NAME` | the value before this event |
/// | `agent.id`, `agent.state`, `agent.role`, … | the agent, see ``FactName/agentNames`` |
/// | `role.size`, `role.healthy`, `role.healthy_agents` | the agents of the same role; the last two without this one |
/// | `fleet.size`, `fleet.unhealthy` | all agents |
/// | `fleet.specialist` | the best other agent for the event's `skill` and `language` |
/// | `handler.makes_dashboards` | whether something is configured to make them |
/// | `run.obeyed`, `run.failed` | in `verify`: whether all whom the rule's actions told something have confirmed it, and whether any action failed |
/// | `item` | the present element, in an action with `each` |
package protocol Facts {
  /// Nil if there is none.
  func value(_ name: FactName) -> FactValue?
}

/// A name that a rule may use.
package struct FactName: Hashable, Sendable, CustomStringConvertible {
  /// Its parts, `["data", "error_rate"]`.
  package let parts: [String]

  package var description: String { parts.joined(separator: ".") }

  /// Whether the event and what its agent says of itself tell it.
  var isOfEventAlone: Bool {
    switch parts[0] {
    case "event": parts[1] != "foreseen"
    case "data", "metric", "before": true
    case "agent": Self.spokenNames.contains(parts[1])
    default: false
    }
  }

  private static let spokenNames: Set = ["id", "name", "role", "tier", "replicas_min", "replicas_max", "backup_for"]

  package static let agentNames = [
    "id", "name", "state", "role", "tier", "replicas", "replicas_min", "replicas_max", "rate_limit", "backup",
    "has_backup", "backup_for", "health", "bad_conversations", "complaints",
  ]
  package static let eventNames = ["type", "id", "age", "foreseen"]
  package static let roleNames = ["size", "healthy", "healthy_agents"]
  package static let fleetNames = ["size", "unhealthy", "specialist"]
  package static let runNames = ["obeyed", "failed"]
  package static let handlerNames = ["makes_dashboards"]

  /// Whether it means something only once the rule's actions are done.
  package var isOfRun: Bool { parts[0] == "run" }
  /// Nil if no such name can mean anything; then ``problem(of:)`` says why.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard Self.problem(of: parts) == nil else { return nil }
    self.parts = parts
  }

  /// What is wrong with a name; nil if nothing is.
  package static func problem(of text: String) -> String? {
    problem(of: text.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
  }

  private static func isMetricName(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
  }

  /// The metric that it asks for, by its name on the wire; nil if it asks for something else.
  package var metric: String? { ["metric", "before"].contains(parts[0]) ? parts[1] : nil }

  private static func problem(of parts: [String]) -> String? {
    let name = parts.joined(separator: ".")
    guard let first = parts.first, !parts.contains("") else { return "\"\(name)\" is no name" }
    func only(_ known: [String]) -> String? {
      parts.count == 2 && known.contains(parts[1])
        ? nil : "\"\(name)\" is unknown; \(first) has \(known.map { "\(first).\($0)" }.joined(separator: ", "))"
    }
    switch first {
    case "data": return parts.count > 1 ? nil : "\"data\" needs a field, as data.error_rate"
    case "item": return parts.count == 1 ? nil : "\"\(name)\": an item has no fields"
    case "metric", "before":
      // Which open metrics there are says the configuration, by which a runbook is checked as it is read.
      return parts.count == 2 && isMetricName(parts[1])
        ? nil : "\"\(name)\" names no metric, as \(first).error_rate does"
    case "agent": return only(agentNames)
    case "event": return only(eventNames)
    case "role": return only(roleNames)
    case "fleet": return only(fleetNames)
    case "run": return only(runNames)
    case "handler": return only(handlerNames)
    default:
      return
        "\"\(name)\" is unknown; names begin with data, event, metric, before, agent, role, fleet, handler, run or item"
    }
  }
}
