import FleetModel

/// The collector of OpenTelemetry that is told what the handler does:
///
/// ```toml
/// [otel]
/// endpoint = "http://127.0.0.1:4318"    # OTLP over HTTP; the paths /v1/traces and /v1/logs are put behind it
/// headers_file = "/run/secrets/otel"    # or headers_env: "api-key=…,x-tenant=ops", as OTEL_EXPORTER_OTLP_HEADERS
/// service = "vigia-handler"
/// traces = true
/// logs = true
/// ```
extension NotifyReader {
  mutating func telemetry(_ section: FileSection) throws(ConfigurationError) -> HandlerSettings.Telemetry {
    try section.allow(["endpoint", "headers_env", "headers_file", "service", "traces", "logs"], in: "otel")
    let expected = "a URL such as \"http://127.0.0.1:4318\""
    guard var endpoint = try section.text("endpoint", expected: expected) else {
      throw section.fault("endpoint", expected: expected)
    }
    try check(endpoint, section, "endpoint", says: "is no URL")
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    var telemetry = HandlerSettings.Telemetry(endpoint: endpoint)
    telemetry.headers = try headers(section)
    if let service = try section.text("service", expected: "a name") {
      guard (1...200).contains(service.utf8.count) else { throw section.fault("service", expected: "a name") }
      telemetry.service = service
    }
    telemetry.sendsTraces = try section.flag("traces") ?? true
    telemetry.sendsLogs = try section.flag("logs") ?? true
    return telemetry
  }

  /// Names and values as W3C Baggage writes them: `a=1,b=2`, with `%xx` for what cannot stand there.
  private mutating func headers(
    _ section: FileSection
  ) throws(ConfigurationError) -> [HandlerSettings.Telemetry.Header] {
    guard let (text, from) = try secret(section, "headers") else { return [] }
    var headers: [HandlerSettings.Telemetry.Header] = []
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.trimmed(parts[0])
      guard parts.count == 2, !name.isEmpty, name.utf8.allSatisfy(Self.isOfName),
        let value = Self.decoded(Self.trimmed(parts[1])), value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
      else { throw section.fault(from, "names what are no headers; expected name=value, and commas between them") }
      keepSecretText(value)
      headers.append(.init(name: name, value: value))
    }
    return headers
  }

  private static func trimmed(_ text: Substring) -> String {
    let blanks: Set<Character> = [" ", "\t"]
    return String(text.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
  }

  /// Nil if a `%` has no two hexadecimal digits behind it, or what it gives is no text.
  private static func decoded(_ text: String) -> String? {
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
