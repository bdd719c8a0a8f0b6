import ArgumentParser
import FleetModel
import Insight
import World

/// `vigia-bench tuning`: what tuning gains over the best fixed setting, how often it adopts what makes no difference, and
/// what it costs at the most.
struct TuningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tuning",
    abstract: "Compare a role whose timeout is tuned with fixed ones, over seeds: losses, errors, and the bound.",
    discussion: """
      Each seed is a role whose best timeout goes from 15 s to 45 s and back in a day. The best fixed timeout of a seed is \
      found afterwards, which nobody could do before. Losses are of 1, a minute and agent.
      """)

  @Option(help: "How many roles; at least 2.") var seeds = 20
  @Option(help: "How many agents a role has; at least 4.") var agents = 16
  @Option(help: "How many days each lasts.") var days = 3
  @Option(help: "The first seed.") var first: UInt64 = 0

  private func range() throws -> Range<UInt64> {
    try SeedRange.make(first: first, seeds: seeds, least: 2, most: 100_000)
  }

  private var minutes: Int { days * 1440 }

  func validate() throws {
    _ = try range()
    guard (4...10_000).contains(agents) else { throw ValidationError("--agents is not in 4…10000") }
    guard (1...365).contains(days) else { throw ValidationError("--days is not in 1…365") }
  }

  func run() throws {
    print("roles                 \(seeds), of \(agents) agents, \(days) days each")
    let all = try range()
    shift(all)
    flat(all)
    attack(all)
  }

  /// The best setting shifts over the day.
  private func shift(_ all: Range<UInt64>) {
    var (gains, others): ([Double], [Double]) = ([], [])
    var (fixed, tuned, moves) = (0.0, 0.0, 0)
    for seed in all {
      let best = TunableFleet.bestFixed(agents: agents, seed: seed, minutes: minutes)
      let outcome = run(ShiftingObjective(agents: agents, seed: seed), seed: seed, home: best.setting)
      // From what the agents themselves declare.
      let other = run(ShiftingObjective(agents: agents, seed: seed), seed: seed)
      let still = TunableFleet.fixed(20, agents: agents, seed: seed, minutes: minutes)
      gains.append(mean(best.loss - outcome.loss))
      others.append(mean(still - other.loss))
      fixed += mean(best.loss)
      tuned += mean(outcome.loss)
      moves += outcome.moves
    }
    let count = Double(seeds)
    print("shifting load         loss \(text(fixed / count)) with the best fixed setting, \(text(tuned / count)) tuned")
    print("  gained              \(words(gains))")
    print("  beside declared     \(words(others))")
    print("  settings made       \(moves / seeds / days / agents) a day and agent")
  }

  /// The setting makes no difference.
  private func flat(_ all: Range<UInt64>) {
    var sum = TunableFleet.Outcome()
    for seed in all {
      let outcome = run(FlatObjective(agents: agents, seed: seed), seed: seed)
      sum.tried += outcome.tried
      sum.adopted += outcome.adopted
      sum.worstCost = max(sum.worstCost, outcome.worstCost)
    }
    let part = Double(sum.adopted) / Double(max(1, sum.tried))
    print("no difference         \(sum.adopted) of \(sum.tried) trials adopted it: \(text(100 * part)) %")
    print("  allowed             \(text(100 * TuningSettings().alpha)) %")
  }

  /// Somebody wants it to do harm, and commands and minutes are as late as may be.
  private func attack(_ all: Range<UInt64>) {
    print("adversaries           most cost in role-minutes, of \(text(TuningSettings().budget)) allowed")
    for kind in AdversarialObjective.Kind.allCases {
      let worst = all.map { seed in
        var fleet = TunableFleet(agents: agents, seed: seed)
        (fleet.commandDelay, fleet.tellDelay) = (2, 2)
        return fleet.run(AdversarialObjective(kind), minutes: minutes).worstCost
      }
      let name = "\(kind)"
      print("  \(name)\(String(repeating: " ", count: max(1, 20 - name.utf8.count)))\(text(worst.max() ?? 0))")
    }
  }

  private func run(
    _ objective: some TunableFleet.Objective, seed: UInt64, home: Double = 20
  ) -> TunableFleet.Outcome {
    TunableFleet(agents: agents, seed: seed, home: home).run(objective, minutes: minutes)
  }

  private func mean(_ loss: Double) -> Double { loss / Double(agents * minutes) }

  private func words(_ values: [Double]) -> String {
    let difference = PairedDifference(values)
    return "\(text(difference.mean)), 95 % interval \(text(difference.interval.lowerBound)) to "
      + text(difference.interval.upperBound)
  }

  private func text(_ value: Double) -> String { value.plain }
}
