import FleetModel
import Screen

extension RuleLog.Entry {
  /// What the rule did, or why it did not.
  ///
  /// - Parameter name: what an agent is called.
  func what(naming name: (AgentID) -> String) -> String {
    guard action != AuditLine.wholeRun else { return whole }
    let title = Action(rawValue: action)?.title ?? Scrubber.display(action)
    let verb = target == .none ? title : "\(title) \(name(target))"
    switch phase {
    case .received: return "takes up: \(verb)"
    case .proposed: return "asks a person: \(verb)"
    case .started: return "began: \(verb)"
    case .succeeded: return "did: \(verb)"
    case .obeyed: return "was obeyed: \(verb)"
    case .failed: return "failed: \(verb)"
    case .rejected: return "was declined: \(verb)"
    case .expired: return "had no answer in time: \(verb)"
    case .unknown: return "may not have ended: \(verb)"
    case .undone: return "was taken back: \(verb)"
    case .skipped: return "\(heldBack): \(verb)"
    }
  }

  /// Of the run as a whole.
  private var whole: String {
    switch phase {
    case .received: "takes it up"
    case .proposed: "asks a person"
    case .started: "acts"
    case .succeeded: isPartial ? "did a part of it" : "is through"
    case .obeyed: "was obeyed"
    case .failed: "failed"
    case .rejected: "was declined"
    case .expired: "had no answer in time"
    case .unknown: "may not have ended"
    case .undone: "was taken back"
    case .skipped: heldBack
    }
  }

  private var heldBack: String {
    switch RuleLog.Suppression(detail: detail) {
    case .dryRun: "only says what it would do"
    case .notCleared: "did nothing, since the trouble of last time has not cleared"
    case .throttled: "did nothing, since it acted a short while ago"
    case .limited: "did nothing, since it has acted as often as it may"
    case .guarded: "was kept back by a guard"
    case .stale: "did nothing, since the event came too late"
    case nil: "did not act"
    }
  }

  /// The line's own words, and why the rule had matched; empty if there are neither.
  var why: String {
    // What held it back may be all the reason there is.
    guard !reason.isEmpty, !ownWords.contains(reason) else { return outcome }
    return [outcome, "because \(Scrubber.display(reason))"].filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// The line's own words alone.
  var outcome: String { Scrubber.display(ownWords) }

  private var ownWords: String {
    guard phase == .skipped, let suppression = RuleLog.Suppression(detail: detail) else { return detail }
    return String(detail.dropFirst(suppression.rawValue.count).drop { $0 == ":" || $0 == " " })
  }

  /// Whether it only closes what the step before it has said of an agent.
  func closes(_ older: RuleLog.Entry) -> Bool {
    target == .none && older.target != .none
      && (origin, phase, action, detail) == (older.origin, older.phase, older.action, older.detail)
  }

  /// Whether a closing line says that only a part was done.
  private var isPartial: Bool { target == .none && PartialResult(detail: detail) != nil }

  var role: Role {
    switch phase {
    case .succeeded where isPartial: .warning
    case .succeeded, .obeyed: .good
    case .failed, .unknown: .bad
    case .proposed, .skipped: .warning
    case .received, .started, .rejected, .expired, .undone: .text
    }
  }
}
