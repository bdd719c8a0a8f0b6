import ArgumentParser
import FleetModel
import Simulation
import Wire

/// `vigia simulate`.
struct SimulateCommand: ParsableCommand {
  /// Incidents that come by themselves.
  enum Timetable: String, CaseIterable, ExpressibleByArgument { case none, auto }

  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Publish the events of a simulated fleet, and obey the control stream.",
    discussion: """
      A Redis that holds foreign events, or on which others publish, is refused without --into-live: simulated trouble \
      would be taken for real.
      """)

  @OptionGroup var redis: RedisOptions
  @Option(help: "How many agents.") var agents = 12
  @Option(help: "Events a second.") var rate = 20.0
  @Option(help: "What everything random follows from (default: another one each time).") var seed: UInt64?
  @Option(name: .customLong("for"), help: "End after this long, such as 30s (default: on Ctrl-C).")
  var duration: TimeSpan?
  @Option(help: "Where events go.") var into = Simulator.Settings.Destination.channels
  @Option(help: "How messages are written; flat is for the stream only.") var format = Simulator.Settings.Format.mixed
  @Option(help: "An incident from the start, until somebody cures it (several times).")
  var incident: [SimulatedIncident] = []
  @Option(help: "Whether incidents come by themselves, one after the other.") var incidents = Timetable.none
  @Flag(help: "Conversations wait for a person now and then, until one takes them or the customer gives up.")
  var waiting = false
  @Flag(help: "Agents of support run two versions, and one fails more often, until they are rolled back.")
  var versions = false
  @Flag(help: "Agents ask for other ones for their conversations, which go on there.")
  var handoffs = false
  @Flag(help: "The queue of \(GrowingQueue.agent) grows by one a minute until it restarts.") var growing = false
  @Flag(help: "Agents of support let others set their timeout, and fail by how far it is from the best.")
  var tunable = false
  @Flag(help: "Customers of support come by the shares of its agents, and one of them gets slow for a while.")
  var routing = false
  @Option(
    help: ArgumentHelp(
      "A trouble of which the truth is known, once in each slot (several take turns).",
      discussion: Scenario.allCases.map(\.rawValue).joined(separator: ", ")))
  var scenario: [Scenario] = []
  @Option(help: "How long a slot of a scenario is.") var slot = TimeSpan.minutes(15)
  @Option(help: "How long all is calm before the first scenario.") var calm = TimeSpan.minutes(2)
  @Option(help: ArgumentHelp("Write the truth about the scenarios there, a JSON object a line.", valueName: "file"))
  var truth: String?
  @Option(help: "Put this much past into an empty stream of events first, such as 15m.") var history: TimeSpan?
  @Flag(help: "Run even where others publish.") var intoLive = false
  @Option(help: "Print what was published as JSON this often, and at the end.") var report: TimeSpan?

  func validate() throws {
    guard (1...100_000).contains(agents) else { throw ValidationError("--agents is not in 1…100000") }
    guard rate > 0, rate <= 1_000_000 else { throw ValidationError("--rate is not above 0 and up to 1000000") }
    guard incident.isEmpty || incidents == .none else {
      throw ValidationError("--incident and --incidents auto exclude each other")
    }
    let isStory = waiting || versions || handoffs || growing || tunable || routing
    guard scenario.isEmpty || (incident.isEmpty && incidents == .none && !isStory) else {
      throw ValidationError(
        "--scenario excludes --incident, --incidents, --waiting, --versions, --handoffs, --growing, --tunable and --routing"
      )
    }
    guard truth == nil || !scenario.isEmpty else { throw ValidationError("--truth needs --scenario") }
    guard slot >= .minutes(1), calm >= .zero else { throw ValidationError("--slot is less than 1m, or --calm below 0") }
    guard format != .flat || into == .stream else { throw ValidationError("--format flat needs --into stream") }
  }

  func run() throws {
    let session = try Session()
    let run = SimulationRun(
      session, try redis.wholeInstallation(), settings: settings, duration: duration, report: report,
      truth: try truth.map { try LineFile($0) })
    try session.onInterrupt { run.finish() }
    run.start()
    try session.run()
  }

  private var settings: Simulator.Settings {
    var settings = Simulator.Settings()
    settings.agents = agents
    settings.rate = rate
    settings.seed = seed ?? .random(in: 0...UInt64.max)
    settings.incidents = !incident.isEmpty ? .fixed(incident) : incidents == .auto ? .automatic : .none
    (settings.scenarios, settings.calm, settings.slot) = (scenario, calm, slot)
    (settings.waits, settings.versions, settings.handsOver, settings.grows) = (waiting, versions, handoffs, growing)
    settings.tunes = tunable
    settings.routes = routing
    settings.destination = into
    settings.format = format
    settings.joinsOthers = intoLive
    settings.history = history ?? .zero
    return settings
  }
}
