import Redis

/// What it means that a check of a transaction failed.
enum Conflict {
  /// What it was decided by has changed.
  case changed
  /// What it was to do was dealt with meanwhile.
  case obsolete
  /// The command, whose reception it was to write, came before.
  case cameBefore
  /// The command's id is the id of a batch.
  case isBatch
  /// What lets it begin does not hold any more: it begins anew.
  case notAllowed
}

/// What became of a transaction.
enum TransactionOutcome {
  case done
  /// A check failed: nothing was changed.
  case conflict(Conflict, found: [UInt8])
  /// Another handler has taken over, or the connection is gone: this one must not act any more. What was under way may
  /// or may not have been done.
  case fenced(String)
  /// The server answered with an error.
  case failed(ServerError)

  /// - Parameter conflicts: what each check means, in their order.
  init(_ result: Result<Reply, ConnectionFailure>, _ conflicts: [Conflict] = []) {
    switch result {
    case .failure(let failure): self = .fenced(failure.description)
    case .success(.error(let error)): self = error.code == "FENCED" ? .fenced(error.text) : .failed(error)
    case .success(let reply):
      // The number of the check that failed; 0 if none did.
      let check = Int(clamping: reply.elements?.first?.integer ?? 0)
      let conflict = conflicts.indices.contains(check - 1) ? conflicts[check - 1] : .changed
      self = check == 0 ? .done : .conflict(conflict, found: reply.elements?.last?.bytes ?? [])
    }
  }
}
