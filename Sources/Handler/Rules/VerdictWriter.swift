import Automation
import Redis
import Wire

/// Writes what a rule has decided: where something has changed since it was read, it is decided anew, and what cannot be
/// written keeps back no event that is behind it.
final class VerdictWriter {
  private let term: Term
  private var attempts = 0
  private var patience = Patience()

  private static let mostAttempts = 20

  init(term: Term) {
    self.term = term
  }

  /// Another decision begins.
  func start() { (attempts, patience) = (0, Patience()) }

  /// - Parameters:
  ///   - written: what follows once it stands.
  ///   - again: decides anew.
  ///   - done: what follows where it never will.
  func write(
    _ verdict: RuleVerdict, _ step: Step, _ change: Change, written: @escaping () -> Void, again: @escaping () -> Void,
    done: @escaping () -> Void
  ) {
    term.run(step, carrying: [change]) { [self] outcome in
      switch outcome {
      case .done: written()
      case .refused:
        attempts += 1
        if attempts < Self.mostAttempts { again() } else { giveUp(verdict, "it kept changing", done) }
      case .over: break
      case .failed(let error):
        guard patience.allows(error) else { return giveUp(verdict, "Redis refused the step: \(error.text)", done) }
        term.log(.error, "Redis refused a rule's decision; trying again", ["error": error.text])
        term.later(inMilliseconds: 500, again)
      }
    }
  }

  private func giveUp(_ verdict: RuleVerdict, _ why: String, _ done: @escaping () -> Void) {
    let (rule, occasion) = (verdict.rule, verdict.occasion)
    term.log(.error, "gave up a rule's decision", ["rule": rule.id, "agent": "\(occasion.agent)", "error": why])
    var step = Step()
    let line = term.ruleLine(
      .failed, of: occasion.run(of: rule), rule: rule.id, target: occasion.agent, reason: verdict.decision.reason,
      detail: why)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    term.run(step) { outcome in
      if case .over = outcome { return }
      done()
    }
  }
}
