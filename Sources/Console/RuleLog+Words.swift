import FleetModel
import Screen

extension RuleLog.Entry {
  /// What the rule did, or why it did not.
  var what: String {
    let verb = Action(rawValue: action)?.title ?? Scrubber.display(action)
    switch phase {
    case .received: return "takes it up: \(verb)"
    case .proposed: return "asks a person: \(verb)"
    case .started: return "began: \(verb)"
    case .succeeded: return "did: \(verb)"
    case .obeyed: return "did, and the agent obeyed: \(verb)"
    case .failed: return "failed: \(verb)"
    case .rejected: return "did not, since it was declined: \(verb)"
    case .expired: return "did not, since nobody answered in time: \(verb)"
    case .unknown: return "began, and may not have ended: \(verb)"
    case .undone: return "took back: \(verb)"
    case .skipped:
      switch RuleLog.Restraint(detail: detail) {
      case .dryRun: return "would, but automation runs dry: \(verb)"
      case .throttled: return "did not, since it did a short while ago: \(verb)"
      case .guarded: return "did not, since a guard kept it back: \(verb)"
      case .stale: return "did not, since the event came too late: \(verb)"
      case nil: return "did not: \(verb)"
      }
    }
  }

  /// The line's own words, and why the rule had matched; empty where there are neither.
  var why: String {
    var words = detail
    if phase == .skipped, let restraint = RuleLog.Restraint(detail: detail) {
      words = String(detail.dropFirst(restraint.rawValue.count).drop { $0 == ":" || $0 == " " })
    }
    return [words, reason.isEmpty ? "" : "because \(reason)"].filter { !$0.isEmpty }.map { Scrubber.display($0) }
      .joined(separator: "; ")
  }

  var role: Role {
    switch phase {
    case .succeeded, .obeyed: .good
    case .failed, .unknown: .bad
    case .proposed, .skipped: .warning
    case .received, .started, .rejected, .expired, .undone: .text
    }
  }
}
