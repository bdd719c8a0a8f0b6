import ArgumentParser
import Glibc
import Redis

/// Which Redis, and which installation there.
struct RedisOptions: ParsableArguments {
  @Option(
    name: .customLong("redis"),
    help: ArgumentHelp(
      "redis://[user:pass@]host:port/db or unix:///path (default: $VIGIA_REDIS, $REDIS_URL, 127.0.0.1:6379).",
      valueName: "url"))
  var url: String?
  @OptionGroup var prefixing: PrefixOptions

  /// The Redis, and the prefix of the keys there.
  func installation() throws -> Installation {
    let prefix = try prefixing.chosen()
    return Installation(endpoint: try endpoint().holding(prefix), prefix: prefix)
  }

  /// The place that the option, or else the environment, names. The message of an error never repeats a URL, which may
  /// hold a password.
  func endpoint() throws -> Endpoint {
    guard let named else { return .default }
    do {
      return try Endpoint(url: named.url)
    } catch {
      throw ValidationError("\(named.origin): \(error)")
    }
  }

  /// The same as a URL, for another process. It may hold a password.
  var address: String { named?.url ?? "redis://\(Endpoint.default)" }

  private var named: (url: String, origin: String)? {
    if let url { return (url, "--redis") }
    for variable in ["VIGIA_REDIS", "REDIS_URL"] {
      if let url = Environment[variable], !url.isEmpty { return (url, "$\(variable)") }
    }
    return nil
  }
}

/// The process's environment.
enum Environment {
  static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Those of the named variables that are set.
  static func values(_ names: String...) -> [String: String] {
    Dictionary(uniqueKeysWithValues: names.compactMap { name in self[name].map { (name, $0) } })
  }
}
