import FleetModel

/// Commands that were sent and that nobody has acknowledged yet. Each is kept until the audit shows that it was
/// received, or until it has expired, and goes out again, with the same id, over every new connection.
package struct UnreceivedCommands: Sendable {
  private var waiting: [Command] = []
  /// Those that were received: a server that takes another's place may not know that.
  private var received: [Command] = []

  /// More are not kept: commands live for minutes.
  private static let mostReceived = 1000

  package init() {}

  package var isEmpty: Bool { waiting.isEmpty }

  package mutating func add(_ command: Command) { waiting.append(command) }

  /// Takes note of a line of the audit: any line about a command shows that it arrived.
  package mutating func acknowledge(_ line: AuditLine) {
    guard !waiting.isEmpty, case .command(let id) = line.origin else { return }
    received += waiting.filter { $0.id == id }
    waiting.removeAll { $0.id == id }
    if received.count > Self.mostReceived { received.removeFirst(received.count - Self.mostReceived) }
  }

  /// What is to be sent again; commands that have expired are let go.
  package mutating func resend(at now: Instant) -> [Command] {
    waiting.removeAll { $0.expiresAt <= now }
    return waiting
  }

  /// What another server, that serves now, may have lost: all that were received and have not expired. A handler that knows
  /// one of them does nothing more.
  package mutating func resendReceived(at now: Instant) -> [Command] {
    received.removeAll { $0.expiresAt <= now }
    return received
  }
}
