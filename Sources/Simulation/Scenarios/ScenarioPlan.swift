import FleetModel

/// Which troubles there are: a function of the seed. In each slot of time one begins, of the scenarios in turn.
///
/// ```text
///   start ── calm ──┬── slot 0 ──────────┬── slot 1 ──────────┬─ …
///                   └ begins … ends ┘    └ begins … ends ┘
/// ```
package struct ScenarioPlan: Sendable {
  package struct Settings: Sendable {
    package var scenarios: [Scenario]
    package var agents: Int
    package var seed: UInt64
    package var start: Instant
    /// Nothing happens before.
    package var calm = TimeSpan.hours(2)
    package var slot = TimeSpan.hours(3)

    package init(_ scenarios: [Scenario], agents: Int, seed: UInt64, start: Instant) {
      (self.scenarios, self.agents, self.seed, self.start) = (scenarios, agents, seed, start)
    }
  }

  package let settings: Settings
  let cast: [ScenarioAgent]
  private let noise: SeededNoise

  package init(_ settings: Settings) {
    self.settings = settings
    cast = Roster.agents(settings.agents).enumerated().map { ScenarioAgent($1, number: $0, seed: settings.seed) }
    noise = SeededNoise(seed: settings.seed ^ 0x7265_6C6C_6F72_7440)
  }

  /// The slot into which a moment falls; nil while all is calm.
  func slot(at instant: Instant) -> Int? {
    let since = instant - (settings.start + settings.calm)
    guard since >= .zero, !settings.scenarios.isEmpty, settings.slot > .zero else { return nil }
    return Int(since.milliseconds / settings.slot.milliseconds)
  }

  /// The trouble of a slot; nil if its scenario brings none, or the fleet is too small for it.
  func trouble(_ number: Int) -> PlannedTrouble? {
    let scenario = settings.scenarios[number % settings.scenarios.count]
    guard scenario != .seasonalLoad else { return nil }
    let chosen = victims(of: scenario, number)
    guard !chosen.agents.isEmpty else { return nil }
    let slot = Double(settings.slot.milliseconds)
    let length =
      scenario.lasts.lowerBound + fraction(number, 0) * (scenario.lasts.upperBound - scenario.lasts.lowerBound)
    let offset = fraction(number, 1) * max(0, 0.9 - length)
    let begins =
      settings.start + settings.calm + settings.slot * Int64(number) + TimeSpan(milliseconds: Int64(offset * slot))
    return PlannedTrouble(
      scenario: scenario, number: number, agents: chosen.agents.map { cast[$0].id }, begins: begins,
      ends: begins + TimeSpan(milliseconds: Int64(length * slot)), cause: chosen.cause, metric: metric(of: scenario),
      delays: delays(of: scenario, chosen.agents.count, number, length: length * slot))
  }

  private func metric(of scenario: Scenario) -> Metric? {
    switch scenario {
    case .slowLeak, .correlatedRoles: .responseTime
    case .cascade, .badDeploy, .providerOutage: .errorRate
    case .seasonalLoad, .silentAgents, .runaway: nil
    }
  }

  // MARK: Whom it befalls

  private struct Victims {
    /// By their numbers.
    var agents: [Int]
    var cause: TraitValue?
  }

  private func victims(of scenario: Scenario, _ number: Int) -> Victims {
    let first = pick(cast.count, number, 2)
    switch scenario {
    case .seasonalLoad: return Victims(agents: [])
    case .slowLeak, .runaway, .correlatedRoles: return Victims(agents: cast.isEmpty ? [] : [first])
    case .silentAgents:
      let count = min(cast.count, 1 + pick(3, number, 3))
      return Victims(agents: (0..<count).map { (first + $0 * 5) % cast.count }.uniqued())
    case .cascade:
      // Each depends on the one before it; a step that no group of the roster shares.
      let count = min(cast.count, 4)
      return Victims(agents: (0..<count).map { (first + $0 * 7) % cast.count }.uniqued())
    case .badDeploy:
      return Victims(
        agents: cast.indices.filter { isDeployed($0, number) }, cause: TraitValue(.version, Self.version(number)))
    case .providerOutage:
      let providers = cast.map { $0.provider }.uniqued().filter { provider in
        let count = cast.count { $0.provider == provider }
        return count >= 3 && count * 3 <= cast.count * 2
      }
      guard !providers.isEmpty else { return Victims(agents: []) }
      let provider = providers[pick(providers.count, number, 3)]
      return Victims(
        agents: cast.indices.filter { cast[$0].provider == provider }, cause: TraitValue(.provider, provider))
    }
  }

  /// Whether an agent gets the version of a bad deploy: a third of them does.
  private func isDeployed(_ agent: Int, _ number: Int) -> Bool {
    (agent + pick(3, number, 4)) % 3 == 0
  }

  /// The version that a deploy brings.
  static func version(_ number: Int) -> String { "4.\(number + 2)" }

  /// The version that is deployed otherwise.
  static let usualVersion = "4.1"

  private func delays(of scenario: Scenario, _ count: Int, _ number: Int, length: Double) -> [Double] {
    (0..<count).map { place in
      switch scenario {
      // Each step of it takes some minutes.
      case .cascade: Double(place) * 0.15
      // All within half a minute.
      case .badDeploy, .providerOutage: fraction(number, 10 + place) * 20_000 / max(1, length)
      case .slowLeak, .seasonalLoad, .correlatedRoles, .silentAgents, .runaway: 0
      }
    }
  }

  private func pick(_ count: Int, _ number: Int, _ purpose: Int) -> Int {
    count == 0 ? 0 : min(count - 1, Int(fraction(number, purpose) * Double(count)))
  }

  private func fraction(_ number: Int, _ purpose: Int) -> Double { noise.fraction(purpose, Int64(number)) }
}
