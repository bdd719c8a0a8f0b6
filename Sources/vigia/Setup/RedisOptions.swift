import ArgumentParser
import Redis
import RedisArguments

/// Which Redis, and which installation there.
struct RedisOptions: ParsableArguments {
  @OptionGroup var place: RedisArguments.RedisOptions
  @OptionGroup var prefixing: PrefixOptions

  /// The Redis, and the prefix of the keys there; a password may be asked for.
  func installation() throws -> Installation {
    let prefix = try prefixing.chosen()
    return Installation(endpoint: try place.endpoint().holding(prefix), prefix: prefix)
  }

  /// What names the same installation to another program of ours. A password may be in it.
  func environment(for installation: Installation) -> [(name: String, value: String)] {
    place.environment(for: installation.endpoint) + [("VIGIA_PREFIX", installation.prefix.text)]
  }
}
