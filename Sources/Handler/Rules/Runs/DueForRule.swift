import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// What is due in the schedule for a rule's run, and ends there in the transaction that does it.
protocol DueForRule: AnyObject {
  var session: LeaseSession { get }
  var job: Job { get }
  /// How it stands in the schedule.
  var member: [UInt8] { get }
  var score: [UInt8] { get }
  var run: String { get }
  var patience: RetryPolicy { get set }
  var finished: () -> Void { get }
  func begin()
}

extension DueForRule {
  /// A transaction that goes ahead only while it is still due, and takes it out.
  func opened() -> Transaction {
    var transaction = Transaction()
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
    transaction.change("ZREM", session.keys.schedule, member)
    return transaction
  }

  /// Runs the transaction; if something else has changed meanwhile it begins anew.
  ///
  /// - Parameter then: what follows once it is done.
  func write(_ transaction: Transaction, _ change: Change = Change(), then: @escaping () -> Void = {}) {
    session.run(transaction, carrying: [change]) { [self] outcome in
      switch outcome {
      case .done, .conflict(.obsolete, _):
        then()
        session.tell(.schedule)
        finished()
      case .conflict:
        let pause = patience.pauseAfterRefusal()
        if pause == 0 { begin() } else { session.later(inMilliseconds: pause) { self.begin() } }
      case .fenced: break
      case .failed(let error):
        guard patience.allows(error) else {
          let line = session.ruleLine(.failed, of: run, rule: nil, target: job.target)
          return session.giveUp(member, score, line, error.text, finished: finished)
        }
        session.log(.error, "Redis refused what was due for a rule; trying again", ["run": run, "error": error.text])
        session.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }
}

extension LeaseSession {
  /// A line of the audit about a rule's run; one without a target closes it.
  func ruleLine(
    _ phase: AuditLine.Phase, of run: String, rule: String?, target: AgentID = .none, reason: String = "",
    detail: String = ""
  ) -> AuditLine {
    var line = AuditLine(
      origin: .run(run), rule: rule, phase: phase, action: AuditLine.wholeRun, target: target,
      operator: rule.map { "rule/\($0)" } ?? "rules", reason: reason, detail: detail, handler: options.id, at: now,
      source: String(decoding: keys.events, as: UTF8.self))
    line.ruleTitle = rule.flatMap { options.runbook.rule($0)?.title ?? OwnRule(rawValue: $0)?.title }
    return line
  }

  /// Calls a person for what has become of a rule's run, and says so in the audit.
  ///
  /// - Parameters:
  ///   - stored: the agent's escalation as it was read.
  ///   - channel: a channel to page in place of the routes, if one of that name is configured.
  /// - Returns: what the transaction is to be run with.
  func call(
    of run: String, rule: String, for agent: AgentID, stored: [UInt8], _ words: String, to channel: String? = nil,
    in transaction: inout Transaction
  ) -> Change {
    let change = openEscalation(
      AlertID(.escalation, agent), stored: stored, "\(options.runbook.heading(ofRule: rule)): \(words)", to: channel,
      in: &transaction)
    var line = ruleLine(.succeeded, of: run, rule: rule, target: agent, detail: "a person is called: \(words)")
    (line.action, line.alert) = (Action.escalate.rawValue, change.alert)
    transaction.add(line, keys)
    return change
  }
}
