import Automation
import Execution
import FleetModel
import Insight
import Wire

/// What a step of a role comes to.
extension TuningDesk {
  /// In which group chats hear of proposals.
  private static let group = "tuning"

  func write(_ before: TunedRole, _ step: TuningRun.Step, _ basis: Basis, at now: Instant) {
    guard step.isWorthWriting(after: before, wasWhy: roles[before.role]?.why) else {
      if let tuning = step.state { keep(before.with(tuning), stored: before.stored) }
      return self.step()
    }
    var role = before
    var transaction = Transaction()
    transaction.require("HGET", session.keys.tuning, role.field, is: role.stored)
    // The switch may have been turned a moment ago; the way back does not ask for it.
    if step.begins { transaction.require("GET", session.keys.automation, is: basis.automation) }
    let withdrawn = step.withdraws ? withdraw(&role, basis.question, step.words, &transaction) : nil
    if let phase = step.phase { tell(phase, step, &role, at: now, &transaction) }
    guard let tuning = step.state else {
      if !step.orders.isEmpty { role.tuning.steps += 1 }
      add(step.orders, of: role, at: now, to: &transaction)
      added = role
      transaction.change("HDEL", session.keys.tuning, role.field)
      return run(transaction) { [self] in
        forget(role.role)
        tellOf(withdrawn)
        self.step()
      }
    }
    role.tuning = tuning
    add(step.orders, of: role, at: now, to: &transaction)
    let isAsked = step.asks.map { ask($0, &role, at: now, &transaction) } ?? false
    let encoded = role.encoded(words: tuning.words(rules), at: now)
    transaction.change("HSET", session.keys.tuning, role.field, encoded)
    added = role
    run(transaction) { [self] in
      keep(role, stored: encoded)
      tellOf(withdrawn)
      if isAsked {
        session.tell(.schedule)
        session.tell(.notices)
      }
      self.step()
    }
  }

  private func add(
    _ orders: [TuningRun.Order], of role: TunedRole, at now: Instant, to transaction: inout Transaction
  ) {
    for (place, order) in orders.enumerated() {
      let command = role.command(order, place, at: now, every: options.every)
      transaction.add(to: session.keys.commands, CommandCoding.encode(command))
    }
  }

  private func withdraw(
    _ role: inout TunedRole, _ asked: [UInt8], _ why: String, _ transaction: inout Transaction
  ) -> Change? {
    guard let question = role.question else { return nil }
    role.question = nil
    return OwnProposal.withdraw(
      question.proposal, stored: asked, because: why.isEmpty ? "it cannot be tried any more" : why, session,
      in: &transaction)
  }

  private func tellOf(_ withdrawn: Change?) {
    guard let proposal = withdrawn?.proposal else { return }
    session.tell(.schedule)
    session.tell(.proposalEnded(proposal))
  }

  private func tell(
    _ phase: AuditLine.Phase, _ step: TuningRun.Step, _ role: inout TunedRole, at now: Instant,
    _ transaction: inout Transaction
  ) {
    let isBegin = phase == .started
    if isBegin { role.run = role.newRun(at: now) }
    let agent = isBegin ? step.state?.firstTried : nil
    let handler = session.options.id
    transaction.add(
      role.line(phase, step.words, about: agent, handler: handler, at: now, session.keys), session.keys)
    if !isBegin { role.run = nil }
  }

  /// - Returns: whether a person is asked.
  private func ask(
    _ order: TuningRun.Order, _ role: inout TunedRole, at now: Instant, _ transaction: inout Transaction
  ) -> Bool {
    guard let proposal = role.proposal(order, at: now) else { return false }
    proposal.write(session, to: &transaction)
    role.question = TuningReport.Question(proposal: proposal.id, agent: proposal.agent)
    var notice = Notice(
      key: "tuning/\(proposal.id.text)", status: .info, severity: .low,
      title: "a setting is proposed for \(role.role.text)", text: order.words,
      fields: [Notice.Field("answer", "vigia approve \(proposal.id.text), or reject")], at: now)
    notice.agents = [proposal.agent]
    session.notify(notice, groupingChatsAs: Self.group, in: &transaction)
    return true
  }
}

extension RoleTuning {
  /// One of the agents on which a setting is tried.
  fileprivate var firstTried: AgentID? {
    if case .trying(let trial) = phase { trial.crossover.pairs.first?.first } else { nil }
  }
}

extension TuningRun.Step {
  /// Whether something is set, or asked for, that is no way back.
  fileprivate var begins: Bool { asks != nil || orders.contains { !$0.isReturn } }

  /// Whether it comes to more than that time has passed. That is written each ten minutes, however long a span is: it is
  /// nothing that a handler which takes over must know at once.
  fileprivate func isWorthWriting(after before: TunedRole, wasWhy: String?) -> Bool {
    guard let state, orders.isEmpty, asks == nil, phase == nil, !withdraws, !before.stored.isEmpty,
      !before.mustBeWritten, before.why == wasWhy
    else { return true }
    var former = before.tuning
    (former.minute, former.spent) = (state.minute, state.spent)
    return former != state || state.minute - before.storedMinute > .minutes(10)
  }
}
