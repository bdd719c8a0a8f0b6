import FleetModel
import Wire

extension HandlerService {
  /// How long consoles show what a failover lost.
  private static let lossesShownMilliseconds: Int64 = 600_000

  /// Says what replication had not brought to the present server: in the log, in the audit, and on consoles.
  func tellLosses(_ session: LeaseSession) {
    guard let words = election.replication.takeLosses() else { return }
    log(.error, "writes were lost with the server before", ["lost": words])
    warn("replication", words)
    session.loop.schedule(inMilliseconds: Self.lossesShownMilliseconds) { [weak self, weak session] in
      if let session, session === self?.session { self?.warn("replication", nil) }
    }
    let line = AuditLine(
      origin: .run("handler/\(options.id)/\(session.now.milliseconds)"), phase: .unknown, action: "failover",
      operator: "handler/\(options.id)", detail: words, handler: options.id, at: session.now, source: "handler")
    var transaction = Transaction()
    transaction.add(line, keys)
    session.run(transaction) { _ in }
  }
}
