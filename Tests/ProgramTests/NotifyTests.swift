import Glibc
import TestSupport
import Testing

/// `vigia notify test`.
@Suite final class NotifyTests {
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

  @Test func channelThatIsNotThereIsWrongUsage() throws {
    let (result, bodies) = try run("opps", answer: .silence)
    #expect(result.status == 64 && bodies.isEmpty)
    #expect(result.errors.hasPrefix("Error: no channel \"opps\" is configured; there is ops"))
  }
}
