import FleetModel
import Redis
import Wire

/// What is due in the schedule for a rule's run, and ends there in the step that does it.
protocol DueForRule: AnyObject {
  var term: Term { get }
  var job: Job { get }
  /// How it stands in the schedule.
  var member: [UInt8] { get }
  var score: [UInt8] { get }
  var run: String { get }
  var patience: Patience { get set }
  var finished: () -> Void { get }
  func begin()
}

extension DueForRule {
  /// A step that goes ahead only while it is still due, and takes it out.
  func opened() -> Step {
    var step = Step()
    step.require("ZSCORE", term.keys.schedule, member, is: score)
    step.change("ZREM", term.keys.schedule, member)
    return step
  }

  /// Runs the step; where something else has changed meanwhile it begins anew.
  ///
  /// - Parameter then: what follows once it is done.
  func write(_ step: Step, _ change: Change = Change(), then: @escaping () -> Void = {}) {
    term.run(step, carrying: [change]) { [self] outcome in
      switch outcome {
      case .done, .refused(1, _):
        then()
        term.onSchedule()
        finished()
      case .refused:
        let pause = patience.pauseAfterRefusal()
        if pause == 0 { begin() } else { term.later(inMilliseconds: pause) { self.begin() } }
      case .over: break
      case .failed(let error):
        guard patience.allows(error) else {
          let line = term.ruleLine(.failed, of: run, rule: nil, target: job.target)
          return term.giveUp(member, score, line, error, finished: finished)
        }
        term.log(.error, "Redis refused what was due for a rule; trying again", ["run": run, "error": error.text])
        term.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }
}

extension Term {
  /// A line of the audit about a rule's run; one without a target closes it.
  func ruleLine(
    _ phase: AuditLine.Phase, of run: String, rule: String?, target: AgentID = .none, reason: String = "",
    detail: String = ""
  ) -> AuditLine {
    AuditLine(
      origin: .run(run), rule: rule, phase: phase, action: AuditLine.wholeRun, target: target,
      operator: rule.map { "rule/\($0)" } ?? "rules", reason: reason, detail: detail, handler: options.id, at: now,
      source: String(decoding: keys.events, as: UTF8.self))
  }
}
