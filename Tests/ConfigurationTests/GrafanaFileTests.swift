import Automation
import Configuration
import Testing

/// `[grafana]` of the handler's file.
@Suite struct GrafanaFileTests {
  private let environment = ["GRAFANA": "glsa_secret"]

  private func read(_ text: String) throws(ConfigurationError) -> HandlerSettings {
    try HandlerFile.read(Array("[grafana]\n\(text)\n".utf8), file: "handler.toml", environment: environment) { path in
      path == "/secret" ? Array("glsa_of_a_file\n".utf8) : nil
    }
  }

  @Test func sectionIsReadAndItsTokenIsASecret() throws {
    let settings = try read(
      """
      url = 'https://grafana.internal/sub/'
      token_env = 'GRAFANA'
      folder = 'agents'
      prometheus = 'prom-1'
      dashboards = false
      """)
    let expected = GrafanaService(
      url: "https://grafana.internal/sub", token: "glsa_secret", folder: "agents", source: "prom-1",
      makesDashboards: false)
    #expect(settings.grafana == expected && settings.secrets.contains("glsa_secret"))
    let other = try read("url = 'http://here'\ntoken_file = '/secret'\nannotations = false").grafana
    #expect(other == GrafanaService(url: "http://here", token: "glsa_of_a_file", annotates: false))
  }

  @Test func tokenThatOthersMayReadIsRefused() {
    let text = "[grafana]\nurl = 'http://x'\ntoken_file = '/secret'\n"
    let expected = ConfigurationError(
      file: "handler.toml", key: "grafana.token_file",
      problem: "names a secret that others may read or write; chmod o= the file", line: 3)
    #expect(throws: expected) {
      try HandlerFile.read(
        Array(text.utf8), file: "handler.toml", readFile: { _ in Array("glsa_x".utf8) },
        isOpenToOthers: { $0 == "/secret" })
    }
  }

  @Test func nothingIsToldUnlessItIsConfigured() throws {
    #expect(try HandlerFile.read([], file: "handler.toml").grafana == nil)
  }

  @Test(
    arguments: [
      ("token_env = 'GRAFANA'", "url: is missing; expected a URL, url_env or url_file"),
      (
        "url = 'http://x'",
        "token_file: is missing; expected the path of a file with a service account's token, or token_env"
      ),
      ("url = 'http://x'\ntoken = 'glsa_x'", "token: unknown key"),
      (
        "url = 'http://x'\ntoken_env = 'GRAFANA'\nfolder = 'a b'",
        "expected a uid: at most 40 letters, digits, \"-\" and \"_\""
      ),
      ("url = 'http://x'\ntoken_file = '/none'", "token_file: names a file that cannot be read"),
    ])
  func wrongSectionIsNamed(_ text: String, _ words: String) {
    do throws(ConfigurationError) {
      _ = try read(text)
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
      #expect(!"\(error)".contains("glsa_"))
    }
  }
}
