import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Decides on an event under one rule, by all there is to know, and writes what is decided.
extension RuleEngine {
  func decide(_ rule: PreparedRule, _ trigger: TriggerEvent, _ done: @escaping () -> Void) {
    let keys = session.keys
    let isDry = mode.value != .on || rule.rule.mode == .dryRun
    var marks = RuleState(rule, trigger, isDry: isDry)
    // Of a rule that pauses nobody nothing is asked about pauses, and so on.
    var ledger = rule.mayTakeAway ? view.ledger(of: trigger.agent) : nil
    var caps = rule.mayReachCaps ? CapQuota(trigger.agent, at: session.now, keys: keys) : nil
    var named = rule.mayRollBack ? NamedVersions(session, actsAlone: rule.rule.mode == .auto) : nil
    let (places, counts, versions) = (ledger?.requests ?? [], caps?.requests ?? [], named?.requests ?? [])
    let requests = [
      Request("GET", keys.automation), Request("HGETALL", keys.agent(trigger.agent)),
      Request("HGET", keys.alerts, AlertID(.escalation, trigger.agent).bytes),
    ]
    session.read(requests + places + counts + versions + marks.requests) { [weak self] replies in
      guard let self, !session.isOver else { return }
      let (automation, agentRecord, storedAlert) = (replies[0], replies[1].pairs, replies[2].bytes ?? [])
      guard took(mode: automation) else { return decide(rule, trigger, done) }
      let mode = mode.value
      var rest = replies.dropFirst(requests.count)
      ledger?.take(rest.prefix(places.count))
      rest = rest.dropFirst(places.count)
      caps?.take(rest.prefix(counts.count))
      rest = rest.dropFirst(counts.count)
      named?.take(rest.prefix(versions.count))
      if let ledger, !view.take(ledger) { return decide(rule, trigger, done) }
      marks.take(rest.dropFirst(versions.count))
      for (key, value) in marks.odd { session.passOver("a rule's mark", key, value) }
      recent.keep(marks, at: .now)
      let facts = view.facts(trigger, AgentRecordCoding.decode(fields: agentRecord))
      let verdict = RuleEvaluation(
        rule: rule.rule, facts: facts, marks: marks, ledger: ledger, caps: caps, versions: named,
        automation: automation.bytes ?? [], mode: mode, alert: storedAlert,
        severity: view.severity(of: trigger.agent),
        isFleetCallDue: held.isCallDue(SuppressionReporter.fleet), session: session)
      conclude(verdict, marks, done) { [weak self] in self?.decide(rule, trigger, done) }
    }
  }

  private func conclude(
    _ verdict: RuleEvaluation, _ marks: RuleState, _ done: @escaping () -> Void, again: @escaping () -> Void
  ) {
    guard !verdict.isDecided else { return done() }
    let decision = verdict.decision
    if case .suppression(let suppression) = decision.course, suppression.isTold, marks.held != suppression {
      tell(verdict.trigger, decision, suppression, marks)
    }
    guard let (transaction, change) = verdict.transaction() else {
      tally.count(verdict.rule, decision)
      return done()
    }
    forget(verdict.rule.id, verdict.trigger.agent)
    writer.write(
      verdict, transaction, change, written: { [weak self] in self?.written(verdict, done) }, again: again, done: done)
  }

  private func written(_ verdict: RuleEvaluation, _ done: () -> Void) {
    let (rule, agent, decision) = (verdict.rule, verdict.trigger.agent, verdict.decision)
    tally.count(rule, decision)
    view.health.give(to: verdict.receivers)
    if let (agent, end, ledger) = verdict.reservation { view.reserved(agent, until: end, ledger) }
    if verdict.callsForFleet { held.noteCall(SuppressionReporter.fleet) }
    session.log(.info, "a rule was judged", ["rule": rule.id, "agent": "\(agent)", "decision": decision.words])
    if decision.course == .act, rule.clear != nil { clearing.watch(rule.id, agent) }
    session.tell(.schedule)
    done()
  }
}
