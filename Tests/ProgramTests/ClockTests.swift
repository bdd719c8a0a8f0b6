import FleetModel
import Redis
import TestSupport
import Testing
import Wire

/// Programs whose own clock is wrong.
@Suite struct ClockTests {
  /// Starts it with a clock that is off by so much; what is monotonic stays.
  private func start(_ arguments: String..., offset: String) throws -> Program {
    try Program(
      arguments, on: server.endpoint, environment: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"],
      through: ["/usr/bin/faketime", "-f", offset])
  }

  private let server: TestServer

  init() throws { server = try TestServer() }

  @Test(arguments: ["+2m", "+1h", "-2m", "-1h"]) func commandIsValidByTheServersTime(_ offset: String) throws {
    let handler = try Program(["handler", "--id", "h1"], on: server.endpoint)
    let result = try start("send", "pause", "a", "--wait", "8s", offset: offset).finish()
    #expect(result.status == 0, "\(result)")
    #expect(result.output.contains("succeeded"))
    handler.child.end()
  }

  @Test(arguments: ["+2m", "-2m", "-1h"]) func agesFollowTheServersTime(_ offset: String) throws {
    try server.add(1...1)
    // Begun by its own clock, ten seconds would hold nothing, or too much.
    let status = try start("status", "--history", "10s", offset: offset).finish()
    #expect(status.output.contains("1 agents, 1 events"))
    #expect(!status.output.contains("silent"))
  }
}
