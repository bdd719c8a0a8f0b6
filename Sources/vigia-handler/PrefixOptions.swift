import ArgumentParser
import Wire

/// What the keys begin with.
struct PrefixOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What every key begins with: agentos, or with a hash tag for a cluster, {agentos} (default: $VIGIA_PREFIX, agentos).",
      valueName: "NAME"))
  var prefix: String?

  /// The prefix that the option, or else the environment, names.
  func chosen() throws -> KeyPrefix {
    do {
      return try KeyPrefix(option: prefix, environment: Environment["VIGIA_PREFIX"])
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func validate() throws { _ = try chosen() }
}
