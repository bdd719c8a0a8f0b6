import ArgumentParser
import Wire

/// What the keys begin with: the same for both programs and all tools.
package struct PrefixOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What every key begins with: agentos, or with a hash tag for a cluster, {agentos} (default: $VIGIA_PREFIX, agentos).",
      valueName: "name"))
  package var prefix: String?

  package init() {}

  /// The prefix that the option, or else the environment, names.
  package func chosen() throws -> KeyPrefix {
    do {
      return try KeyPrefix(option: prefix, environment: Environment["VIGIA_PREFIX"])
    } catch {
      throw ValidationError("\(error)")
    }
  }

  package func validate() throws { _ = try chosen() }
}
