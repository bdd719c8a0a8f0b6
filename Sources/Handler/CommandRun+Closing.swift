import FleetModel
import Redis
import Wire

/// The end of a command: its closing line, what is remembered of it, and its acknowledgement.
extension CommandRun {
  func addClosing(to step: inout Step) {
    let failed = outcomes.filter { $0.phase == .failed }
    let phase: AuditLine.Phase = command.isDryRun && failed.isEmpty ? .skipped : failed.isEmpty ? .succeeded : .failed
    var detail = outcomes.count == 1 ? outcomes[0].detail : ""
    if outcomes.count > 1, !failed.isEmpty {
      let names = failed.map { $0.target.description }.joined(separator: ", ")
      detail = "\(failed.count) of \(outcomes.count) failed: \(names)"
    } else if command.isDryRun {
      detail = "dry_run"
    }
    addClosing(phase, detail, to: &step)
    if let undoing, outcomes.contains(where: { $0.phase == .succeeded }) {
      undoing.markUndone(by: command, in: &step, term)
    }
  }

  private func addClosing(_ phase: AuditLine.Phase, _ detail: String, to step: inout Step) {
    mark.closed = phase
    remember(in: &step)
    step.add(to: term.keys.audit, line(phase, .none, detail))
    delivery.acknowledge(in: &step)
  }

  /// Closes it with no further target: all were dealt with before, or it is refused as a whole.
  func close(_ phase: AuditLine.Phase? = nil, _ detail: String = "") {
    var step = Step()
    if let phase { addClosing(phase, detail, to: &step) } else { addClosing(to: &step) }
    runToTheEnd(step)
  }

  func acknowledge() {
    var step = Step()
    delivery.acknowledge(in: &step)
    runToTheEnd(step)
  }

  private func runToTheEnd(_ step: Step) {
    term.run(step) { [self] outcome in
      switch outcome {
      case .done, .refused: finished()
      case .over: break
      case .failed(let error): retry(error) { self.runToTheEnd(step) }
      }
    }
  }

  func remember(in step: inout Step) {
    let stay = HandlerOptions.marksStay.milliseconds
    step.change("SET", term.keys.mark(command.id.text), mark.encoded, "PX", stay)
  }

  func line(
    _ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "", before: AgentRecord? = nil,
    after: AgentRecord? = nil, alert: AlertRecord? = nil, at instant: Instant? = nil
  ) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .command(command.id), phase: phase, action: command.action.rawValue, target: target,
        operator: command.operator, reason: command.reason, detail: detail, before: before, after: after,
        alert: alert, handler: term.options.id, at: instant ?? term.now, source: delivery.source))
  }
}
