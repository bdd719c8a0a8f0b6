import FleetModel

/// What a name stands for in a sentence, and how its values are said there.
///
/// | name | in a sentence |
/// |---|---|
/// | `data.error_rate` is 0.31 | error rate 31% |
/// | `metric.response_time` is 4200 | response time 4200 ms |
/// | `before.queue_size` is 40 | queue before 40 |
/// | `data.alert_type` is brute_force | attack brute force |
/// | `data.any_other` is 3 | any other 3 |
extension FactName {
  /// How a value is said.
  package enum Form: Equatable, Sendable {
    /// As it is.
    case plain
    /// A fraction, said in percent.
    case fraction
    /// A number and its unit.
    case measured(String)
    /// A word of the wire, `error_rate_high`: its underscores are blanks.
    case word
  }

  /// What it is called.
  package var title: String {
    let field = parts.last ?? ""
    switch parts[0] {
    case "before": return "\(Self.title(ofField: field)) before"
    case "data": return Self.title(ofField: parts.dropFirst().joined(separator: " "))
    case "metric": return Self.title(ofField: field)
    case "item": return "item"
    default: return Self.titles[description] ?? description.swapping(".", for: " ").swapping("_", for: " ")
    }
  }

  package var form: Form {
    switch parts[0] {
    case "data", "metric", "before": Self.fields[parts.last ?? ""]?.form ?? .plain
    case "event" where parts.last == "age": .measured(" s")
    default: .plain
    }
  }

  private static func title(ofField field: String) -> String {
    fields[field]?.title ?? field.swapping("_", for: " ")
  }

  private static let fields: [String: (title: String, form: Form)] = [
    "error_rate": ("error rate", .fraction), "tool_error_rate": ("tool errors", .fraction),
    "fallback_rate": ("fallbacks", .fraction), "confidence": ("confidence", .fraction),
    "response_time": ("response time", .measured(" ms")), "response_time_avg": ("response time", .measured(" ms")),
    "last_hour_errors": ("errors in the last hour", .plain), "queue_size": ("queue", .plain),
    "messages_per_minute": ("traffic", .measured(" messages a minute")), "avg_rating": ("average rating", .plain),
    "negative_feedback_count": ("complaints", .plain), "main_complaints": ("complaints", .plain),
    "attempts_count": ("attempts", .plain), "suspicious_ips": ("addresses", .plain), "risk_level": ("risk", .word),
    "alert_type": ("attack", .word), "health_score": ("health", .plain), "issues_detected": ("issues", .word),
    "suggested_actions": ("suggestions", .word), "recommended_actions": ("recommendations", .word),
  ]

  private static let titles = [
    "agent.id": "agent", "agent.state": "state", "agent.replicas_min": "least replicas",
    "agent.replicas_max": "most replicas", "agent.backup_for": "it is the backup of",
    "agent.bad_conversations": "conversations rated badly", "role.size": "agents of its role",
    "role.healthy": "other healthy agents of its role", "role.healthy_agents": "other healthy agents of its role",
    "fleet.size": "agents", "fleet.unhealthy": "unhealthy agents", "event.type": "event", "event.id": "entry",
    "event.age": "age of the event", "event.foreseen": "forecast",
  ]
}

extension FactValue {
  /// As it is said in a sentence that names no unit: `31%`, `4200`, `slow answers, wrong answers`.
  package func said(as form: FactName.Form) -> String {
    switch (self, form) {
    case (.number(let number), .fraction) where (0...1).contains(number): "\(Self.rounded(number * 100))%"
    case (.number(let number), _): Self.rounded(number)
    case (.text(let text), .word): text.swapping("_", for: " ")
    case (.text(let text), _): text
    case (.flag(let flag), _): flag ? "yes" : "no"
    case (.list(let values), _): values.map { $0.said(as: form) }.joined(separator: ", ")
    }
  }

  /// As it is said by itself, with its unit.
  package func shown(as form: FactName.Form) -> String {
    guard case .measured(let unit) = form, case .number = self else { return said(as: form) }
    return said(as: form) + unit
  }

  /// At most two decimals, and none of what is large.
  private static func rounded(_ number: Double) -> String {
    let parts = abs(number) >= 1000 ? 1.0 : abs(number) >= 10 ? 10.0 : 100.0
    let rounded = (number * parts).rounded() / parts
    return FactValue.number(rounded.isFinite ? rounded : number).description
  }
}
