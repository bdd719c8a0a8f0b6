import ArgumentParser
import FleetModel
import RedisArguments

/// `vigia demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Watch a simulated fleet: a private Redis, agents, a handler and the console, with nothing set up.",
    discussion: "Nothing is left behind, and nothing outside is touched.")

  @Flag(help: "Without the console: send every kind of command, and print what became of it as JSON.")
  var headless = false
  @Flag(help: "With --headless: show what the handler and the simulator log.") var verbose = false
  @Option(name: .customLong("for"), help: "How long --headless takes.") var duration = TimeSpan.seconds(20)
  @Option(help: "How many agents.") var agents = 12
  @Option(help: "Events a second.") var rate = 20.0
  @Option(
    help: ArgumentHelp(
      "Start this beside it, and print where to look: prometheus, which has to be installed.", valueName: "PROGRAM"))
  var with: Companion?
  @Option(
    help: ArgumentHelp(
      """
      What it is about: waiting (conversations wait for a person), handoff (they move from agent to agent), rollback (one \
      of two versions is worse), maintenance (an agent is restarted before it fails), tuning (a better setting is \
      found), rebalance (an agent gets slow, and takes less of the load).
      """, valueName: "name"))
  var scenario: Story?
  @OptionGroup var prefixing: PrefixOptions
  @OptionGroup var look: LookOptions
  @Option(help: "What everything random follows from (default: another one each time).") var seed: UInt64?

  /// What a demo may have beside it.
  enum Companion: String, ExpressibleByArgument, CaseIterable {
    case prometheus
  }

  /// What a demo may be about.
  enum Story: String, ExpressibleByArgument, CaseIterable {
    /// Conversations wait for a person.
    case waiting
    /// Agents ask for other ones for their conversations.
    case handoff
    /// Some agents run a version that is worse than the others', and vigia proposes that they go back.
    case rollback
    /// An agent whose queue grows is restarted while its backup works.
    case maintenance
    /// Agents have a timeout that is too short, and a better one is found by trials.
    case tuning
    /// Agents of one role share its load; one of them gets slow.
    case rebalance

    /// What the handler is told; nil for nothing.
    var settings: String? {
      switch self {
      case .waiting: nil
      case .handoff: "[handoff]\nmode = \"auto\"\n"
      case .rollback: "[insight]\nversions = true\nrollback = \"propose\"\n"
      case .maintenance: "[maintenance]\nmode = \"auto\"\n"
      // A second stands for a minute.
      case .tuning:
        """
        [tuning]
        mode = "auto"
        parameters = ["timeout_s"]
        worst = 0.05
        budget = 60
        every = "1s"
        settle = 1

        """
      // Conversations of the simulated customers last as long: a minute shows what becomes of them.
      case .rebalance: "[load]\nmode = \"auto\"\nsettle = \"10s\"\nmoves_per_minute = 12\n"
      }
    }

    /// Whether nothing else happens, so that what is seen is about it.
    var isAlone: Bool {
      switch self {
      case .rollback, .maintenance, .tuning, .rebalance: true
      case .waiting, .handoff: false
      }
    }
  }

  /// Fewer agents have too few messages for a version to be told from another within a minute or two.
  private static let leastForVersions = 24

  /// The same of agents of which some try another setting, and each must tell of it every second.
  private static let tuned = (agents: 24, rate: 60.0)

  /// Agents without which a demo of maintenance has nobody to maintain.
  private static let maintained = 12

  func validate() throws {
    guard (7...100_000).contains(agents) else { throw ValidationError("--agents is not in 7…100000") }
    guard rate > 0, rate <= 1_000_000 else { throw ValidationError("--rate is not above 0 and up to 1000000") }
    guard scenario != .maintenance || agents >= Self.maintained else {
      throw ValidationError("--scenario maintenance needs \(Self.maintained) agents at least")
    }
  }

  func run() throws {
    let stage = try DemoStage(prefix: prefixing.chosen(), isQuiet: !(headless && verbose))
    if let settings = scenario?.settings { try stage.setHandlerSettings(settings) }
    if with == .prometheus { try startPrometheus(stage) }
    if scenario == .maintenance { try DemoMaintenance.prepare(stage.installation) }
    if headless { try runHeadless(stage) } else { try runConsole(stage) }
  }

  private func startPrometheus(_ stage: DemoStage) throws {
    try stage.startPrometheus()
    for place in stage.prometheus?.places ?? [] { Output.error("vigia: \(place)") }
    guard !headless else { return }
    // The console is about to cover it.
    Output.error("vigia: press Enter for the console")
    _ = readLine()
  }

  private func runHeadless(_ stage: DemoStage) throws {
    let session = try Session()
    let demo = HeadlessDemo(session, stage: stage, duration: duration, simulation: simulation)
    try session.onInterrupt { session.end(.failed) }
    try demo.start()
    try session.run()
  }

  private func runConsole(_ stage: DemoStage) throws {
    // The past goes into the stream before anybody else writes to it.
    // Nobody reads on after the first line: more of them would fill the pipe and stop the simulator.
    let output = try stage.startSimulator(simulation + ["--history", "15m"], report: "365d")
    try output.waitForLine()
    try stage.startHandler()
    try stage.waitForHandler()
    var options = try look.options()
    options.isDemo = true
    options.feed.followsLevels = true
    try ConsoleProgram.run(stage.installation, options: options)
    withExtendedLifetime((stage, output)) {}
  }

  private var simulation: [String] {
    var (count, rate) = (agents, rate)
    if scenario == .rollback { count = max(count, Self.leastForVersions) }
    if scenario == .tuning { (count, rate) = (max(count, Self.tuned.agents), max(rate, Self.tuned.rate)) }
    let incidents = scenario?.isAlone == true ? "none" : "auto"
    var arguments = ["--agents", "\(count)", "--rate", "\(rate)", "--incidents", incidents]
    switch scenario {
    case .waiting: arguments.append("--waiting")
    case .handoff: arguments.append("--handoffs")
    case .rollback: arguments.append("--versions")
    case .maintenance: arguments.append("--growing")
    case .tuning: arguments.append("--tunable")
    case .rebalance: arguments.append("--routing")
    case nil: break
    }
    if let seed { arguments += ["--seed", "\(seed)"] }
    return arguments
  }
}
