import Configuration
import FleetModel
import Testing

/// `[heartbeat]` and `[prometheus]` of the handler's file.
@Suite struct HeartbeatFileTests {
  private func read(_ text: String, _ environment: [String: String] = [:]) throws(ConfigurationError) -> HandlerSettings
  {
    try HandlerFile.read(Array(text.utf8), file: "handler.toml", environment: environment) { path in
      path == "/secret" ? Array("0123456789abcdef\nmore\n".utf8) : nil
    }
  }

  private func problem(_ text: String, _ environment: [String: String] = [:]) -> String {
    do throws(ConfigurationError) {
      _ = try read(text, environment)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func nothingIsToldUnlessItIsConfigured() throws {
    #expect(try read("").heartbeat == nil && read("").monitoring == HandlerSettings.Monitoring())
  }

  @Test func heartbeatIsReadAndItsAddressIsASecret() throws {
    let settings = try read("[heartbeat]\nurl = 'https://hc-ping.com/1f0e-2b3c'\nevery = '30s'\n")
    #expect(settings.heartbeat?.url == "https://hc-ping.com/1f0e-2b3c" && settings.heartbeat?.span == .seconds(30))
    #expect(settings.secrets.contains("https://hc-ping.com/1f0e-2b3c") && settings.secrets.contains("1f0e-2b3c"))
    let other = try read("[heartbeat]\nurl_env = 'PING'\n", ["PING": "http://here/ping-me"])
    #expect(other.heartbeat?.url == "http://here/ping-me" && other.heartbeat?.span == nil)
  }

  @Test(
    arguments: [
      ("every = '1m'", "url: is missing; expected a URL, url_env or url_file"),
      ("url = 'ftp://x'", "url: is no URL; expected one that begins with https:// or http://, and a host"),
      ("url = 'http://x'\nevery = '9s'", "every: is the text \"9s\"; expected a span from 10s to 1h"),
      ("url = 'http://x'\nevery = '2h'", "expected a span of up to 1h such as \"10s\", with s, m, h or d"),
      ("url = 'http://x'\nspan = '1m'", "span: unknown key; heartbeat has url, url_env, url_file, every"),
    ])
  func wrongHeartbeatIsNamed(_ text: String, _ words: String) {
    #expect(problem("[heartbeat]\n\(text)\n").hasSuffix(words), "\(problem("[heartbeat]\n\(text)\n"))")
  }

  @Test func prometheusIsRead() throws {
    let settings = try read("[prometheus]\nlisten = '[::1]:9464'\ntoken_file = '/secret'\nagents = 0\n").monitoring
    #expect(settings.address?.description == "[::1]:9464" && settings.agents == 0)
    #expect(settings.token == Array("0123456789abcdef".utf8) && settings.tokenFile == "/secret")
  }

  @Test(
    arguments: [
      ("127.0.0.1:9464", "127.0.0.1:9464", true), ("localhost:1", "127.0.0.1:1", true),
      (":9464", "0.0.0.0:9464", false),
      ("[::]:9464", "[::]:9464", false), ("[::ffff:127.0.0.1]:1", "127.0.0.1:1", true),
      ("10.0.0.1:65535", "10.0.0.1:65535", false),
    ])
  func addressIsReadAndKnowsWhetherOthersReachIt(_ text: String, _ words: String, _ isLoopback: Bool) throws {
    let address = try #require(ListenAddress(text))
    #expect("\(address)" == words && address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", ":", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 1", "::1:80",
    "[::1]", "[::1:80", "[127.0.0.1]:80", "host:80", "127.1:80", "127.0.0.1:８０",
  ])
  func whatIsNoAddressIsNone(_ text: String) { #expect(ListenAddress(text) == nil) }
}
