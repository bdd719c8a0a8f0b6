import ArgumentParser
import Glibc
import TestSupport

/// `vigia-bench truth`: random histories, of which every screen must say what is true.
struct TruthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "truth",
    abstract: "Take seeded random histories and compare what consoles show with a plain model, after each step.",
    discussion:
      "A seed gives the same history always. With --memory fleet, console and screen are alone in this process.")

  @Flag(help: "Without programs and a server: fleet, consoles and screens in memory.") var memory = false
  @Option(help: "How many histories.") var seeds = 20
  @Option(help: "The first seed.") var first: UInt64 = 0
  @Flag(help: "Print each step as it is taken.") var trace = false
  @Flag(help: "Go on after a difference, and count them by their sort.") var all = false

  func validate() throws { _ = try SeedRange.make(first: first, seeds: seeds) }

  func run() throws {
    var found = 0
    var comparisons = 0
    for seed in try SeedRange.make(first: first, seeds: seeds) {
      do {
        comparisons += try take(seed)
      } catch let difference as Disagreement {
        found += 1
        print(all ? difference.summary : difference.description)
        guard all else {
          HistoryGenerator.history(seed: seed).steps.prefix(difference.steps).forEach { print("  \($0)") }
          throw ExitCode.failure
        }
      }
    }
    print("\(seeds) histories, \(comparisons) screens compared, \(found) differences")
    if found > 0 { throw ExitCode.failure }
  }

  private func take(_ seed: UInt64) throws -> Int {
    guard memory else {
      let world = try ProgramWorld(HistoryGenerator.history(seed: seed, shape: .real))
      if trace { world.trace = { print("seed \(seed), \($0)") } }
      try world.run()
      return world.comparisons
    }
    var world = MemoryWorld(HistoryGenerator.history(seed: seed))
    if trace { world.trace = { print("seed \(seed), \($0)") } }
    if all { world.onDifference = { print(trace ? $0.description : $0.summary) } }
    try world.run()
    return world.comparisons
  }
}
