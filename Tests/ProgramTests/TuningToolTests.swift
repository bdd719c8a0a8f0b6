import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia tuning`, from what the handler stores.
@Suite(.threaded) struct TuningToolTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(arguments, on: server.endpoint).finish()
  }

  private func store(_ role: String, _ words: String, question: TuningReport.Question? = nil) throws {
    let report = TuningReport(words: words, at: try server.time() - .minutes(2), question: question)
    _ = try server.call("HSET", keys.tuning, role, TuningCoding.encode(report, state: [:]))
  }

  @Test func eachRoleHasALineAndSteersNoTerminal() throws {
    try store("support", "tries timeout_s 25 instead of 20, round 2: error_rate 0.021 instead of 0.034, evidence 7.2")
    try store(
      "sales\u{1B}[2J", "asks to try heat 0.4 \u{202E}",
      question: .init(proposal: ProposalID("rule/handler/tuning/1/a"), agent: "a"))
    let result = try run("tuning")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.status == 0 && result.errors == "" && lines.count == 3)
    #expect(lines[0].hasPrefix("role ") && lines[1].hasPrefix("sales^[[2J ") && lines[2].hasPrefix("support "))
    #expect(lines[1].hasSuffix("; proposed: rule/handler/tuning/1/a"))
    #expect(lines[2].contains("  2m  tries timeout_s 25 instead of 20, round 2: error_rate 0.021"))
    #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
  }

  @Test func documentHasAllOfItButTheState() throws {
    try store("support", "nothing is tried")
    let json = try JSONValue.parse(Array(run("tuning", "--json").output.utf8))
    let role = try #require(json["roles"]?.list?.first)
    #expect(role["role"] == "support" && role["words"] == "nothing is tried" && role["at"]?.text != nil)
    #expect(role["state"] == nil)
  }

  @Test func whereNothingIsTunedItSaysSo() throws {
    #expect(try run("tuning") == .init(0, "no parameters are tuned\n"))
    #expect(try JSONValue.parse(Array(run("tuning", "--json").output.utf8))["roles"]?.list == [])
  }

  @Test func whatIsNoneIsCounted() throws {
    _ = try server.call("HSET", keys.tuning, "support", "no JSON")
    let result = try run("tuning")
    #expect(result.errors.contains("1 stored value could not be read"))
  }
}
