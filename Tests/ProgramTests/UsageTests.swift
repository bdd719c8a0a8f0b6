import Screen
import TestSupport
import TestThreads
import Testing
import Wire

@testable import vigia

@Suite(.threaded) struct OutputTests {
  @Test(arguments: [
    ("\u{7F}", #"\u007f"#), ("\u{85}", #"\u0085"#), ("\u{61C}", #"\u061c"#), ("\u{200E}", #"\u200e"#),
    ("\u{202E}", #"\u202e"#), ("\u{2028}", #"\u2028"#), ("\u{2066}", #"\u2066"#), ("é東京🚀e\u{301}", "é東京🚀e\u{301}"),
    ("\u{E0041}", #"\udb40\udc41"#), ("\u{200D}\u{FE0F}", #"\u200d\ufe0f"#), ("\u{FEFF}", #"\ufeff"#),
    ("\u{2069}", #"\u2069"#), ("\u{1F3FD}", #"\ud83c\udffd"#),
  ])
  func whatSteersATerminalIsEscapedInJSON(_ text: String, _ escaped: String) {
    #expect(String(decoding: Output.escaped(Array("\"a\(text)b\"".utf8)), as: UTF8.self) == "\"a\(escaped)b\"")
  }
}

@Suite(.threaded) struct JSONOutputTests {
  /// Every field of what the tools print as JSON, with everything in it that could steer a terminal.
  @Test func jsonOfTheToolsIsHarmlessAndStillSaysTheSame() throws {
    let server = try TestServer()
    let evil = "x\u{7F}\u{9B}2J\u{202E}\u{2066}\u{E0041}\u{2028}y"
    let event: JSONValue = [
      "entity_id": .string(evil), "event_type": "agent.metrics",
      "data": ["error_rate": .number(0.3), "name": .string(evil)],
    ]
    _ = try server.call("XADD", "agentos:events", "*", "__data__", event.encoded)
    let runs = [
      try Program.run("tail", "--json", "--history", "1m", "--count", "1", on: server.endpoint),
      try Program.run("status", "--json", on: server.endpoint),
      try Program.run("send", "pause", evil, "--json", "--wait", "1s", on: server.endpoint),
      try Program.run("send", "pause", evil, "--wait", "1s", on: server.endpoint),
    ]
    for run in runs {
      #expect(run.output.unicodeScalars.allSatisfy { $0 == "\n" || Scrubber.fate(of: $0) == .keep }, "\(run.output)")
      #expect(!run.output.isEmpty)
    }
    #expect(try JSONValue.parse(Array(runs[0].output.utf8))["entity_id"]?.text == evil)
    #expect(try JSONValue.parse(Array(runs[1].output.utf8))["agents"]?.list?.first?["id"]?.text == evil)
  }

  /// A byte that is no UTF-8 may be a control to an old terminal; a pipe gets it as it is.
  @Test func bytesThatAreNoTextReachOnlyPipes() {
    let line: [UInt8] = [34, 0x9B, 0x32, 0xC3, 0xA9, 0xE6, 0x97, 34]
    #expect(Output.escaped(line) == line)
    let shown = Output.escaped(line, isForTerminal: true)
    #expect(String(decoding: shown, as: UTF8.self) == #""\ufffd2é\ufffd""#)
  }
}

@Suite(.threaded) struct UsageTests {
  @Test func versionIsPrinted() throws {
    #expect(try Program.run("--version") == .init(0, "0.1.0\n"))
  }

  @Test(arguments: [["status"], ["tail"], ["send", "pause", "a"], ["simulate"]])
  func unreachableRedisIsFour(_ arguments: [String]) throws {
    let result = try Program(arguments, environment: ["VIGIA_REDIS": "redis://:s3cret@127.0.0.1:1"]).finish()
    #expect(
      result
        == .init(
          4,
          errors: """
            vigia: Redis at 127.0.0.1:1 cannot be reached: connect to 127.0.0.1:1: Connection refused

            """))
  }

  @Test(arguments: [
    ("redis://:s3cret@host:99999/0", "the port is not one of 1…65535"),
    ("redis://:s3cret@host/x", "the database in the path is not a number"),
    ("http://:s3cret@host", "unknown scheme http://"),
    ("s3cret", "a Redis URL needs a scheme"),
    ("redis://:s3cret@evil\u{1B}]0;x\u{7}:6379", "the host holds a character that no host's name has"),
    ("redis://:s3cret@evil\u{202E}host", "the host holds a character that no host's name has"),
    ("evil\u{9B}2J://:s3cret@host", "what stands before :// is no scheme"),
  ])
  func badURLIsNamedWithoutItsPassword(_ url: String, _ reason: String) throws {
    let result = try Program.run("status", "--redis", url)
    #expect(result.status == 64)
    #expect(
      result.errors.hasPrefix(
        "Error: --redis: \(reason); expected redis[s]://[user:pass@]host:port/db, unix:///path or redis+sentinel://host,host/name\n"
      ))
    #expect(!result.errors.contains("s3cret") && !result.errors.contains("evil"))
    let variable = try Program.run("status", environment: ["REDIS_URL": url])
    #expect(variable.errors.hasPrefix("Error: $REDIS_URL: \(reason);"))
  }

  @Test(arguments: [
    (["--redis", "redis://:s3cret@127.0.0.1:1", "status"], "status --redis …"),
    (["--redis=redis://:s3cret@127.0.0.1:1", "status", "--json"], "status --redis …"),
    (["--prefix", "status", "audit"], "audit --prefix …"),
    (["--json", "status"], "status --json"),
    (["--redis", "redis://:s3cret@127.0.0.1:1", "send", "pause"], "send pause --redis …"),
    (["--redis", "redis://:s3cret@127.0.0.1:1", "notify", "test", "x"], "notify test x --redis …"),
    (["--wait", "1s", "send", "pause", "a\u{1B}[2J"], "send pause a^[[2J --wait …"),
  ])
  func optionBeforeTheSubcommandIsToldItsPlace(_ arguments: [String], _ right: String) throws {
    let result = try Program(arguments).finish()
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("Error: options come after the subcommand: vigia \(right)\n"), "\(result)")
    #expect(!result.errors.contains("s3cret"))
  }

  @Test func otherWrongUsageOfTheConsoleKeepsItsWords() throws {
    #expect(try Program.run("statu").errors.hasPrefix("Error: Unexpected argument 'statu'\n"))
    #expect(try Program.run("--ascii", "statu").errors.hasPrefix("Error: Unexpected argument 'statu'\n"))
    #expect(try Program.run("--fps", "0", "--theme", "status").errors.hasPrefix("Error: --fps 0: write a number"))
  }

  @Test(arguments: [
    (["pause"], "pause needs at least one agent"),
    (["pause", "a", "--arg", "for=5x"], "for=5x is not a number and s, m, h or d, such as 15m"),
    (["pause", "a", "--arg", "for"], "--arg for: write name=value"),
    (["pause", "a", "--arg", "to=b"], "pause has no argument to; it has for"),
    (["resume", "a", "--arg", "to=b"], "resume has no argument to; it has none"),
    (["block_ip"], "block_ip needs --arg ip=…"),
    (["rollback", "a"], "rollback needs --arg version=…"),
    (["rollback", "a", "--arg", "to=1"], "rollback has no argument to; it has version"),
    (["block_ip", "--arg", "ip=10.0.0.256"], "ip=10.0.0.256 is not an IPv4 or IPv6 address"),
    (["ack", "escalation/a"], "ack takes no agents; what it acts on is an argument: --arg alert=…"),
    (["scale", "a", "--arg", "by=1", "--arg", "by=2"], "by is given twice"),
  ])
  func badOrderIsRefusedBeforeItIsSent(_ arguments: [String], _ reason: String) throws {
    let result = try Program(["send"] + arguments).finish()
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("Error: \(reason)\n"))
  }
}

@Suite(.threaded) struct HandlerLauncherTests {
  @Test func argumentsReachTheDaemonBesideTheProgram() throws {
    let help = try Program.run("handler", "--help")
    #expect(help.status == 0 && help.output.contains("USAGE: vigia-handler"))
    let wrong = try Program.run("handler", "--redis", "nonsense")
    #expect(wrong.status == 64 && wrong.errors.contains("a Redis URL needs a scheme"))
  }
}
