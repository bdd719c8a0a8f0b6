import FleetModel
import Redis
import TestThreads
import Testing

@Suite(.threaded) struct UnreceivedCommandsTests {
  private func at(_ seconds: Int64) -> Instant { Instant(milliseconds: seconds * 1000) }

  private func command(_ id: String, expires: Int64) -> Command {
    Command(
      id: CommandID(id), action: .pause, targets: ["a"], arguments: [:], operator: "alice", reason: "",
      issuedAt: at(0), expiresAt: at(expires))
  }

  private func received(_ id: String) -> AuditLine {
    AuditLine(origin: .command(CommandID(id)), phase: .received, action: "pause", at: at(1))
  }

  @Test func whatWasReceivedIsToldToAnotherServerUntilItExpires() {
    var commands = UnreceivedCommands()
    for (id, expires) in [("c1", 10), ("c2", 20), ("c3", 30)] as [(String, Int64)] {
      commands.add(command(id, expires: expires))
    }
    commands.acknowledge(received("c1"))
    commands.acknowledge(received("c2"))
    commands.acknowledge(received("other"))
    #expect(commands.resend(at: at(5)).map(\.id.text) == ["c3"])
    #expect(commands.resendReceived(at: at(5)).map(\.id.text) == ["c1", "c2"])
    #expect(commands.resendReceived(at: at(10)).map(\.id.text) == ["c2"])
    #expect(!commands.isEmpty)
    commands.acknowledge(received("c3"))
    #expect(commands.isEmpty)
    #expect(commands.resendReceived(at: at(25)).map(\.id.text) == ["c3"])
  }
}
