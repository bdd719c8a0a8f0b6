import FleetModel

/// Commands that were sent and that nobody has acknowledged yet. Each is kept until the audit shows that it was
/// received, or until it has expired, and goes out again, with the same id, over every new connection.
package struct UnreceivedCommands: Sendable {
  private var waiting: [Command] = []

  package init() {}

  package var isEmpty: Bool { waiting.isEmpty }

  package mutating func add(_ command: Command) { waiting.append(command) }

  /// Takes note of a line of the audit: any line about a command shows that it arrived.
  package mutating func acknowledge(_ line: AuditLine) {
    guard !waiting.isEmpty, case .command(let id) = line.origin else { return }
    waiting.removeAll { $0.id == id }
  }

  /// What is to be sent again; commands that have expired are let go.
  package mutating func resend(at now: Instant) -> [Command] {
    waiting.removeAll { $0.expiresAt <= now }
    return waiting
  }
}
