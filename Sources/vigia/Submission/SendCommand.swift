import ArgumentParser
import FleetModel

/// `vigia send`.
struct SendCommand: ParsableCommand {
  /// What to wait for.
  enum Goal: String, CaseIterable, ExpressibleByArgument { case succeeded, obeyed }

  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send one command, and wait for what becomes of it.",
    discussion: "Actions: \(Action.allCases.map(\.rawValue).joined(separator: ", ")).")

  @OptionGroup var redis: RedisOptions
  @Argument(help: "What to do.") var action: String
  @Argument(help: "The agents to do it to.") var agents: [String] = []
  @Option(help: ArgumentHelp("An argument of the action (several times).", valueName: "name=value"))
  var arg: [String] = []
  @Option(help: "Why, for the audit.") var reason = ""
  @Option(help: "How long to wait for the outcome.") var wait = TimeSpan.seconds(10)
  @Option(help: "What counts as the outcome: the handler's word, or the runtimes' own.") var until = Goal.succeeded
  @Flag(help: "Print each step as a line of JSON.") var json = false

  func validate() throws {
    _ = try order()
  }

  func run() throws {
    let session = try Session()
    let sending = CommandSubmission(
      session, try redis.wholeInstallation(), order: try order(), wait: wait, untilObeyed: until == .obeyed,
      isJSON: json)
    try session.onInterrupt { session.end(.noAnswer) }
    sending.start()
    try session.run()
  }

  private func order() throws -> CommandRequest {
    do {
      return try CommandRequest(action: action, targets: agents, arguments: arg, reason: reason)
    } catch {
      throw ValidationError(error.description)
    }
  }
}
