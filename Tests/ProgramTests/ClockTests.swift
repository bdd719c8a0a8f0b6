import FleetModel
import Redis
import TestSupport
import Testing
import Wire

/// Programs whose own clock is wrong.
@Suite struct ClockTests {
  /// Debian's faketime, told by how much the clock is off, or by a file that says so.
  private static func fake(_ setting: [String: String]) throws -> [String: String] {
    let library = try #require(
      ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketime.so.1" }.first {
        Program.contents(of: $0, limit: 4) != nil
      }, "install faketime")
    return setting.merging(["LD_PRELOAD": library, "FAKETIME_DONT_FAKE_MONOTONIC": "1"]) { $1 }
  }

  private let server: TestServer

  init() throws { server = try TestServer() }

  @Test(arguments: ["-120", "+120", "-3600", "+3600"]) func commandIsValidByTheServersTime(_ offset: String) throws {
    let handler = try Program(["handler", "--id", "h1"], on: server.endpoint)
    let sending = try Program(
      ["send", "pause", "a", "--wait", "8s"], on: server.endpoint, environment: try Self.fake(["FAKETIME": offset]))
    let result = sending.finish()
    #expect(result.status == 0, "\(result)")
    #expect(result.output.contains("succeeded"))
    handler.child.end()
  }

  @Test(arguments: ["-120", "+120"]) func agesFollowTheServersTime(_ offset: String) throws {
    try server.add(1...1)
    // Begun by its own clock, ten seconds would hold nothing, or too much.
    let status = try Program.run(
      "status", "--history", "10s", on: server.endpoint, environment: try Self.fake(["FAKETIME": offset]))
    #expect(status.output.contains("1 agents, 1 events"))
    #expect(!status.output.contains("silent"))
  }
}
