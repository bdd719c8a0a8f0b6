import ArgumentParser
import FleetModel
import World

/// `vigia-bench rebalance`: how long customers wait for an answer if vigia sets shares, beside other ways to route.
struct RebalanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebalance",
    abstract:
      "Compare vigia's shares with round robin and least connections, over seeds: 95th percentile of response times.",
    discussion: """
      Each seed draws a role of \(RoutingTrial.agents) agents, \(RoutingTrial.hours) simulated hours, and the conversations \
      that come; each way to route is given the same. A response time goes from when a customer comes to the first good \
      answer; the first half hour counts for none. Agents tell every 10 s what they have open, and it is heard --delay \
      to 1.5 times --delay seconds later, with a noise of --noise. Vigia and the ways that go by what is told see \
      that. The ways that count make no mistake: a router that counts the conversations it gives out itself does so.
      """)

  @Option(help: "How many roles a scenario; at least 2.") var seeds = 20
  @Option(help: "The first seed.") var first: UInt64 = 0
  @Option(help: "What comes, of what the agents can do: 0.1…0.95.") var busy = 0.6
  @Option(help: "The least delay of what agents tell, in seconds: 0…600.") var delay = 30.0
  @Option(help: "The deviation of what agents tell, of itself: 0…1.") var noise = 0.1
  @Option(help: "Only this scenario: \(RoutingTrial.Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
  var scenario: String?

  func validate() throws {
    _ = try range()
    guard (0.1...0.95).contains(busy) else { throw ValidationError("--busy is not in 0.1…0.95") }
    guard (0...600).contains(delay) else { throw ValidationError("--delay is not in 0…600") }
    guard (0...1).contains(noise) else { throw ValidationError("--noise is not in 0…1") }
    guard scenario.map({ RoutingTrial.Scenario(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--scenario is none of those that --help names")
    }
  }

  private func range() throws -> Range<UInt64> {
    try SeedRange.make(first: first, seeds: seeds, least: 2, most: 100_000)
  }

  func run() throws {
    print("roles            \(seeds) a scenario, of \(RoutingTrial.agents) agents, \(RoutingTrial.hours) hours each")
    print("load             \(busy) of what the agents can do")
    print("readings         \(text(delay)) to \(text(delay * 1.5)) s late, with a noise of \(noise)")
    for scenario in RoutingTrial.Scenario.allCases where self.scenario.map({ $0 == scenario.rawValue }) ?? true {
      compare(scenario, try range())
    }
  }

  private func compare(_ scenario: RoutingTrial.Scenario, _ all: Range<UInt64>) {
    var outcomes: [Routing: [RoutingTrial.Outcome]] = [:]
    for seed in all {
      let trial = RoutingTrial(
        scenario, seed: seed, busy: busy, noise: RoutedRole.Noise(delay: delay...delay * 1.5, deviation: noise))
      for routing in Routing.allCases { outcomes[routing, default: []].append(trial.run(routing)) }
    }
    print("\n\(scenario.rawValue): \(scenario.words)")
    print("\("way to route".padded(44))    p95 s   mean s  failed  p95 less with vigia's shares, 95 % interval")
    let shares = outcomes[.shares] ?? []
    for routing in Routing.allCases {
      let own = outcomes[routing] ?? []
      var line = routing.words.padded(44) + mean(own, \.percentile95).padded(9) + mean(own, \.mean).padded(9)
      line += "\(own.reduce(0) { $0 + $1.failures } / seeds)".padded(8)
      if routing != .shares {
        let less = PairedDifference(zip(own, shares).map { $0.percentile95 - $1.percentile95 })
        line += "  \(text(less.mean)) (\(text(less.interval.lowerBound)) to \(text(less.interval.upperBound)))"
      }
      print(line)
    }
    let hours = Double(seeds * RoutingTrial.hours * RoutingTrial.agents)
    let (moves, reversals) = shares.reduce((0, 0)) { ($0.0 + $1.moves, $0.1 + $1.reversals) }
    let back = 100 * Double(reversals) / Double(max(1, moves))
    print("moves of a share in an hour  \(text(Double(moves) / hours)), \(Int(back.rounded())) % of them taken back")
  }

  private func mean(_ outcomes: [RoutingTrial.Outcome], _ part: (RoutingTrial.Outcome) -> Double) -> String {
    text(outcomes.reduce(0) { $0 + part($1) } / Double(seeds))
  }

  private func text(_ value: Double) -> String {
    let step = abs(value) < 1 ? 100.0 : 10.0
    return "\((value * step).rounded() / step)"
  }
}

extension RoutingTrial.Scenario {
  fileprivate var words: String {
    switch self {
    case .alike: "agents with equal room and equal speed"
    case .mixed: "agents with unlike room, which their shares tell, and unlike speed, which nobody tells"
    case .undeclared: "agents with unlike room and speed, of which all declare a share of 1"
    case .slow: "as mixed; one agent gets slow for an hour and a half"
    case .ill: "as mixed; one agent fails 60 % of its conversations for an hour and a half"
    case .step: "as mixed; 40 % more comes from one moment on"
    case .ramp: "as mixed; 50 % more comes within an hour"
    case .sine: "as mixed; what comes swings by 30 % to either side"
    }
  }
}

extension Routing {
  fileprivate var words: String {
    switch self {
    case .roundRobin: "round robin"
    case .byRoom: "in proportion to the declared room"
    case .leastTold: "least connections, as told"
    case .leastToldForRoom: "least connections for the room, as told"
    case .leastCounted: "least connections, counted"
    case .leastCountedForRoom: "least connections for the room, counted"
    case .shares: "vigia's shares"
    case .leastCountedForShare: "least connections for vigia's share, counted"
    }
  }
}

extension String {
  /// Names to the left, numbers to the right.
  fileprivate func padded(_ width: Int) -> String {
    let room = String(repeating: " ", count: max(0, width - count))
    return first?.isLetter ?? false ? self + room : room + self
  }
}
