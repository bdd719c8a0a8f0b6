import ArgumentParser

/// Options before the subcommand, as in `vigia --redis URL status`.
///
/// The parser takes them for the console's own, since plain `vigia` is the console, and then does not know the word.
enum MisplacedOptions {
  /// What to do about it, in a line; nil if that is not what is wrong.
  ///
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - problem: what the parser makes of them.
  static func advice(_ arguments: [String], problem: String) -> String? {
    guard arguments.first?.hasPrefix("-") == true, isOfStrayWords(problem) else { return nil }
    let places = arguments.indices.filter { subcommands.contains(arguments[$0]) }
    // One of these words may be an option's value: it is the subcommand if the rest is understood behind it.
    guard let place = places.first(where: { isUnderstood(moving: arguments, to: $0) }) ?? places.first else {
      return nil
    }
    let words = arguments[place...].prefix { !$0.hasPrefix("-") } + names(arguments[..<place])
    return "options come after the subcommand: vigia \(words.joined(separator: " "))".shown
  }

  private static var subcommands: Set<String> {
    Set(Vigia.configuration.subcommands.compactMap { $0.configuration.commandName })
  }

  /// The parser tells its own errors apart by their words alone.
  private static func isOfStrayWords(_ problem: String) -> Bool {
    ["Unexpected argument", "Unknown option"].contains { problem.hasPrefix($0) }
      || problem.contains(" unexpected arguments: ")
  }

  private static func isUnderstood(moving arguments: [String], to place: Int) -> Bool {
    (try? Vigia.parseAsRoot(Array(arguments[place...] + arguments[..<place]))) != nil
  }

  /// Options without what they say: a URL may hold a password.
  private static func names(_ arguments: ArraySlice<String>) -> [String] {
    var names: [String] = []
    for argument in arguments {
      guard argument.hasPrefix("-") else {
        if names.last?.hasSuffix(" …") == false { names[names.count - 1] += " …" }
        continue
      }
      let name = argument.prefix { $0 != "=" }
      names.append(name == argument ? argument : "\(name) …")
    }
    return names
  }
}
