import Execution
import FleetModel
import Redis
import Wire

/// The end of a command: its closing line, what is remembered of it, and its acknowledgement.
extension CommandRun {
  var commandDelivery: Delivery? { delivery }
  var patience: Double { Double(session.options.permissionPatience.milliseconds) }

  func addClosing(to transaction: inout Transaction) {
    let all = targets.compactMap { target in outcomes[target].map { (target: target, outcome: $0) } }
    let bad = all.filter { $0.outcome.phase == .failed || $0.outcome.phase == .unknown }
    addClosing(closingPhase(all.map(\.outcome)), closingDetail(all, bad), to: &transaction)
    if let undoPlan, all.contains(where: { $0.outcome.phase == .succeeded }) {
      undoPlan.markUndone(by: command, in: &transaction, session)
    }
  }

  /// A partial result is a failure: whoever asked for all of it must look.
  private func closingPhase(_ outcomes: [TargetOutcome]) -> AuditLine.Phase {
    if outcomes.contains(where: { $0.phase == .unknown }), !outcomes.contains(where: { $0.phase == .failed }) {
      return .unknown
    }
    if outcomes.contains(where: { $0.phase == .failed }) { return .failed }
    return command.isDryRun ? .skipped : .succeeded
  }

  /// Each has its own line; the closing one stays one that can be read.
  private static let (mostExplained, mostNamed) = (3, 10)

  /// Of a few each with its reason, of many their names.
  private static func reasons(_ bad: [(target: AgentID, outcome: TargetOutcome)]) -> String {
    guard bad.count > mostExplained else {
      return bad.map { "\($0.target): \($0.outcome.detail)" }.joined(separator: "; ")
    }
    let more = bad.count > mostNamed ? " and \(bad.count - mostNamed) more" : ""
    return "not \(bad.prefix(mostNamed).map { $0.target.description }.joined(separator: ", "))\(more)"
  }

  private func closingDetail(
    _ all: [(target: AgentID, outcome: TargetOutcome)], _ bad: [(target: AgentID, outcome: TargetOutcome)]
  ) -> String {
    if all.count > 1, !bad.isEmpty {
      return PartialResult(done: all.count - bad.count, of: all.count, why: Self.reasons(bad)).detail
    }
    return all.count == 1 ? all[0].outcome.detail : command.isDryRun ? "dry_run" : ""
  }

  private func addClosing(_ phase: AuditLine.Phase, _ detail: String, to transaction: inout Transaction) {
    mark.closed = phase
    closingWords = detail
    remember(in: &transaction)
    transaction.add(to: session.keys.audit, line(LineDraft(phase: phase, detail: detail)))
    if !isPart { delivery.acknowledge(in: &transaction) }
  }

  /// Closes it unless another delivery of it has.
  ///
  /// - Parameter phase: how it ended; nil if all targets have been dealt with, and they tell it.
  func closeOnce(_ phase: AuditLine.Phase? = nil, _ detail: String = "") {
    let key = session.keys.mark(command.id.text)
    session.read([Request("GET", key)]) { [self] replies in
      let found = replies[0].bytes ?? []
      if let closed = CommandRecord(found)?.closed {
        mark.closed = closed
        return acknowledge()
      }
      var transaction = Transaction()
      transaction.require("GET", key, is: found)
      if let phase { addClosing(phase, detail, to: &transaction) } else { addClosing(to: &transaction) }
      session.run(transaction) { [self] outcome in
        switch outcome {
        case .done: end()
        case .conflict: acknowledge()
        case .fenced: break
        case .failed(let error): retry(error) { self.closeOnce(phase, detail) }
        }
      }
    }
  }

  func acknowledge() {
    guard !isPart else { return end() }
    var transaction = Transaction()
    delivery.acknowledge(in: &transaction)
    runToTheEnd(transaction)
  }

  func runToTheEnd(_ transaction: Transaction) {
    session.run(transaction) { [self] outcome in
      switch outcome {
      case .done, .conflict: end()
      case .fenced: break
      case .failed(let error): retry(error) { self.runToTheEnd(transaction) }
      }
    }
  }

  func remember(in transaction: inout Transaction) {
    let stay = HandlerOptions.marksStay.milliseconds
    transaction.change("SET", session.keys.mark(command.id.text), mark.encoded, "PX", stay)
  }

  func line(_ draft: LineDraft) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .command(command.id), batch: command.batch, phase: draft.phase, action: command.action.rawValue,
        target: draft.target,
        operator: command.operator, reason: command.reason, detail: draft.detail, before: draft.before,
        after: draft.after, alert: draft.alert, proposal: draft.proposal, handler: session.options.id,
        at: draft.at ?? session.now,
        source: delivery.source))
  }
}
