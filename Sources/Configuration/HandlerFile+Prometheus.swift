import FleetModel

/// Where the handler tells Prometheus of itself and the fleet, in its file:
///
/// ```toml
/// [prometheus]
/// listen = "127.0.0.1:9464"    # /metrics, /healthz and /readyz; without it nothing is served
/// token_file = "/run/secrets/metrics"   # what a bearer token has to be; other than a loopback address needs it
/// agents = 1000                # how many agents have series of their own
/// ```
extension HandlerFile {
  static func read(
    prometheus section: FileSection, readFile: (String) -> [UInt8]?
  ) throws(ConfigurationError) -> HandlerSettings.Monitoring {
    try section.allow(["listen", "token_file", "agents"], in: "prometheus")
    var monitoring = HandlerSettings.Monitoring()
    monitoring.agents = try section.integer("agents", in: HandlerSettings.Monitoring.agentsRange)
    if let path = try section.text("token_file", expected: "a file's path") {
      guard let bytes = readFile(path) else { throw section.fault("token_file", "names a file that cannot be read") }
      do throws(MonitoringToken.Fault) {
        monitoring.token = try MonitoringToken.read(bytes)
      } catch {
        throw section.fault("token_file", "names a file that \(error)")
      }
      monitoring.tokenFile = path
    }
    guard let text = try section.text("listen", expected: ListenAddress.form) else { return monitoring }
    guard let address = ListenAddress(text) else { throw section.fault("listen", expected: ListenAddress.form) }
    monitoring.address = address
    return monitoring
  }
}

/// The token that whoever asks for metrics has to know, as its file holds it.
package enum MonitoringToken {
  /// Why a file holds none.
  package enum Fault: Error, CustomStringConvertible {
    case empty, malformed

    package var description: String {
      switch self {
      case .empty: "is empty; expected the token on its first line"
      case .malformed:
        "holds no token; expected 16 to \(longest) letters, digits and signs without blanks on its first line"
      }
    }
  }

  private static let shortest = 16
  private static let longest = 4096

  /// Its first line.
  package static func read(_ bytes: [UInt8]) throws(Fault) -> [UInt8] {
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    guard !line.isEmpty else { throw .empty }
    guard (shortest...longest).contains(line.count), line.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .malformed
    }
    return Array(line)
  }
}
