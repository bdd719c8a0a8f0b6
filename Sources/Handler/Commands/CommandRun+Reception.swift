import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// The beginning of a command: that it was received, or that it came before.
extension CommandRun {
  /// Says that it has been received, unless an earlier delivery was.
  func receive() {
    var transaction = Transaction()
    receive(in: &transaction, remembering: true)
    session.run(transaction) { [self] outcome in
      switch outcome {
      case .done: received()
      case .conflict(check: Self.batchCheck, _): refuseID()
      case .conflict: receivedAgain()
      case .fenced: early = []
      case .failed(let error): retry(error) { self.receive() }
      }
    }
  }

  func receive(in transaction: inout Transaction, remembering: Bool) {
    transaction.require("GET", session.keys.mark(command.id.text), is: [])
    // Otherwise an undo of the batch would take back this command in its place.
    transaction.require("HGET", session.keys.batch(command.id), "operator", is: [])
    if remembering { remember(in: &transaction) }
    if let batch = command.batch, !isPart { Batches.remember(batch, command, in: &transaction, keys: session.keys) }
    transaction.add(to: session.keys.audit, line(LineDraft(phase: .received)))
  }

  /// The check that its id is no batch's.
  static let batchCheck = 2

  /// It has the id of an order that was split.
  private func refuseID() {
    isObsolete = true
    var transaction = Transaction()
    let words = "command \(command.id) has the id of a batch; give it an id of its own"
    transaction.add(to: session.keys.audit, line(LineDraft(phase: .rejected, detail: words)))
    delivery.acknowledge(in: &transaction)
    runToTheEnd(transaction)
    received()
  }

  func received() {
    isReceived = true
    goOn()
  }

  /// It came again. What was done is told by the marks; if the command was closed nothing is left to do.
  private func receivedAgain() {
    isRepeated = true
    onRepeat()
    session.read([Request("GET", session.keys.mark(command.id.text))]) { [self] replies in
      if let bytes = replies[0].bytes {
        if let found = CommandRecord(bytes) {
          mark = found
        } else {
          session.passOver("a command's mark", session.keys.mark(command.id.text), bytes)
        }
      }
      isObsolete = mark.closed != nil
      if isObsolete { acknowledge() }
      received()
    }
  }

  func goOn() {
    guard isReceived else { return }
    guard !isObsolete else {
      for part in parts { part.abandon() }
      return open()
    }
    guard isAimFree else { return }
    switch aim {
    case .command(let original): readOriginal(original.id)
    case .batch: beginParts()
    case nil: open()
    }
  }

  func open() {
    isOpen = true
    let works = early
    early = []
    for work in works { work() }
  }
}
