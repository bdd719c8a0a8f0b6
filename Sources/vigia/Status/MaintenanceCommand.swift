import ArgumentParser
import Console
import FleetModel
import Redis
import Screen
import Wire

/// `vigia maintenance`: windows in which agents are restarted while their backups work in their place.
struct MaintenanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maintenance", abstract: "Print windows of maintenance, plan one, or cancel it.",
    discussion: """
      In a window an agent's backup stands in, the agent is drained and restarted, its metrics are compared with its own \
      normal, and the backup is released. What a forecast proposes begins once vigia maintenance plan AGENT says so.
      """,
    subcommands: [List.self, Plan.self, Cancel.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the windows, the next first.")

    @OptionGroup var redis: RedisOptions
    @Flag(help: "As one JSON document.") var json = false

    func run() throws {
      try FleetQuery.run(try redis.wholeInstallation()) { query in
        query.send({ Request("HGETALL", $0.maintenance) }) { answers in
          var malformed = 0
          let windows = answers.flatMap { answer in
            MaintenanceCoding.decode(windows: answer.reply.pairs) { _, _ in malformed += 1 }
          }
          if malformed > 0 {
            query.complain("maintenance", "\(Format.counted(malformed, "stored value")) could not be read")
          }
          let page = MaintenancePage(windows, at: query.now)
          query.show(json ? .json(page.json) : .lines(page.table))
          query.end()
        }
      }
    }
  }

  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Plan maintenance of an agent, or take over what is proposed.",
      discussion: "A window that you have planned is kept, whatever is forecast.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: "The agent.") var agent: String
    @Option(
      help: "When it begins: 15m, or 2026-11-22T03:00:00Z (default: when the proposed window does, else now).")
    var at: String?
    @Option(name: .customLong("for"), help: "How long open conversations get to end or move (default: 15m).")
    var drain: TimeSpan?
    @Option(help: "Who stands in (default: the agent's own backup).") var backup: String?
    @OptionGroup var sending: SendingOptions

    func validate() throws { _ = try sending.order(.planMaintenance, agent, arguments) }
    func run() throws { try sending.send(.planMaintenance, agent, arguments, redis) }

    private var arguments: [String] {
      [at.map { "at=\($0)" }, drain.map { "for=\($0)" }, backup.map { "backup=\($0)" }].compactMap(\.self)
    }
  }

  struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cancel the maintenance of an agent; once it has begun it goes back, until the agent is restarted.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: "The agent.") var agent: String
    @OptionGroup var sending: SendingOptions

    func validate() throws { _ = try sending.order(.cancelMaintenance, agent, []) }
    func run() throws { try sending.send(.cancelMaintenance, agent, [], redis) }
  }
}

/// How a command about maintenance is sent.
struct SendingOptions: ParsableArguments {
  @Option(help: "Why, for the audit.") var reason = ""
  @Option(help: "How long to wait for the outcome.") var wait = TimeSpan.seconds(10)
  @Flag(help: "Print each step as a line of JSON.") var json = false

  func order(_ action: Action, _ agent: String, _ arguments: [String]) throws -> CommandRequest {
    do {
      return try CommandRequest(action: action.rawValue, targets: [agent], arguments: arguments, reason: reason)
    } catch {
      throw ValidationError(error.description)
    }
  }

  func send(_ action: Action, _ agent: String, _ arguments: [String], _ redis: RedisOptions) throws {
    let session = try Session()
    let sending = CommandSubmission(
      session, try redis.wholeInstallation(), order: try order(action, agent, arguments), wait: wait,
      untilObeyed: false, isJSON: json)
    try session.onInterrupt { session.end(.noAnswer) }
    sending.start()
    try session.run()
  }
}

/// Windows of maintenance, as text or JSON.
struct MaintenancePage {
  private let windows: [MaintenanceWindow]
  private let now: Instant

  init(_ windows: [MaintenanceWindow], at now: Instant) {
    self.windows = windows.sorted { $0.at == $1.at ? $0.agent.precedes($1.agent) : $0.at < $1.at }
    self.now = now
  }

  var json: JSONValue { ["windows": .array(windows.map(MaintenanceCoding.json))] }

  var table: [String] {
    guard !windows.isEmpty else { return ["no maintenance is planned"] }
    return TextTable.lines([["phase", "begins", "agent", "backup", "why"]] + windows.map(cells), rightAligned: 1...1)
  }

  private func cells(_ window: MaintenanceWindow) -> [String] {
    let begins = window.at > now ? "in \(Format.age(window.at - now))" : "\(Format.age(now - window.at)) ago"
    var why = window.cause
    if case .forecast(let sign) = window.origin { why += " at \(sign.crossesAt.linkText)" }
    if let wait = window.wait { why += "; waits: \(wait.why)" }
    if let person = window.cancelledBy { why += "; cancelled by \(person)" }
    if let fault = window.fault { why += "; goes back: \(fault)" }
    return [
      window.phase.rawValue.replacing("_", with: " "), begins, window.agent.description.shown,
      window.backup.description.shown, why.shown,
    ]
  }
}
