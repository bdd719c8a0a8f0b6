import TestSupport
import Testing

@testable import vigia

@Suite struct OutputTests {
  @Test(arguments: [
    ("\u{7F}", #"\u007f"#), ("\u{85}", #"\u0085"#), ("\u{61C}", #"\u061c"#), ("\u{200E}", #"\u200e"#),
    ("\u{202E}", #"\u202e"#), ("\u{2028}", #"\u2028"#), ("\u{2066}", #"\u2066"#), ("é東京", "é東京"),
  ])
  func whatSteersATerminalIsEscapedInJSON(_ text: String, _ escaped: String) {
    #expect(String(decoding: Output.escaped(Array("\"a\(text)b\"".utf8)), as: UTF8.self) == "\"a\(escaped)b\"")
  }
}

@Suite struct UsageTests {
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
        "Error: --redis: \(reason); expected redis://[user:pass@]host:port/db or unix:///path\n"))
    #expect(!result.errors.contains("s3cret") && !result.errors.contains("evil"))
    let variable = try Program.run("status", environment: ["REDIS_URL": url])
    #expect(variable.errors.hasPrefix("Error: $REDIS_URL: \(reason);"))
  }

  @Test(arguments: [
    (["pause"], "pause needs at least one agent"),
    (["pause", "a", "--arg", "for=5x"], "for=5x is not a number and s, m, h or d, such as 15m"),
    (["pause", "a", "--arg", "for"], "--arg for: write name=value"),
    (["pause", "a", "--arg", "to=b"], "pause has no argument to; it has for"),
    (["resume", "a", "--arg", "to=b"], "resume has no argument to; it has none"),
    (["block_ip"], "block_ip needs --arg ip=…"),
    (["block_ip", "--arg", "ip=10.0.0.256"], "ip=10.0.0.256 is not an IPv4 or IPv6 address"),
    (["ack", "a", "--arg", "alert=escalation/a"], "ack takes no agents; what it acts on is an argument"),
    (["scale", "a", "--arg", "by=1", "--arg", "by=2"], "by is given twice"),
  ])
  func badOrderIsRefusedBeforeItIsSent(_ arguments: [String], _ reason: String) throws {
    let result = try Program(["send"] + arguments).finish()
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("Error: \(reason)\n"))
  }
}

@Suite struct HandlerLauncherTests {
  @Test func argumentsReachTheDaemonBesideTheProgram() throws {
    let help = try Program.run("handler", "--help")
    #expect(help.status == 0 && help.output.contains("USAGE: vigia-handler"))
    let wrong = try Program.run("handler", "--redis", "nonsense")
    #expect(wrong.status == 64 && wrong.errors.contains("a Redis URL needs a scheme"))
  }
}
