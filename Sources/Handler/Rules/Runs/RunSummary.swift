import Automation
import Execution
import FleetModel

/// What a run's actions have come to: which were done, and why the others were not.
///
/// Advice counts as no action, and neither does telling people if no channel is configured: nobody asked for one.
struct RunSummary {
  /// What was done, in words.
  private(set) var done: [String] = []
  /// Why the rest was not.
  private(set) var missed: [String] = []
  private(set) var hasFailed = false

  /// - Parameter outcomes: of each action of the run, in order; nil if nothing is remembered of one.
  init(_ record: RunRecord, _ outcomes: [(phase: AuditLine.Phase, detail: String)?]) {
    missed = record.refused
    for (ruleAction, outcome) in zip(record.ruleActions, outcomes) {
      if case .advice = ruleAction.kind { continue }
      guard let outcome else {
        missed.append("of \(ruleAction.name) nothing is remembered")
        continue
      }
      if outcome.phase == .succeeded {
        done.append(outcome.detail)
      } else if outcome.detail != RuleNotice.noChannel {
        missed.append(Self.why(outcome.detail))
      }
      if outcome.phase == .failed || outcome.phase == .unknown { hasFailed = true }
    }
  }

  init(_ record: RunRecord, _ marks: [IdempotencyRecord?]) {
    self.init(record, marks.map { $0.map { (phase: $0.phase, detail: $0.detail) } })
  }

  /// Nil if all was done.
  var partial: PartialResult? {
    missed.isEmpty
      ? nil : PartialResult(done: done.count, of: done.count + missed.count, why: missed.joined(separator: "; "))
  }

  var phase: AuditLine.Phase {
    if hasFailed { return .failed }
    return done.isEmpty ? .skipped : .succeeded
  }

  var detail: String {
    guard let partial else { return done.isEmpty ? "nothing to do" : done.joined(separator: ", ") }
    return partial.detail + (done.isEmpty ? "" : "; done: \(done.joined(separator: ", "))")
  }

  /// A reason without the word for who gave it.
  private static func why(_ detail: String) -> String {
    let guarded = "\(RuleLog.Suppression.guarded.rawValue): "
    return detail.hasPrefix(guarded) ? String(detail.dropFirst(guarded.count)) : detail
  }
}
