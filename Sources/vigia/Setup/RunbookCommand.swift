import ArgumentParser
import Automation
import Configuration
import FleetModel

/// `vigia runbook`: rules, looked at without a handler.
struct RunbookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runbook",
    abstract: "Check rules, print those inside the program, try them on recorded events, or tell what they did.",
    subcommands: [
      Check.self, Show.self, Test.self, ExplainCommand.self, TallyCommand.self, SuggestCommand.self,
    ])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say \"ok\" and list the rules of a file, or say what is wrong with it, with key and line.")

    @Argument(help: "The runbook, TOML.") var file: String
    @OptionGroup var settings: LevelsOptions

    func run() throws {
      let runbook = try RunbookCommand.read(file, metrics: try settings.tables().metrics)
      for rule in runbook.rules {
        let types = rule.on.joined(separator: ", ")
        Output.line("\(rule.id)  \(rule.mode.rawValue)  on \(types), \(rule.ruleActions.count) actions".shown)
      }
      Output.line("ok: \(runbook.rules.count) rules")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the rules that the handler goes by where no other runbook is named.")

    func run() { Output.raw(RunbookFile.builtInText) }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what rules would have made of recorded events; nothing is done.",
      discussion: """
        A recording is what vigia tail --json prints. Rules that did not match are counted, and listed with --all. \
        Records of agents are not in a recording: their state counts as running.
        """)

    @Argument(help: "The runbook, TOML; \"built-in\" for the one inside the program.") var file: String
    @Option(help: ArgumentHelp("The recording, a line of JSON an event.", valueName: "FILE")) var events: String
    @Flag(help: "Rules that did not match too, with the reason.") var all = false

    func run() throws {
      // The daemon beside this program has what judges events, and the libraries that acting takes.
      try HandlerCommand.become(["rehearse", file, "--events", events] + (all ? ["--all"] : []))
    }
  }

  static func read(_ file: String, metrics: MetricTable = .builtIn) throws -> Runbook {
    do throws(ConfigurationError) {
      if file == "built-in" { return try RunbookFile.builtIn() }
      return try RunbookFile.read(try bytes(of: file), file: file, metrics: metrics)
    } catch {
      Output.error("vigia: \(error)")
      throw ExitCode(1)
    }
  }

  private static func bytes(of path: String) throws(ConfigurationError) -> [UInt8] {
    do {
      return try File.read(path)
    } catch {
      throw ConfigurationError(file: path, key: nil, problem: "cannot be read: \(error)")
    }
  }
}
