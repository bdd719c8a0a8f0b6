import ArgumentParser
import Glibc
import Wire

/// `vigia dead`: what the handler could not handle, kept in `agentos:dead` with its bytes.
struct DeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead", abstract: "Look at what the handler could not handle, put it back, or drop it.",
    subcommands: [List.self, Show.self, Retry.self, Drop.self])

  /// Which entries.
  struct Selection: ParsableArguments {
    @Argument(help: ArgumentHelp("Entries, by their ids.", valueName: "id")) var ids: [String] = []
    @Flag(help: "All that there are.") var all = false

    func validate() throws {
      if ids.isEmpty != all { throw ValidationError("name entries by their ids, or say --all") }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a line an entry, oldest first.")

    @OptionGroup var redis: RedisOptions
    @Flag(help: "A line of JSON each, with all of the bytes.") var json = false

    func run() throws { try DeadLetters.run(redis) { $0.list(isJSON: json) } }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print all of an entry.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: ArgumentHelp("The entry's id.", valueName: "id")) var id: String
    @Flag(help: "Write its bytes alone, as they are, to a file or a pipe.") var raw = false

    func validate() throws {
      if raw, isatty(1) == 1 {
        throw ValidationError("--raw writes bytes as they are, and a terminal would obey them; send them to a file")
      }
    }

    func run() throws { try DeadLetters.run(redis) { $0.show(id, isRaw: raw) } }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put entries back where they came from.",
      discussion: """
        The bytes go back into their stream and out of the dead ones in one step. A command whose time has passed is \
        issued anew for a minute, with its own id, for the handler would refuse it again.
        """)

    @OptionGroup var redis: RedisOptions
    @OptionGroup var selection: Selection

    func run() throws { try DeadLetters.run(redis) { selection.all ? $0.retryAll() : $0.retry(selection.ids) } }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove entries for good.")

    @OptionGroup var redis: RedisOptions
    @OptionGroup var selection: Selection
    @Flag(help: "Needed with --all.") var yes = false

    func validate() throws {
      if selection.all, !yes { throw ValidationError("--all removes every entry for good; say --yes too") }
    }

    func run() throws { try DeadLetters.run(redis) { selection.all ? $0.dropAll() : $0.drop(selection.ids) } }
  }
}
