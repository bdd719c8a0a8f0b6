import ArgumentParser
import FleetModel

/// `vigia audit`: what was done, refused and held back, for whoever asks afterwards.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Print what was done, refused and held back, oldest first.",
    discussion: """
      A line each, with the server's time. What only says that a command came in or began is left out, but with --json. \
      A command that was refused as a whole names no agent in the audit: it is printed whichever agent is asked for.
      """)

  @OptionGroup var redis: RedisOptions
  @Option(help: "How far back to begin, such as 10m or 2d.") var since = TimeSpan.hours(1)
  @Option(help: ArgumentHelp("Only what concerns this agent, by its id (several times).", valueName: "id"))
  var agent: [String] = []
  @Option(
    help: ArgumentHelp(
      "Only what this operator asked for: alice@bastion, alice for any machine, or rule/NAME (several times).",
      valueName: "name"))
  var `operator`: [String] = []
  @Flag(help: "A line of JSON each, with all that the audit holds.") var json = false

  func validate() throws {
    for id in agent where AgentID(outside: Array(id.utf8)) == nil {
      throw ValidationError(
        "--agent \(id.prefix(40).description.shown): an agent's id has at most \(AgentID.mostBytes) bytes")
    }
  }

  func run() throws {
    let selection = AuditSelection(agents: Set(agent.map { AgentID($0) }), operators: self.operator)
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      AuditReading(query, since: since, report: AuditReport(selection, span: since, isJSON: json)).start()
    }
  }
}
