import ArgumentParser
import FleetModel
import Simulation
import Wire

/// `vigia-bench foresight`: what the product finds of troubles whose truth is known, how soon, and what it says for nothing.
struct ForesightCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "foresight",
    abstract: "Let the handler's detectors, forecasts, health, silence and common causes judge simulated troubles.",
    discussion: """
      Each scenario of vigia simulate is lived through by so many fleets, on virtual time and without Redis. An alarm \
      about an agent in trouble is right until 15 minutes after its trouble; any other is false.
      """)

  @Option(help: "How many fleets live through each scenario.") var seeds = 20
  @Option(help: "How many agents a fleet has.") var agents = 24
  @Option(help: "Hours in which nothing happens, at first.") var calm = 26
  @Option(help: "Troubles of a fleet, one in each four hours.") var slots = 2
  @Option(help: "Seconds between two reports of an agent.") var interval = 30
  @Option(help: "Only these scenarios (several times).") var scenario: [String] = []
  @Flag(help: "Print every false alarm and every trouble that was not found.") var misses = false
  @OptionGroup var report: Report

  func validate() throws {
    guard seeds > 0, (1...1000).contains(agents), (1...1000).contains(calm), (1...1000).contains(slots),
      (1...600).contains(interval), scenario.allSatisfy({ Scenario(rawValue: $0) != nil })
    else { throw ValidationError("a number is out of range, or there is no such scenario") }
  }

  func run() throws {
    let chosen = scenario.isEmpty ? Scenario.allCases : scenario.compactMap { Scenario(rawValue: $0) }
    var score = ForesightScore()
    for scenario in chosen {
      for seed in 1...seeds { try live(through: scenario, seed: UInt64(seed), &score) }
      add(scenario, score)
    }
    add(score)
  }

  private func live(through scenario: Scenario, seed: UInt64, _ score: inout ForesightScore) throws {
    // Each begins at another time of the day.
    let start = Instant(milliseconds: 1_795_334_400_000) + .minutes(Int64(seed) * 67)
    var settings = ScenarioPlan.Settings([scenario], agents: agents, seed: seed, start: start)
    (settings.calm, settings.slot) = (.hours(Int64(calm)), .hours(4))
    let span = settings.calm + settings.slot * Int64(slots)
    let fleet = ScenarioFleet(settings, interval: .seconds(Int64(interval)))
    var handler = ForesightHandler()
    var now = start
    while now < start + span {
      let next = now + .seconds(1)
      for published in fleet.events(from: now, to: next) { try handler.take(published) }
      handler.advance(to: next)
      now = next
    }
    let troubles = fleet.troubles(from: start, to: start + span)
    if misses { tell(scenario, seed, troubles, handler) }
    score.add(troubles, of: fleet, alarms: handler.alarms, claims: handler.claims, from: start, lasting: span)
  }

  private func tell(_ scenario: Scenario, _ seed: UInt64, _ troubles: [PlannedTrouble], _ handler: ForesightHandler) {
    for alarm in handler.alarms where alarm.kind.isForesight {
      guard !troubles.contains(where: { ForesightScore.explains($0, alarm) }) else { continue }
      let words = [alarm.kind.rawValue, alarm.metric, alarm.words].filter { !$0.isEmpty }.joined(separator: " ")
      print("false: \(scenario.rawValue) seed \(seed) \(ISO8601.format(alarm.at)) \(alarm.agent) \(words)")
    }
    for claim in handler.claims where !troubles.contains(where: { ForesightScore.explains($0, claim) }) {
      print("claim: \(scenario.rawValue) seed \(seed) \(ISO8601.format(claim.at)) \(claim.words)")
    }
    for trouble in troubles where trouble.cause != nil {
      let claims = handler.claims.filter { trouble.begins <= $0.at && $0.at < trouble.ends }
      if claims.first?.cause != trouble.cause {
        print("cause: \(scenario.rawValue) seed \(seed) said \(claims.first?.cause.value ?? "nothing")")
      }
    }
  }

  // MARK: What came out

  private func add(_ scenario: Scenario, _ score: ForesightScore) {
    guard let tally = score.tallies[scenario], tally.agents > 0 else { return }
    let name = "foresight \(scenario.rawValue)"
    report.add("\(name), found of \(tally.agents)", "%", percent(tally.found, of: tally.agents))
    report.add("\(name), delay of the first word", "s", tally.delays)
    guard scenario == .slowLeak else { return }
    report.add("\(name), forecast ahead of the level", "min", tally.leads)
    report.add("\(name), first word ahead of the level", "min", tally.warnings)
  }

  private func add(_ score: ForesightScore) {
    if let announced = score.announced {
      report.add(
        "foresight, gradual failures that a forecast announced 10 minutes ahead", "%", Rounds([announced * 100]),
        target: .atLeast(80))
    }
    let first = Double(score.firstDay.falseAlarms) / Double(max(1, score.firstDay.agents))
    report.add("foresight, false alarms an agent on its first day", "", Rounds([first]))
    if score.agentWeeks > 0 { addFalseAlarms(score) }
    if !score.silenceDelays.values.isEmpty {
      report.add(
        "foresight, silence noticed after max(3 intervals, 30 s), greatest", "s",
        Rounds([score.silenceDelays.spread.1]), target: .atMost(2))
      report.add("foresight, silences missed", "", Rounds([Double(score.silencesMissed)]), target: .atMost(0))
    }
    if let named = score.namedRight {
      report.add(
        "foresight, causes named right of \(score.correlated)", "%", Rounds([named * 100]), target: .atLeast(90))
      report.add("foresight, delay of the cause", "s", score.namingDelays)
    }
    report.add("foresight, causes named for nothing", "", Rounds([Double(score.wrongClaims)]))
  }

  /// What was said for nothing once agents were known for a day.
  private func addFalseAlarms(_ score: ForesightScore) {
    report.add(
      "foresight, false alarms an agent and week after it, over \(Int(score.agentWeeks.rounded())) of them", "",
      Rounds([score.falseAlarmsPerAgentWeek]), target: .atMost(1))
    for kind in ForesightAlarm.Kind.allCases where kind.isForesight {
      let count = Double(score.falseAlarms[kind] ?? 0)
      report.add("foresight, of these by \(kind.rawValue)", "", Rounds([count / max(score.agentWeeks, 1e-9)]))
    }
    if let precision = score.precision {
      report.add("foresight, alarms about agents in trouble", "%", Rounds([precision * 100]))
    }
  }

  private func percent(_ part: Int, of all: Int) -> Rounds { Rounds([100 * Double(part) / Double(max(1, all))]) }
}
