import FleetModel
import Wire

/// Commands that are not run: why is said in the audit, and the group is told that they are dealt with.
extension Dispatcher {
  /// - Parameters:
  ///   - letter: what is put aside with it, where nobody can make out what it asks for.
  ///   - isRemembered: whether its id is its own, so that a mark may stand under it.
  ///   - resume: called in place of that where an earlier delivery has begun to run it.
  func refuse(
    _ refusal: CommandRefusal, _ phase: AuditLine.Phase, _ delivery: Delivery, letter: DeadLetter? = nil,
    isRemembered: Bool = true, resume: (() -> Void)? = nil
  ) {
    // Whatever else a sender writes there must not become a key.
    let id = refusal.id.flatMap { isRemembered && Keys.isCommandID($0.text.utf8) ? $0 : nil }
    var step = Step()
    if let id {
      let key = term.keys.mark(id.text)
      var mark = CommandMark(
        action: refusal.action ?? "", targets: refusal.targets, operator: refusal.operator ?? "")
      mark.batch = refusal.batch
      mark.closed = phase
      step.require("GET", key, is: [])
      step.require("HGET", term.keys.batch(id), "operator", is: [])
      step.change("SET", key, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    }
    let origin: AuditLine.Origin = refusal.id.map { .command($0) } ?? .run("\(delivery.source)/\(delivery.entry)")
    let line = AuditLine(
      origin: origin, batch: refusal.batch, phase: phase, action: refusal.action ?? "",
      operator: refusal.operator ?? "", detail: refusal.reason.clipped, handler: term.options.id, at: term.now,
      source: delivery.source)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    letter?.add(to: &step, keys: term.keys)
    delivery.acknowledge(in: &step)
    term.run(step) { [self] outcome in
      switch outcome {
      case .done: settled(delivery)
      // Under a batch's id a mark would stand in its parts' way.
      case .refused(check: 2, _): refuse(refusal, phase, delivery, letter: letter, isRemembered: false, resume: resume)
      case .refused(_, let found):
        if let resume, CommandMark(found)?.closed == nil { resume() } else { acknowledge(delivery) }
      case .over: break
      case .failed(let error):
        term.log(.error, "Redis refused a step; trying again", ["error": error.text])
        term.later(inMilliseconds: 500) {
          self.refuse(refusal, phase, delivery, letter: letter, isRemembered: isRemembered, resume: resume)
        }
      }
    }
  }

  /// It was dealt with before: nothing is left but to say so to the group.
  private func acknowledge(_ delivery: Delivery) {
    var step = Step()
    delivery.acknowledge(in: &step)
    term.run(step) { [self] outcome in
      if case .failed(let error) = outcome { term.log(.error, "cannot acknowledge", ["error": error.text]) }
      settled(delivery)
    }
  }

  /// Puts aside a command that has been delivered again and again and never came to an outcome. It is not read again,
  /// for reading it may be what ended the handlers.
  func bury(_ payload: [UInt8]?, _ delivery: Delivery, reason: String) {
    guard note(payload, delivery) else { return }
    var step = Step()
    DeadLetter(source: delivery.stream, id: delivery.entry, reason: reason, bytes: payload ?? [])
      .add(to: &step, keys: term.keys)
    let line = AuditLine(
      origin: .run("\(delivery.source)/\(delivery.entry)"), phase: .failed, action: "",
      detail: "put aside: \(reason); see vigia dead", handler: term.options.id, at: term.now, source: delivery.source)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    delivery.acknowledge(in: &step)
    term.log(.error, "a command was put aside", ["stream": delivery.source, "entry": "\(delivery.entry)"])
    term.run(step) { [self] outcome in
      if case .failed(let error) = outcome { term.log(.error, "cannot put aside", ["error": error.text]) }
      settled(delivery)
    }
  }
}

extension CommandRefusal {
  /// A refusal of a command that could be read.
  init(_ command: Command, _ reason: String) {
    self.init(
      id: command.id, action: command.action.rawValue, targets: command.targets, operator: command.operator,
      batch: command.batch, reason: reason)
  }
}
