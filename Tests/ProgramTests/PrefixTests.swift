import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Handler, tools and console of one prefix, beside those of another.
@Suite(.threaded) struct PrefixTests {
  private let server: TestServer
  private let keys: Keys

  init() throws {
    server = try TestServer()
    keys = Keys(try KeyPrefix("{fleet}"))
  }

  private func startHandler(_ arguments: [String], environment: [String: String] = [:], _ keys: Keys) throws -> Program
  {
    let handler = try Program(arguments, on: server.endpoint, environment: environment, name: "vigia-handler")
    try server.wait { (try? server.call("GET", keys.lease).bytes) != nil }
    return handler
  }

  @Test func handlerAndToolsOfAPrefixMeetAndLeaveOthersAlone() throws {
    let handler = try startHandler(["--prefix", "{fleet}"], keys)
    defer { handler.child.end(9) }
    var (heard, isListening): ([String], Bool) = ([], false)
    let receiver = MessageReceiver(confirmed: { isListening = true }) { channel, _ in
      heard.append(String(decoding: channel, as: UTF8.self))
    }
    let listener = Link(loop: server.loop, endpoint: server.endpoint) { notice in
      guard case .up(let connection) = notice else { return }
      connection.subscribe(channels: [], patterns: [Array("*.control.*".utf8)], receiver)
    }
    listener.start()
    defer { listener.stop() }
    try server.wait { isListening }
    let environment = ["VIGIA_PREFIX": "{fleet}"]
    let paused = try Program.run("send", "pause", "a-1", on: server.endpoint, environment: environment)
    #expect(paused.status == 0, "\(paused)")
    try server.wait { heard == ["fleet.control.pause"] }
    let audit = try Program.run("audit", "--prefix", "{fleet}", on: server.endpoint)
    #expect(audit.status == 0 && audit.output.contains("pause") && audit.output.contains("a-1"), "\(audit)")
    let status = try Program.run("status", "--json", "--prefix", "{fleet}", on: server.endpoint)
    #expect(try JSONValue.parse(Array(status.output.utf8))["handler"]?["alive"] == true)
    let other = try Program.run("status", "--json", on: server.endpoint)
    #expect(try JSONValue.parse(Array(other.output.utf8))["handler"]?["alive"] == false)
    let names = try server.call("KEYS", "*").elements?.compactMap(\.text) ?? []
    #expect(!names.isEmpty && names.allSatisfy { $0.hasPrefix("{fleet}:") }, "\(names)")
  }

  @Test func everyCommandSucceedsInADemoWithAPrefix() throws {
    let result = try Program.run("demo", "--headless", "--for", "8s", "--seed", "5", "--prefix", "{d:1}")
    #expect(result.status == 0 && result.errors == "")
    let report = try JSONValue.parse(Array(result.output.utf8))
    #expect(report["commands"] == ["sent": 20, "succeeded": 20, "obeyed": 20])
    #expect(report["events"]?["published"] == report["events"]?["decoded"])
  }

  @Test func prefixStandsOnTheStatusLine() throws {
    let console = try TmuxConsole("console --prefix '{fleet}'", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "{fleet}")
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test(arguments: [["status"], ["tail"], ["simulate"], ["dead", "list"], ["tmux"], ["demo"], ["console"]])
  func wrongPrefixIsWrongUsage(_ arguments: [String]) throws {
    let result = try Program(arguments, on: server.endpoint, environment: ["VIGIA_PREFIX": "a\u{1B}[2J b"]).finish()
    #expect(result.status == 64 && result.output == "" && !result.errors.contains("\u{1B}"), "\(result)")
    #expect(result.errors.contains("$VIGIA_PREFIX: a prefix has visible ASCII characters only"))
    let option = try Program(arguments + ["--prefix", "a*"], on: server.endpoint).finish()
    #expect(option.status == 64 && option.errors.contains("--prefix: a prefix has none of"), "\(option)")
  }

  @Test func handlerRefusesAWrongPrefix() throws {
    let program = try Program(["--prefix", "{}"], on: server.endpoint, name: "vigia-handler").finish()
    #expect(program.status == 64 && program.errors.contains("--prefix: braces in a prefix are those of one hash tag"))
  }
}
