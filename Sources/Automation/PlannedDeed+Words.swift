import FleetModel

/// What an action does, in words for people: `pause agent-7 for 15m`. ``PlannedAction/description`` has it exactly.
extension PlannedAction {
  package var words: String {
    switch kind {
    case .report(let name): "report \(name.swapping("_", for: " ").swapping("-", for: " "))"
    case .advice(let text): "advise: \(text)"
    case .action(let action): words(of: action).clipped
    }
  }

  private func words(of action: Action) -> String {
    func argument(_ name: String) -> String? { arguments[name].flatMap { $0.isEmpty ? nil : $0 } }
    let span = argument("for").map { " for \($0)" } ?? ""
    switch action {
    case .pause: return "pause \(target)\(span)"
    case .resume: return "resume \(target)"
    case .restart: return "restart \(target)"
    case .scale: return "scale \(target)\(size)"
    case .rateLimit:
      guard let limit = argument("per_minute"), limit != "0" else { return "lift the rate limit of \(target)" }
      return "limit \(target) to \(limit) messages a minute\(span)"
    case .rebalance:
      let share = argument("share").flatMap(Double.init).map { FactValue.number($0).said(as: .fraction) }
      let others = argument("to").map { " to \($0.replacing(",", with: ", "))" } ?? ""
      return "move \(share ?? "some") of the traffic of \(target)\(others)"
    case .activateBackup: return "activate \(argument("backup") ?? "the backup") for \(target)"
    case .deactivateBackup: return "deactivate \(argument("backup") ?? "the backup") of \(target)"
    case .escalate: return "call \(argument("to") ?? "a person") for \(target)"
    case .transfer:
      let whom = argument("to") ?? argument("skill").map { "somebody for \($0)" } ?? "somebody"
      return "hand conversation \(argument("conversation_id") ?? "") of \(target) to \(whom)"
    case .blockIP: return "block \(argument("ip") ?? "an address")\(span)"
    case .unblockIP: return "unblock \(argument("ip") ?? "an address")"
    case .offerCoupon: return "offer a coupon in \(argument("conversation_ids") ?? "conversations") of \(target)"
    case .schedule: return "schedule \(argument("job") ?? "a job") for \(target)\(argument("at").map(Self.due) ?? "")"
    case .cancel: return "cancel \(argument("job") ?? "a job") of \(target)"
    case .tune: return "set \(argument("parameter") ?? "a parameter") of \(target) to \(argument("value") ?? "unset")"
    case .rollback: return "roll \(target) back to version \(argument("version") ?? "unknown")"
    case .notify: return "tell \(argument("to") ?? "people")"
    case .acknowledge, .unacknowledge, .silence, .unsilence, .close, .approve, .reject, .undo, .automation:
      return "\(action.title)\(target == .none ? "" : " for \(target)")"
    case .take, .handBack, .closeConversation, .drain, .planMaintenance, .cancelMaintenance:
      return "\(action.title) \(target)"
    }
  }

  /// ` by +1`, ` to 4 replicas and 2 cores`.
  private var size: String {
    if let by = arguments["by"] { return " by \(by)" }
    let parts = [("replicas", "replicas"), ("cpu", "cores"), ("memory", "MiB")].compactMap { name, unit in
      arguments[name].map { "\($0) \(unit)" }
    }
    return parts.isEmpty ? "" : " to \(parts.joined(separator: " and "))"
  }

  /// ` in 1h`, or ` at` a moment.
  private static func due(_ text: String) -> String { TimeSpan(text) == nil ? " at \(text)" : " in \(text)" }
}

extension Array where Element == PlannedAction {
  /// `pause agent-7 for 15m and tell operations`.
  package var words: String { Self.joined(map(\.words)) }

  /// What doing them does: `pauses agent-7 for 15m and tells operations`.
  package var effect: String {
    Self.joined(
      map { ruleAction in
        // Every phrase begins with a verb that takes an s.
        let words = ruleAction.words
        let verb = words.prefix { $0 != " " && $0 != ":" }
        return "\(verb)s\(words.dropFirst(verb.count))"
      })
  }

  private static func joined(_ phrases: [String]) -> String {
    guard let last = phrases.last else { return "nothing" }
    guard phrases.count > 1 else { return last }
    return "\(phrases.dropLast().joined(separator: ", ")) and \(last)".clipped
  }
}
