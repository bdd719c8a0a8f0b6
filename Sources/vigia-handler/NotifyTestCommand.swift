import ArgumentParser
import Configuration
import Handler
import Loop
import RedisArguments

/// `vigia-handler notify test`, which is `vigia notify test`: one notice through a channel of the configuration.
struct NotifyTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia notify test",
    abstract: "Send one test notice, and print what the service answers; 0 where it arrived.")

  @Argument(help: ArgumentHelp("A channel of the handler's configuration.", valueName: "name")) var name: String
  @Option(
    help: ArgumentHelp("The handler's configuration file; default $VIGIA_HANDLER_CONFIG.", valueName: "FILE"))
  var config: String?

  func run() throws { try Self.test(name, config ?? Environment["VIGIA_HANDLER_CONFIG"]) }

  /// Sends the notice, and ends with 1 if it has not arrived.
  static func test(_ name: String, _ path: String?) throws {
    guard let path else { throw ValidationError("a channel is tested with --config FILE or $VIGIA_HANDLER_CONFIG") }
    let source = SettingsSource(path: path, secrets: [])
    let options = try HandlerCommand.usage { () throws(ConfigurationError) in
      try source.apply(to: HandlerOptions(id: ""))
    }
    guard let outcome = try ChannelTest.run(name, options.notify, on: try Loop()) else {
      let names = options.notify.channels.keys.sorted().joined(separator: ", ")
      throw ValidationError("no channel \"\(name)\" is configured; there is \(names.isEmpty ? "none" : names)")
    }
    print("\(name): \(outcome.hasArrived ? "told" : "not told"): \(outcome.words)")
    if !outcome.hasArrived { throw ExitCode(1) }
  }
}
