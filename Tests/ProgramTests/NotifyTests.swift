import Glibc
import TestSupport
import TestThreads
import Testing

/// `vigia notify test`, and what is seen of a notice that was given up.
@Suite(.threaded) final class NotifyTests {
  private let file: String

  init() throws {
    var template = Array("/tmp/vigia-notify-XXXXXX".utf8CString)
    close(mkstemp(&template))
    file = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unlink(file) }

  private func run(_ channel: String, answer: MockService.Answer) throws -> (result: Program.Result, bodies: [String]) {
    let server = try TestServer()
    let service = try MockService(loop: server.loop) { _ in answer }
    let stream = try #require(fopen(file, "w"))
    fputs("[notify.ops]\nkind = 'slack'\nurl_env = 'OPS_URL'\n", stream)
    fclose(stream)
    let program = try Program(
      ["notify", "test", channel, "--config", file], environment: ["OPS_URL": service.url("/services/s3cret")])
    try server.wait { !program.child.isRunning }
    return (program.finish(), service.requests.map(\.text))
  }

  @Test func oneTestNoticeIsSentAndTheAnswerSaid() throws {
    let (result, bodies) = try run("ops", answer: .status(200, "ok"))
    #expect(result == .init(0, "ops: told: HTTP 200: ok\n"))
    #expect(bodies.count == 1 && bodies[0].contains("vigia notify test"))
  }

  @Test func refusalEndsWithOneAndShowsNoSecret() throws {
    let (result, bodies) = try run("ops", answer: .status(403, "no /services/s3cret"))
    #expect(result.status == 1 && result.output == "ops: not told: HTTP 403: no /***\n")
    #expect(bodies.count == 1)
  }

  @Test func noticeThatIsGivenUpStandsOnTheScreenAndInTheStatus() throws {
    let server = try TestServer()
    let service = try MockService(loop: server.loop) { _ in .status(403, "no") }
    let stream = try #require(fopen(file, "w"))
    fputs("[notify.ops]\nkind = 'slack'\nurl_env = 'OPS_URL'\n", stream)
    fclose(stream)
    let handler = try Program(
      ["--id", "h1", "--config", file], on: server.endpoint, environment: ["OPS_URL": service.url("/x")],
      name: "vigia-handler")
    defer { handler.child.end(SIGTERM) }
    let console = try TmuxConsole("", on: server.endpoint, columns: 100, rows: 30)
    let send = try Program(
      ["send", "notify", "--arg", "to=ops", "--arg", "text=x", "--wait", "10s"], on: server.endpoint)
    try server.wait { !send.child.isRunning && (try? server.call("XLEN", "agentos:dead")) == .integer(1) }
    #expect(send.finish().status == 0)
    try console.wait(for: "1 notice undelivered  vigia dead list")
    // One who comes later is told as well.
    let status = try Program.run("status", on: server.endpoint)
    #expect(status.output.hasSuffix("\nnotices     1 undelivered; vigia dead list\n"))
    // Also whoever reads little of the audit, and what is from before it.
    let now = try #require(try server.call("TIME").elements?[0].integer) * 1000
    _ = try server.call("ZADD", "agentos:mark:notices/undelivered", now - 5 * 3_600_000, "0-1")
    let later = try Program.run("status", "--history", "1s", on: server.endpoint)
    #expect(later.output.hasSuffix("\nnotices     2 undelivered; vigia dead list\n"))
    let fresh = try TmuxConsole("", on: server.endpoint, columns: 100, rows: 30)
    try fresh.wait(for: "2 notices undelivered  vigia dead list")
  }

  @Test func channelThatIsNotThereIsWrongUsage() throws {
    let (result, bodies) = try run("opps", answer: .silence)
    #expect(result.status == 64 && bodies.isEmpty)
    #expect(
      result.errors == """
        Error: no channel "opps" is configured; there is ops
        Usage: vigia notify test <name> [--config <FILE>]
          See 'vigia notify test --help' for more information.

        """)
  }

  @Test func wrongFileShowsHowAChannelIsTested() throws {
    let missing = try Program.run("notify", "test", "ops", "--config", "/nonexistent")
    #expect(missing.status == 64 && missing.errors.hasPrefix("Error: /nonexistent: cannot be read: "))
    let nowhere = try Program.run("notify", "test", "ops")
    #expect(nowhere.errors.hasPrefix("Error: a channel is tested with --config FILE or $VIGIA_HANDLER_CONFIG\n"))
    for result in [missing, nowhere] {
      #expect(result.errors.contains("\nUsage: vigia notify test <name> [--config <FILE>]\n"), "\(result)")
    }
  }

  @Test func channelWhoseNameLooksLikeAnOptionIsAsked() throws {
    let result = try Program.run("notify", "test", "--config", "/dev/null", "--", "-ops")
    #expect(result.errors.hasPrefix("Error: no channel \"-ops\" is configured; there is none\n"), "\(result)")
  }
}
