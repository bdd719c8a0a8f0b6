import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Programs whose own clock is wrong.
@Suite(.threaded) struct ClockTests {
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
    #expect(status.output.contains("1 agent, 1 event,"))
    #expect(!status.output.contains("silent"))
  }

  @Test(arguments: ["+2m", "+1h", "-2m", "-1h"]) func consoleActsByTheServersTime(_ offset: String) throws {
    let handler = try Program(["handler", "--id", "h1"], on: server.endpoint)
    // Not by the program faketime: it stays in between, and signals would end it.
    let console = try PtyProgram(
      on: server.endpoint, columns: 130,
      environment: [
        "LD_PRELOAD": "/usr/$LIB/faketime/libfaketime.so.1", "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
      ])
    try console.wait(for: "handler h1 alive")
    try server.publish(1...1)
    try console.wait(for: "50%")
    // Its alert is as old as it is by the server's clock.
    try console.wait(for: "errors 50%, just now")
    console.type("p")
    try console.wait(for: "15m?")
    try console.redraw()
    console.type("y")
    try server.wait { (try? server.call("XLEN", "agentos:commands").integer) == 1 }
    console.type("6")
    try console.wait(for: "succeeded")
    console.type("q")
    #expect(try console.finish().exitCode == 0)
    handler.child.end()
  }
}
