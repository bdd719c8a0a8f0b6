import ArgumentParser
import Glibc
import Redis
import TestSupport
import World

/// `vigia-bench world`: whole installations in memory, each from a seed, and what must hold in all of them.
struct WorldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "world",
    abstract: "Run simulated installations: a Redis in memory, handlers, operators, runtimes, faults; one a seed.",
    discussion: "A seed gives the same story always. One that breaks a promise is printed, and ends the run.")

  @Option(help: "How many worlds.") var seeds = 500
  @Option(help: "The first seed.") var first: UInt64 = 0
  @Flag(help: "Print what happens, line by line.") var trace = false
  @Flag(help: "Print each request of the server and its answer, too.") var requests = false
  @Flag(help: "Instead, worlds whose server has a replica and dies now and then.") var failovers = false
  @Flag(help: "With --failovers: handlers wait for no replica, so that seeds are found that break the promise.")
  var local = false
  @Flag(help: "Instead, worlds in which parameters are tuned. Without it, one seed of 40 has such a world, too.")
  var tuning = false
  @Flag(help: "Instead, worlds whose conversations change hands. Without it, one seed of 40 has such a world, too.")
  var handoff = false
  @Flag(help: "Instead, worlds in which a role runs two versions. Without it, one seed of 40 has such a world, too.")
  var rollback = false
  @Flag(help: "Go on after a seed that fails.") var all = false
  @Option(help: "Instead compare the model of Redis with a real one, on so many random commands and transactions.")
  var model: Int?

  /// A world that is tuned has ten times as many inputs as another one.
  private static let tunedEvery: UInt64 = 40
  /// Which of so many seeds has another story beside its own.
  private static let (handoffAt, rollbackAt): (UInt64, UInt64) = (10, 30)

  func validate() throws {
    _ = try SeedRange.make(first: first, seeds: seeds)
    guard [tuning, failovers, handoff, rollback].count(where: { $0 }) < 2 else {
      throw ValidationError("of --tuning, --failovers, --handoff and --rollback only one can be given")
    }
  }

  func run() throws {
    if let model { return try compareModel(model) }
    Self.makeHashingRepeatable()
    var (inputs, failed) = (0, 0)
    var errors = VersionErrors()
    for seed in try SeedRange.make(first: first, seeds: seeds) {
      do {
        inputs += try run(seed, &errors)
      } catch let violation as Violation {
        failed += 1
        print("seed \(seed): \(violation)")
        guard all else { throw ExitCode.failure }
      }
    }
    if rollback { print(errors.words) }
    print("\(seeds) worlds, \(inputs) inputs, \(failed) failed")
    if failed > 0 || rollback && errors.areTooMany { throw ExitCode.failure }
  }

  private func run(_ seed: UInt64, _ errors: inout VersionErrors) throws -> Int {
    if tuning { return try runTuning(seed) }
    if failovers { return try runFailovers(seed) }
    if handoff { return try runHandoff(seed) }
    if rollback { return try runRollback(seed, &errors) }
    let inputs = try runStory(seed)
    return switch seed % Self.tunedEvery {
    case 0: try inputs + runTuning(seed)
    case Self.handoffAt: try inputs + runHandoff(seed)
    case Self.rollbackAt: try inputs + runRollback(seed, &errors)
    default: inputs
    }
  }

  private func runStory(_ seed: UInt64) throws -> Int {
    var scenario = try Scenario(seed: seed)
    prepare(scenario.world, seed)
    return try scenario.run()
  }

  private func runFailovers(_ seed: UInt64) throws -> Int {
    var scenario = try FailoverScenario(seed: seed, durability: local ? .local : .automatic)
    prepare(scenario.world, seed)
    return try scenario.run()
  }

  private func runTuning(_ seed: UInt64) throws -> Int {
    var story = try TuningStory(seed: seed)
    prepare(story.world, seed)
    do {
      let report = try story.run()
      if tuning { print("seed \(seed): \(report.words)") }
      return report.inputs
    } catch let violation as Violation {
      throw Violation("tuned: \(violation)")
    }
  }

  private func runHandoff(_ seed: UInt64) throws -> Int {
    var story = try HandoffStory(seed: seed)
    prepare(story.world, seed)
    do {
      let report = try story.run()
      if handoff { print("seed \(seed): \(report.words)") }
      return report.inputs
    } catch let violation as Violation {
      throw Violation("handed over: \(violation)")
    }
  }

  private func runRollback(_ seed: UInt64, _ errors: inout VersionErrors) throws -> Int {
    var story = try RollbackStory(seed: seed)
    prepare(story.world, seed)
    do {
      let report = try story.run()
      errors.add(report)
      if rollback { print("seed \(seed): \(report.words)") }
      return report.inputs
    } catch let violation as Violation {
      throw Violation("two versions: \(violation)")
    }
  }

  private func prepare(_ world: SimulatedWorld, _ seed: UInt64) {
    if trace { world.trace = { print("seed \(seed) \($0)") } }
    world.tellsRequests = requests
  }

  private func compareModel(_ count: Int) throws {
    let server = try TestServer()
    var comparison = try ModelComparison(seed: first) { words in
      try server.call(all: words.map { $0 as any RequestArgument })
    }
    print("\(try comparison.run(count)) commands and transactions answered alike")
  }

  /// The order of sets and dictionaries changes from run to run unless the environment says otherwise from the start: then
  /// the same seed would tell another story.
  private static func makeHashingRepeatable() {
    let name = "SWIFT_DETERMINISTIC_HASHING"
    guard getenv(name) == nil else { return }
    setenv(name, "1", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}

/// How often versions were told apart that do not differ. The test may err so; more than it says is a fault.
private struct VersionErrors {
  private var worlds = 0
  private var findings = 0
  private var errors = 0

  /// For one start of a handler a hundredth of roles; a world has a few.
  private static let most = 0.03

  mutating func add(_ report: RollbackStory.Report) {
    worlds += 1
    findings += report.found
    errors += report.falseAlarms
  }

  var areTooMany: Bool { Double(errors) > max(2, Self.most * Double(worlds)) }
  var words: String { "\(findings) findings, \(errors) of them about versions that do not differ" }
}
