import ArgumentParser

/// `vigia archive`: the ClickHouse that keeps what streams let go of.
///
/// The daemon beside this program asks it: it has the client, and the console does without libcurl.
struct ArchiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "archive",
    abstract: "Make, look after and read the ClickHouse that keeps what streams let go of: init, status, prune, query.",
    discussion: "All arguments are passed on to vigia-handler; see vigia archive --help, vigia archive query --help.")

  @Argument(parsing: .captureForPassthrough, help: "init, status, prune or query, and what belongs to it.")
  var arguments: [String] = []

  func run() throws { try HandlerCommand.become(["archive"] + arguments) }
}
