import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Orders to a fleet in shards, and what is said of them if a server falters at a point that no real one can be made to.
@Suite(.threaded) struct CommandSubmissionTests {
  /// Ends a connection: it is no reply.
  private let noise = "?\r\n"

  private func order(
    _ shards: Int, wait: String, _ answer: @escaping ([String]) -> String?
  ) throws -> (result: Program.Result, lines: [JSONValue]) {
    let loop = try Loop()
    let server = try FakeServer(loop: loop) { request in
      if let reply = answer(request) { return reply }
      switch request[0] {
      case "CLUSTER": return "-ERR This instance has cluster support disabled\r\n"
      case "TIME": return "*2\r\n$10\r\n1795334400\r\n$1\r\n0\r\n"
      case "XINFO": return "-ERR no such key\r\n"
      case "XREAD": return ""
      default: return "+OK\r\n"
      }
    }
    let arguments = ["send", "automation", "--arg", "mode=off", "--json", "--wait", wait]
    let program = try Program(arguments, on: server.endpoint, environment: ["VIGIA_SHARDS": "\(shards)"])
    try loop.wait { !program.child.isRunning }
    let result = program.finish()
    return (result, try result.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) })
  }

  private func missing(_ line: JSONValue) -> [String] {
    line["missing_shards"]?.list?.compactMap { $0["shard"]?.text } ?? []
  }

  @Test func commandThatIsRefusedTheSecondTimeMayHaveBeenTaken() throws {
    var seen: Set<String> = []
    let (result, lines) = try order(2, wait: "1m") { request in
      guard request[0] == "XADD" else { return nil }
      // It may be in the stream, and nobody has said so.
      return seen.insert(request[1]).inserted ? noise : "-OOM command not allowed\r\n"
    }
    #expect(result.status == 1 && seen.count == 2, "\(result)")
    #expect(lines.compactMap { $0["phase"]?.text } == ["sent", "sent", "unknown", "unknown"], "\(result)")
    #expect(Set(lines.suffix(2).map(missing)) == [["00"], ["01"]], "\(result)")
    #expect(Set(lines.suffix(2).map { $0["command_id"]?.text }) == Set(lines.prefix(2).map { $0["command_id"]?.text }))
    #expect(result.errors.hasSuffix("; not known whether it was taken there\n"), "\(result)")
    #expect(!result.errors.contains("nothing was sent"), "\(result)")
  }

  /// Whether the link to a shard breaks once the command was sent, or the server only says no more.
  @Test(arguments: [true, false]) func timeOutAfterItWasSentIsALine(isDown: Bool) throws {
    var isBroken = false
    let (result, lines) = try order(2, wait: "5s") { request in
      switch request[0] {
      case "XADD" where isDown && request[1].contains(":01}"):
        isBroken = true
        return noise
      // Where the shard's server is nobody learns any more.
      case "CLUSTER" where isBroken: return noise
      case "GET": return ""
      default: return nil
      }
    }
    #expect(result.status == 3, "\(result)")
    #expect(lines.map { $0["phase"]?.text } == ["sent", "sent", "no answer"], "\(result)")
    let last = try #require(lines.last)
    #expect(last["received"]?.bool == false && last["handler"]?["alive"] == .null, "\(result)")
    #expect(last["command_id"]?.text == lines[0]["batch"]?["id"]?.text && missing(last).isEmpty, "\(result)")
    #expect(result.errors.contains("did not answer in 5s") == isDown, "\(result)")
  }

  @Test(arguments: [2, 3]) func timeOutNamesEachShardForWhichNothingIsSent(shards: Int) throws {
    let (result, lines) = try order(shards, wait: "1s") { request in
      guard request[0] == "XINFO" else { return nil }
      // The link of one is up, and its audit never is. Another, if there is one, lets nobody follow its audit.
      if request[2].contains(":01}") { return "" }
      return request[2].contains(":02}") ? "-NOPERM no\r\n" : nil
    }
    #expect(result.status == 4 && lines.map { $0["phase"]?.text } == ["not sent"], "\(result)")
    let silent = shards == 2 ? ["01"] : ["01", "02"]
    #expect(lines.allSatisfy { missing($0).sorted() == silent }, "\(result)")
    #expect(result.errors.contains("; nothing was sent\n"), "\(result)")
  }
}
