import FleetModel

/// What most operators did, as a rule of a runbook: its history as a comment, and under it the rule, which only proposes.
///
/// ```toml
/// # Alert agent.performance_degraded: paused for 15m 9 of 11 times; healthy again after 6m in 8.
/// [[rules]]
/// id = "learnt-performance-degraded-pause"
/// on = "agent.performance_degraded"
/// say = "operators paused for 15m 9 of 11 times"
/// throttle = [{ once_within = "15m", per = "agent" }]
/// mode = "approve"
/// do = [{ action = "pause", for = "15m", when = "agent.state == 'running'" }]
/// ```
/// Nothing in it is a text from outside but the name of a team, which holds letters, digits, - and _ alone.
package enum SuggestedRule {
  /// Lines of TOML; comments alone if no rule can be made of it.
  package static func lines(_ suggestion: OperatorSuggestion) -> [String] {
    let severity = suggestion.severity.map { ", \($0.rawValue)" } ?? ""
    let history = "# Alert \(suggestion.kind.type)\(severity): \(suggestion.words)."
    guard let action = action(suggestion.step) else { return [history] }
    guard suggestion.kind != .metric else {
      return [history, "# No event tells of this alert: write a rule on agent.metrics with the metric's own level."]
    }
    let condition = condition(suggestion)
    return [history] + condition.comments + [
      "[[rules]]", "id = \"\(id(suggestion))\"", "on = \"\(suggestion.kind.type)\"",
    ]
      + condition.lines + [
        "say = \"operators \(suggestion.step.words) \(suggestion.times) of \(suggestion.cases) times\"",
        "throttle = [{ once_within = \"15m\", per = \"agent\" }]",
        "mode = \"approve\"",
        "do = [{ \(action) }]",
      ]
  }

  /// What cannot be a rule gives nil.
  private static func action(_ step: OperatorStep) -> String? {
    switch step {
    case .pause(let span):
      "action = \"pause\"\(span.map { ", for = \"\($0)\"" } ?? ""), when = \"agent.state == 'running'\""
    case .restart: "action = \"restart\", when = \"agent.state == 'running'\""
    case .scale(let count): "action = \"scale\", by = \"\(count > 0 ? "+" : "")\(count)\""
    case .limit(let count): "action = \"rate_limit\", per_minute = \"\(count)\", for = \"15m\""
    case .activateBackup: "action = \"activate_backup\", when = \"agent.has_backup and not agent.backup\""
    case .escalate(let team): "action = \"escalate\", to = \"\(team)\""
    case .other: nil
    }
  }

  private static func id(_ suggestion: OperatorSuggestion) -> String {
    let parts = [
      "learnt", suggestion.kind.type.split(separator: ".").last.map(String.init), suggestion.severity?.rawValue,
      suggestion.step.action.rawValue,
    ]
    return parts.compactMap(\.self).joined(separator: "-").swapping("_", for: "-")
  }

  /// What limits the rule to one severity. Only events that name their risk tell the severity of their alert.
  private static func condition(_ suggestion: OperatorSuggestion) -> (comments: [String], lines: [String]) {
    guard let severity = suggestion.severity else { return ([], []) }
    switch suggestion.kind {
    case .securityAlert, .budget: return ([], ["when = \"data.risk_level == '\(severity.rawValue)'\""])
    case .performanceDegraded, .highTraffic, .satisfactionLow, .healthCritical, .predictiveAlert, .escalation,
      .commandUnconfirmed, .silent, .anomaly, .runaway, .metric:
      return (["# So it was where the alert opened as \(severity.rawValue): say by \"when\" from which value on."], [])
    }
  }
}
