import Automation
import FleetModel
import Insight
import Redis
import Wire

/// What a look comes to, in Redis.
extension LoadDesk {
  func write(_ plan: LoadPlan) {
    let (keys, now) = (session.keys, session.now)
    var transaction = Transaction()
    // The switch may have been turned a moment ago.
    if !plan.commands.isEmpty || plan.proposal != nil || !plan.told.isEmpty {
      transaction.require("GET", keys.automation, is: automation)
    }
    let bytes = stored.add(plan.standing, of: plan.role, keys, to: &transaction)
    for command in plan.commands { transaction.add(to: keys.commands, CommandCoding.encode(command)) }
    plan.proposal?.write(session, to: &transaction)
    for (move, mode) in plan.told { transaction.add(line(move, mode, at: now), keys) }
    added = Set(plan.commands.map(\.id))
    run(transaction) { [self] in
      if let question = stored[plan.role]?.question, plan.standing.question != question { ended.remove(question.id) }
      stored.take(plan.standing, bytes, of: plan.role)
      budget.spend(plan.commands.count + plan.told.count, at: now)
      if plan.proposal != nil { session.tell(.schedule) }
      step()
    }
  }

  /// What would be done, if automation were on.
  private func line(_ move: ShareMove, _ mode: Autonomy, at now: Instant) -> AuditLine {
    let action = PlannedAction(kind: .action(.tune), target: move.agent, arguments: LoadPlan.arguments(move))
    let would = mode == .auto ? "would \(action.words)" : "would propose to \(action.words)"
    return session.ruleLine(
      .skipped, of: "rule/\(OwnRule.load.rawValue)/\(now.milliseconds)/\(move.agent.keyPart)",
      rule: OwnRule.load.rawValue, target: move.agent, reason: LoadPlan.words(move), detail: "dry_run: \(would)")
  }

  /// Takes a question back.
  func withdraw(
    _ question: LoadStanding.Question, of role: ExactText, _ standing: LoadStanding, because why: String
  ) {
    steps.isBusy = true
    session.read([Request("HGET", session.keys.proposals, question.id.text)]) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard replies[0].error == nil else { return refused() }
      var (transaction, standing) = (Transaction(), standing)
      let change = OwnProposal.withdraw(
        question.id, stored: replies[0].bytes ?? [], because: why, session, in: &transaction)
      // It has been answered a moment ago.
      if change == nil { standing.endQuestion(at: session.now) } else { standing.question = nil }
      let bytes = stored.add(standing, of: role, session.keys, to: &transaction)
      run(transaction) { [self] in
        ended.remove(question.id)
        stored.take(standing, bytes, of: role)
        if let proposal = change?.proposal { session.tell(.proposalEnded(proposal)) }
        if change != nil { session.tell(.schedule) }
        step()
      }
    }
  }

  /// It was switched off: nobody is asked any more, and what was sent is done as any command.
  func windUp() {
    guard let role = stored.roles.first else { return }
    if let question = stored[role]?.question {
      var standing = LoadStanding()
      standing.question = question
      return withdraw(question, of: role, standing, because: "load is not shared any more")
    }
    write(LoadPlan(role, LoadStanding()))
  }
}
