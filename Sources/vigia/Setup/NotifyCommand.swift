import ArgumentParser

/// `vigia notify`: what the handler tells people by.
///
/// The daemon beside this program sends the test: it has the client, and the console does without libcurl.
struct NotifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notify", abstract: "Try the channels by which the handler tells people.", subcommands: [Test.self])

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send one test notice, and print what the service answers; 0 where it arrived.")

    @Argument(help: ArgumentHelp("A channel of the handler's configuration.", valueName: "name")) var name: String
    @Option(
      help: ArgumentHelp("The handler's configuration file; default $VIGIA_HANDLER_CONFIG.", valueName: "FILE"))
    var config: String?

    func run() throws {
      let file = config.map { ["--config", $0] } ?? []
      try HandlerCommand.become(["notify", "test"] + file + ["--", name])
    }
  }
}
