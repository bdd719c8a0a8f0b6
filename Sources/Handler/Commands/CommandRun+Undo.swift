import Execution
import FleetModel
import Redis
import Wire

/// Taking back: what an undo does besides what every command does.
extension CommandRun {
  /// What it is to one that takes it back.
  var asOriginal: UndoAim.Original {
    UndoAim.Original(id: command.id, targets: targets, instruction: undoPlan?.instruction ?? instruction)
  }

  func readOriginal(_ id: CommandID) {
    UndoPlan.read(id, session) { [self] result in
      switch result {
      case .success(let found) where found.targets == targets:
        undoPlan = found
        if targets.isEmpty { closeOnce() } else { open() }
      case .success: reject("that command was still coming in; send the undo again")
      case .failure(let refusal): reject(refusal.reason)
      }
    }
  }

  /// Refuses it as a whole, and leaves its lanes in their turn.
  func reject(_ reason: String) {
    isObsolete = true
    closeOnce(.rejected, reason.clipped)
    open()
  }

  func beginUndo(of target: AgentID, _ undoPlan: UndoPlan) {
    session.read([session.keys.mark(undoPlan.id, target).get]) { [self] replies in
      undone[target] = replies[0].mark.flatMap { IdempotencyRecord($0) }
      act(on: target)
    }
  }

  /// A run for each part of an order: under the id `batch/<id of the undo>/<number>`, which no command from outside has.
  func makeParts() {
    guard case .batch(let originals) = aim else { return }
    openParts = originals.count
    parts = originals.enumerated().map { index, original in
      var part = command
      part.id = CommandID("batch/\(command.id)/\(index + 1)")
      part.targets = []
      part.arguments = ["command_id": original.id.text]
      part.batch = Batch(id: command.id, part: index + 1, parts: originals.count)
      return CommandRun(
        part, .undo(original.id), delivery, aim: .command(original), isPart: true, lanes: lanes, session: session
      ) { [weak self] in self?.partEnded() }
    }
  }

  func beginParts() { for part in parts { part.receive() } }

  /// The order's undo was closed before.
  func abandon() {
    isObsolete = true
    isReceived = true
    leaveOthers()
    open()
  }

  func partEnded() {
    openParts -= 1
    guard openParts == 0, !isObsolete else { return }
    let phases = parts.compactMap(\.mark.closed)
    let bad = parts.filter { $0.mark.closed != .succeeded && $0.mark.closed != .skipped }
    guard let first = bad.first else { return closeOnce(phases.first ?? .succeeded, "\(parts.count) parts undone") }
    let phase: AuditLine.Phase =
      bad.count == parts.count && bad.allSatisfy { $0.mark.closed == .rejected }
      ? .rejected : bad.allSatisfy { $0.mark.closed == .unknown } ? .unknown : .failed
    let words = first.closingWords.isEmpty ? "" : ": \(first.closingWords)"
    closeOnce(phase, "\(bad.count) of \(parts.count) parts not undone\(words)")
  }
}
