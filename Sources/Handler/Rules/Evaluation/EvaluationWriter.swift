import Automation
import Execution
import Logging
import Redis
import Wire

/// Writes what a rule has decided: if something has changed since it was read, it is decided anew, and what cannot be
/// written keeps back no event that is behind it.
final class EvaluationWriter {
  private let session: LeaseSession
  private var attempts = 0
  private var patience = RetryPolicy()

  private static let mostAttempts = 20

  init(session: LeaseSession) {
    self.session = session
  }

  /// Another decision begins.
  func start() { (attempts, patience) = (0, RetryPolicy()) }

  /// - Parameters:
  ///   - written: what follows once it stands.
  ///   - again: decides anew.
  ///   - done: what follows if it never will.
  func write(
    _ verdict: RuleEvaluation, _ transaction: Transaction, _ change: Change, written: @escaping () -> Void,
    again: @escaping () -> Void,
    done: @escaping () -> Void
  ) {
    session.run(transaction, carrying: [change]) { [self] outcome in
      switch outcome {
      case .done: written()
      case .conflict:
        attempts += 1
        if attempts < Self.mostAttempts { again() } else { giveUp(verdict, "it kept changing", done) }
      case .fenced: break
      case .failed(let error):
        guard patience.allows(error) else { return giveUp(verdict, "Redis refused the step: \(error.text)", done) }
        session.log(.error, "Redis refused a rule's decision; trying again", ["error": error.text])
        session.later(inMilliseconds: 500, again)
      }
    }
  }

  private func giveUp(_ verdict: RuleEvaluation, _ why: String, _ done: @escaping () -> Void) {
    let (rule, trigger) = (verdict.rule, verdict.trigger)
    session.log(.error, "gave up a rule's decision", ["rule": rule.id, "agent": "\(trigger.agent)", "error": why])
    var transaction = Transaction()
    let line = session.ruleLine(
      .failed, of: trigger.run(of: rule), rule: rule.id, target: trigger.agent, reason: verdict.decision.reason,
      detail: why)
    transaction.add(line, session.keys)
    session.run(transaction) { outcome in
      if case .fenced = outcome { return }
      done()
    }
  }
}
