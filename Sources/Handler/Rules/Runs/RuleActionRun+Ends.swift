import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Ends of an action that changes no target.
extension RuleActionRun {
  /// Ends the action with nothing done to its target.
  func end(_ outcome: TargetOutcome, adding changes: (inout Transaction) -> Void = { _ in }) {
    var transaction = Transaction()
    check(in: &transaction, isLast: true)
    changes(&transaction)
    if let record {
      transaction.add(
        to: session.keys.audit, line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail)))
      if let ruleAction {
        let mark = IdempotencyRecord(phase: outcome.phase, detail: outcome.detail)
        transaction.change(
          "SET", session.keys.mark(id, ruleAction.target), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
      }
      goOn(after: outcome, record, in: &transaction)
    } else {
      transaction.change("ZREM", session.keys.schedule, member)
    }
    session.run(transaction) { [self] result in
      switch result {
      case .done, .conflict: settled(target, outcome)
      case .fenced: break
      case .failed(let error):
        guard patience.allows(error) else { return giveUp(outcome, error) }
        session.log(.error, "Redis refused a rule's action; trying again", ["run": run, "error": error.text])
        session.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }

  /// Says that the action failed, and goes on behind it; ends the chain if not even that can be written.
  private func giveUp(_ outcome: TargetOutcome, _ error: ServerError) {
    let failed = TargetOutcome(phase: .failed, detail: "Redis refused the step: \(error.text)")
    guard hasGivenUp || outcome.phase == .failed else {
      session.log(.error, "Redis refused a rule's action", ["run": run, "error": error.text])
      hasGivenUp = true
      return end(failed)
    }
    let line = session.ruleLine(.failed, of: run, rule: record?.rule, reason: reason)
    session.giveUp(member, score, line, error) { [self] in settled(target, failed) }
  }

  func writeReport(_ name: String, _ ruleAction: PlannedAction, _ record: RunRecord) {
    var data = JSONObject(texts: ruleAction.arguments)
    data["rule"] = .string(record.rule)
    data["run_id"] = .string(run)
    data["event"] = .string(record.event)
    data["at"] = .string(ISO8601.format(session.now))
    let json: JSONValue = [
      "entity_id": .string(record.agent.bytes), "event_type": .string("report.\(name)"), "data": .object(data),
    ]
    end(TargetOutcome(phase: .succeeded, detail: "report \(name)")) {
      $0.add(to: session.keys.reports, json.encoded)
    }
  }
}
