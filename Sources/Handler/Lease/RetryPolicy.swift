import FleetModel
import Redis
import Wire

/// How often a transaction of a rule is tried again that Redis answers with an error: what passes by itself as often as
/// it takes, and what does not, a value of the wrong type say, a few times, for others wait behind it.
struct RetryPolicy {
  private var failures = 0
  private var denials = 0
  private var refusals = 0
  private static let most = 3
  private static let mostRefusals = 20
  /// A handler that lacks a right that all need gives its lease back before that: what is left is denied by name.
  private static let mostDenials = 20

  /// Whether it is to be tried again.
  mutating func allows(_ error: ServerError) -> Bool {
    if error.code == "NOPERM" {
      denials += 1
      return denials < Self.mostDenials
    }
    if error.isPassing { return true }
    failures += 1
    return failures < Self.most
  }
}

extension RetryPolicy {
  /// How long it waits, in milliseconds, after a transaction that did not go ahead since something had changed: what
  /// keeps changing is not asked for without a pause.
  mutating func pauseAfterRefusal() -> Int64 {
    refusals += 1
    return refusals < Self.mostRefusals ? 0 : 1000
  }
}

extension LeaseSession {
  /// Ends a rule's due job that Redis will never let be done, and says so.
  func giveUp(
    _ member: [UInt8], _ score: [UInt8], _ line: AuditLine, _ error: String, finished: @escaping () -> Void
  ) {
    log(
      .error, "gave up what was due for a rule", ["job": String(decoding: member, as: UTF8.self), "error": error])
    var line = line
    line.detail = "Redis refused the step: \(error)"
    var transaction = Transaction()
    transaction.require("ZSCORE", keys.schedule, member, is: score)
    transaction.change("ZREM", keys.schedule, member)
    transaction.add(line, keys)
    run(transaction) { [weak self] outcome in
      switch outcome {
      case .done, .conflict: finished()
      case .fenced: break
      // It may still be due, and would come again at once.
      case .failed: self?.later(inMilliseconds: 1000, finished)
      }
    }
  }
}
