import Execution
import FleetModel
import Logging
import Wire

/// Commands that are not run: why is said in the audit, and the group is told that they are dealt with.
extension Dispatcher {
  /// - Parameters:
  ///   - letter: what is put aside with it, if nobody can make out what it asks for.
  ///   - isRemembered: whether its id is its own, so that a mark may stand under it.
  ///   - keepsOrder: whether what comes after waits until it is known, since it may have been begun before.
  ///   - resume: called in place of that if an earlier delivery has begun to run it.
  func refuse(
    _ refusal: CommandRefusal, _ phase: AuditLine.Phase, _ delivery: Delivery, letter: DeadLetter? = nil,
    isRemembered: Bool = true, keepsOrder: Bool = false, resume: (() -> Void)? = nil
  ) {
    // Whatever else a sender writes there must not become a key.
    let id = refusal.id.flatMap { isRemembered && Keys.isCommandID($0.text.utf8) ? $0 : nil }
    var transaction = Transaction()
    if let id {
      let key = session.keys.mark(id.text)
      var mark = CommandRecord(
        action: refusal.action ?? "", targets: refusal.targets, operator: refusal.operator ?? "")
      mark.batch = refusal.batch
      mark.closed = phase
      transaction.require("GET", key, is: [], else: .cameBefore)
      transaction.require("HGET", session.keys.batch(id), "operator", is: [], else: .isBatch)
      transaction.change("SET", key, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    }
    let origin: AuditLine.Origin = refusal.id.map { .command($0) } ?? .run("\(delivery.source)/\(delivery.entry)")
    var line = AuditLine(
      origin: origin, batch: refusal.batch, phase: phase, action: refusal.action ?? "",
      operator: refusal.operator ?? "", detail: refusal.reason.clipped, handler: session.options.id, at: session.now,
      source: delivery.source)
    if refusal.targets.count <= AuditLine.mostTargets { line.targets = refusal.targets }
    transaction.add(line, session.keys)
    letter?.add(to: &transaction, keys: session.keys)
    delivery.acknowledge(in: &transaction)
    if keepsOrder { hold() }
    session.run(transaction) { [self] outcome in
      var staysHeld = false
      // A right that is missing makes the handler give its lease back.
      if case .failed(let error) = outcome { staysHeld = keepsOrder && error.isPassing && error.code != "NOPERM" }
      defer { if keepsOrder, !staysHeld { release() } }
      switch outcome {
      case .done: settled(delivery)
      // Under a batch's id a mark would stand in its parts' way.
      case .conflict(.isBatch, _):
        refuse(
          refusal, phase, delivery, letter: letter, isRemembered: false, keepsOrder: keepsOrder, resume: resume)
      case .conflict(_, let found):
        if let resume, CommandRecord(found)?.closed == nil { resume() } else { acknowledge(delivery) }
      case .fenced: break
      case .failed(let error):
        session.log(.error, "Redis refused a step; trying again", ["error": error.text])
        session.later(inMilliseconds: 500) {
          self.refuse(
            refusal, phase, delivery, letter: letter, isRemembered: isRemembered, keepsOrder: staysHeld, resume: resume)
          if staysHeld { self.release() }
        }
      }
    }
  }

  /// It was dealt with before: nothing is left but to say so to the group.
  private func acknowledge(_ delivery: Delivery) {
    var transaction = Transaction()
    delivery.acknowledge(in: &transaction)
    session.run(transaction) { [self] outcome in
      if case .failed(let error) = outcome { session.log(.error, "cannot acknowledge", ["error": error.text]) }
      settled(delivery)
    }
  }

  /// Puts aside a command that has been delivered again and again and never came to an outcome. It is not read again,
  /// for reading it may be what ended the handlers.
  func deadLetter(_ payload: [UInt8]?, _ delivery: Delivery, reason: String) {
    guard !buried.contains(delivery), note(payload, delivery) else { return }
    var transaction = Transaction()
    DeadLetter(source: delivery.stream, id: delivery.entry, reason: reason, bytes: payload ?? [])
      .add(to: &transaction, keys: session.keys)
    let line = AuditLine(
      origin: .run("\(delivery.source)/\(delivery.entry)"), phase: .failed, action: "",
      detail: "put aside: \(reason); see vigia dead", handler: session.options.id, at: session.now,
      source: delivery.source)
    transaction.add(line, session.keys)
    delivery.acknowledge(in: &transaction)
    session.log(.error, "a command was put aside", ["stream": delivery.source, "entry": "\(delivery.entry)"])
    session.run(transaction) { [self] outcome in
      if case .done = outcome { buried.insert(delivery) }
      if case .failed(let error) = outcome { session.log(.error, "cannot put aside", ["error": error.text]) }
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
