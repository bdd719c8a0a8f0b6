import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// The whole program on a terminal, with a handler and agents that obey.
@Suite(.threaded) struct ConsoleTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// Publishes one event of an agent, as FastStream 0.5 does on a channel.
  private func publish(_ agent: String, errorRate: Double) throws {
    let body = #"{\"entity_id\":\"\#(agent)\",\"event_type\":\"metrics\",\"data\":{\"error_rate\":\#(errorRate)}}"#
    try server.publish("agent.metrics", #"{"data":"\#(body)","headers":{}}"#)
  }

  @Test func pauseIsConfirmedExecutedAndObeyed() throws {
    let handler = try Program(["handler", "--id", "h1"], on: server.endpoint)
    let simulator = try Program(
      ["simulate", "--agents", "7", "--rate", "50", "--seed", "1", "--incident", "error-storm"], on: server.endpoint)
    let console = try TmuxConsole("", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "handler h1 alive")
    try console.wait { screen in screen[0].contains("errors") && screen[3].contains("▸") }
    let row = try console.screen()[3]
    #expect(row.contains("● running"))
    try console.press("p")
    try console.wait(for: "for=15m? y yes  Tab edits  other keys: no")
    try console.press("y")
    try console.wait { $0[3].contains("‖ paused 14m") || $0[3].contains("‖ paused 15m") }
    try console.wait(for: "✓ obeyed")
    try console.press("q")
    try console.wait(for: "ended with 0")
    simulator.child.end()
    handler.child.end()
  }

  @Test func quittingTellsWhichCommandWasNeverSent() throws {
    let console = try TmuxConsole("", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "NO HANDLER")
    try publish("a-1", errorRate: 0.3)
    try console.wait { $0[0].contains("errors 30%") }
    server.server.stop()
    try console.wait(for: "NO LINK")
    try console.press("p")
    try console.wait(for: "y yes")
    try console.press("y")
    try console.wait(for: "not sent")
    try console.press("q")
    try console.wait(for: "1 command was never sent: pause a-1. Quit? y")
    try console.press("y")
    try console.wait(for: "vigia: never sent: pause a-1")
    try console.wait(for: "ended with 0")
  }

  /// Otherwise it would close every alert, and the first line would say that all is well.
  @Test func auditLineOfTheYear9999ClosesNothing() throws {
    let console = try TmuxConsole("", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "NO HANDLER")
    try publish("a-1", errorRate: 0.3)
    try console.wait { $0[0].contains("errors 30%") && $0.contains { $0.contains("1 alert ") } }
    let line = AuditLine(
      origin: .command(CommandID("c9")), phase: .succeeded, action: "pause", operator: "eve@ops", detail: "paused",
      handler: "h1", at: Instant(milliseconds: 253_402_300_799_000), source: "agentos:commands")
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", AuditCoding.encode(line))
    try console.wait { $0.contains { $0.contains("eve@ops") } }
    // The next event comes after it in every way.
    try publish("a-2", errorRate: 0.01)
    try console.wait { $0.contains { $0.contains("2 agents") } }
    let screen = try console.screen()
    #expect(screen[0].contains("errors 30%") && !screen[0].contains("all well"), "\(screen[0])")
    #expect(screen.contains { $0.contains("1 alert ") })
    #expect(screen.contains { $0.contains("now ✓ succeeded") && $0.contains("eve@ops") }, "it came now")
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test func withoutAHandlerTheRowSaysThatNobodyListens() throws {
    let console = try TmuxConsole("", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "NO HANDLER")
    try publish("a-1", errorRate: 0.3)
    try console.wait { $0[3].contains("a-1") && $0[3].contains("30%") }
    try console.press("r")
    try console.wait(for: "resume a-1?  already running; nobody listens: no handler")
    try console.press("n")
    try console.wait(for: "cancelled: resume; nothing was sent")
    #expect(try server.call("EXISTS", "agentos:commands") == .integer(0))
    try console.press("r")
    try console.wait(for: "resume a-1?  already running; nobody listens: no handler")
    try console.press("y")
    try console.wait(for: "nobody listens; expires in")
    #expect(try server.call("XLEN", "agentos:commands") == .integer(1))
  }

  @Test func readOnlyRefusesEveryAction() throws {
    let console = try TmuxConsole("--read-only", on: server.endpoint, columns: 100, rows: 30)
    try console.wait(for: "READ-ONLY")
    try publish("a-1", errorRate: 0.3)
    try console.wait { $0[3].contains("a-1") }
    for key in ["p", "r", "R", "s", "e", "l", "b", "B", "u"] {
      try console.press(key)
      try console.wait { screen in
        // Letters that come at once are taken for pasted text.
        if screen.contains(where: { $0.contains("pasted text was ignored") }) { _ = try? console.press(key) }
        return screen.contains { $0.contains("read-only: ") }
      }
      try console.press("y")
    }
    #expect(try server.call("EXISTS", "agentos:commands") == .integer(0))
  }

  @Test func filterFreezeHelpAndSizes() throws {
    let console = try TmuxConsole("--ascii", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "NO HANDLER")
    for number in 1...4 { try publish("agent-\(number)", errorRate: 0.01) }
    try console.wait { screen in (1...4).allSatisfy { number in screen.contains { $0.contains("agent-\(number)") } } }
    try console.press("/")
    try console.wait(for: "show agents with:")
    try console.press("3", "Enter")
    try console.wait { screen in
      !screen.contains { $0.contains("agent-1") } && screen.contains { $0.contains("agent-3") }
    }
    try console.press("Escape")
    try console.wait(for: "agent-1")
    try console.press("f")
    try console.wait(for: "FROZEN")
    try publish("agent-5", errorRate: 0.3)
    try console.wait(for: "1 alert")
    #expect(try !console.screen().contains { $0.contains("agent-5") })
    try console.press("f")
    try console.wait(for: "agent-5")
    try console.press("?")
    try console.wait(for: "pause for a while; ends by itself")
    try console.press("Escape")
    try console.resize(columns: 20, rows: 5)
    try console.wait { $0.contains { $0.hasPrefix("> + agent-3") } }
    try console.resize(columns: 19, rows: 5)
    try console.wait(for: "vigia needs 20x5")
    try console.resize(columns: 200, rows: 50)
    try console.wait(for: "- Security alerts -")
    #expect(try console.screen().joined().utf8.allSatisfy { $0 < 0x80 })
  }
}
