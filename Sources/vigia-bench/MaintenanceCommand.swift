import ArgumentParser
import FleetModel
import World

/// `vigia-bench maintenance`: unhealthy agent-minutes with maintenance before forecast failures, and without.
struct MaintenanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maintenance",
    abstract: "Compare fleets that leak with and without maintenance, over seeds: unhealthy agent-minutes avoided.",
    discussion: """
      Each seed is a fleet of \(LeakingFleet.pairs) agents with a backup each, for \(LeakingFleet.minutes) simulated \
      minutes, once with mode off and once with mode auto. Without maintenance a person restarts an agent after \
      \(LeakingFleet.reaction) of being unhealthy.
      """)

  @Option(help: "How many fleets; at least 2.") var seeds = 20
  @Option(help: "The first seed.") var first: UInt64 = 0

  func validate() throws { _ = try range() }

  private func range() throws -> Range<UInt64> {
    try SeedRange.make(first: first, seeds: seeds, least: 2, most: 100_000)
  }

  func run() throws {
    var off = LeakingFleet.Outcome()
    var auto = LeakingFleet.Outcome()
    var avoided: [Double] = []
    for seed in try range() {
      let without = try LeakingFleet(seed: seed, mode: .off).run()
      let with = try LeakingFleet(seed: seed, mode: .auto).run()
      avoided.append(without.unhealthyMinutes - with.unhealthyMinutes)
      off.add(without)
      auto.add(with)
    }
    let difference = PairedDifference(avoided)
    let count = Double(seeds)
    print("fleets                      \(seeds), of \(LeakingFleet.pairs) agents, \(LeakingFleet.minutes) minutes each")
    print("unhealthy agent-minutes     \(text(off.unhealthyMinutes / count)) a fleet without maintenance")
    print("                            \(text(auto.unhealthyMinutes / count)) a fleet with it")
    print(
      "avoided                     \(text(difference.mean)) a fleet, 95 % interval "
        + "\(text(difference.interval.lowerBound)) to \(text(difference.interval.upperBound))")
    print("restarts by people          \(off.byPeople) without, \(auto.byPeople) with")
    print("restarts in windows         \(auto.windows), \(auto.needless) of them of agents that would have recovered")
  }

  private func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension LeakingFleet.Outcome {
  fileprivate mutating func add(_ other: Self) {
    unhealthyMinutes += other.unhealthyMinutes
    windows += other.windows
    byPeople += other.byPeople
    needless += other.needless
  }
}
