import ArgumentParser
import Wire

/// What the keys begin with: the same for both programs and all tools.
package struct PrefixOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What every key begins with: agentos, or with a hash tag for a cluster, {agentos} (default: $VIGIA_PREFIX, agentos).",
      valueName: "name"))
  package var prefix: String?

  @Option(
    help: ArgumentHelp(
      "Into how many shards the fleet is divided over a cluster, 2 to 64 (default: $VIGIA_SHARDS, not divided).",
      valueName: "n"))
  package var shards: Int?

  package init() {}

  /// The prefix that the option, or else the environment, names.
  package func chosen() throws -> KeyPrefix {
    do {
      return try KeyPrefix(option: prefix, environment: Environment["VIGIA_PREFIX"])
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// The shards of what ``chosen()`` gives; nil if the fleet is not divided.
  package func division() throws -> Shards? {
    let base = try chosen()
    guard let count = try shards ?? fromEnvironment() else { return nil }
    do {
      return try Shards(count, of: base)
    } catch {
      throw ValidationError("\(shards == nil ? "$VIGIA_SHARDS" : "--shards"): \(error)")
    }
  }

  private func fromEnvironment() throws -> Int? {
    guard let text = Environment["VIGIA_SHARDS"], text != "1" else { return nil }
    guard let count = Int(text) else { throw ValidationError("$VIGIA_SHARDS: a number from 2 to \(Shards.most)") }
    return count
  }

  package func validate() throws { _ = try division() }
}
