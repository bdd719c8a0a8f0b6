import Configuration
import Testing

/// `[otel]` of the handler's file.
@Suite struct OpenTelemetryFileTests {
  private func read(_ text: String, headers: String = "api-key=se%20cret, x-tenant=ops") throws(ConfigurationError)
    -> HandlerSettings
  {
    try HandlerFile.read(Array("[otel]\n\(text)\n".utf8), file: "handler.toml", environment: ["OTEL": headers])
  }

  @Test func sectionIsReadAndItsHeadersAreSecrets() throws {
    let settings = try read("endpoint = 'http://127.0.0.1:4318/'\nheaders_env = 'OTEL'\nservice = 'ops'\nlogs = false")
    let telemetry = try #require(settings.telemetry)
    #expect(telemetry.endpoint == "http://127.0.0.1:4318" && telemetry.service == "ops")
    #expect(telemetry.headers.map { [$0.name, $0.value] } == [["api-key", "se cret"], ["x-tenant", "ops"]])
    #expect(telemetry.sendsTraces && !telemetry.sendsLogs && settings.secrets.contains("se cret"))
  }

  @Test func nothingIsToldUnlessItIsConfigured() throws {
    #expect(try HandlerFile.read([], file: "handler.toml").telemetry == nil)
  }

  @Test(
    arguments: [
      ("traces = true", "", "endpoint: is missing; expected a URL such as \"http://127.0.0.1:4318\""),
      ("endpoint = 'localhost:4318'", "", "endpoint: is no URL"),
      ("endpoint = 'http://x'\nheaders_env = 'OTEL'", "nonsense", "headers_env: names what are no headers"),
      ("endpoint = 'http://x'\nheaders_env = 'OTEL'", "a=%zz", "headers_env: names what are no headers"),
      ("endpoint = 'http://x'\nheaders_env = 'OTEL'", "a=%0a", "headers_env: names what are no headers"),
      ("endpoint = 'http://x'\nheaders = 'a=b'", "", "headers: unknown key"),
    ])
  func wrongSectionIsNamed(_ text: String, _ headers: String, _ words: String) {
    do throws(ConfigurationError) {
      _ = try read(text, headers: headers)
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }
}
