import Execution
import FleetModel
import Redis
import Wire

/// The transactions of a command: that it was received, how it ended, and that its entry is dealt with.
extension CommandRunner {
  func commit(_ write: CommandRun.Write) {
    var transaction = Transaction()
    switch write {
    case .reception: addReception(to: &transaction, remembering: true)
    case .closing(let closing):
      transaction.require("GET", session.keys.mark(command.id.text), is: recalled)
      addClosing(closing, to: &transaction)
    case .acknowledgement: delivery.acknowledge(in: &transaction)
    case .refusalOfID:
      let words = "command \(command.id) has the id of a batch; give it an id of its own"
      transaction.add(line(LineDraft(phase: .rejected, detail: words)), session.keys)
      delivery.acknowledge(in: &transaction)
    }
    session.run(transaction) { [self] outcome in take(meaning(of: outcome)) }
  }

  private func meaning(of outcome: TransactionOutcome) -> CommandRun.Input {
    switch outcome {
    case .done: .committed
    case .fenced: .notCommitted(.fenced)
    case .conflict(.cameBefore, _): .notCommitted(.cameBefore)
    case .conflict(.isBatch, _): .notCommitted(.isBatch)
    case .conflict(.changed, _), .conflict(.obsolete, _), .conflict(.notAllowed, _): .notCommitted(.conflict)
    case .failed(let error): .notCommitted(.refused(error.text))
    }
  }

  /// Says that it has been received, unless an earlier delivery was.
  func addReception(to transaction: inout Transaction, remembering: Bool) {
    transaction.require("GET", session.keys.mark(command.id.text), is: [], else: .cameBefore)
    // Otherwise an undo of the batch would take back this command in its place.
    transaction.require("HGET", session.keys.batch(command.id), "operator", is: [], else: .isBatch)
    if remembering { remember(run.record, in: &transaction) }
    if let batch = command.batch, !isPart { Batches.remember(batch, command, in: &transaction, keys: session.keys) }
    transaction.add(line(LineDraft(phase: .received)), session.keys)
  }

  func addClosing(_ closing: CommandRun.Closing, to transaction: inout Transaction) {
    var record = run.record
    record.closed = closing.phase
    remember(record, in: &transaction)
    transaction.add(line(LineDraft(phase: closing.phase, detail: closing.detail)), session.keys)
    if !isPart { delivery.acknowledge(in: &transaction) }
    if closing.marksOriginal { undoPlan?.markUndone(by: command, in: &transaction, session) }
  }

  private func remember(_ record: CommandRecord, in transaction: inout Transaction) {
    let stay = HandlerOptions.marksStay.milliseconds
    transaction.change("SET", session.keys.mark(command.id.text), record.encoded, "PX", stay)
  }

  func line(_ draft: LineDraft) -> AuditLine {
    AuditLine(
      origin: .command(command.id), batch: command.batch, phase: draft.phase, action: command.action.rawValue,
      target: draft.target, operator: command.operator, reason: command.reason, detail: draft.detail,
      before: draft.before, after: draft.after, alert: draft.alert, proposal: draft.proposal,
      handler: session.options.id, at: draft.at ?? session.now, source: delivery.source)
  }
}
