import FleetModel

/// One trouble of a scenario, and the truth about it.
package struct PlannedTrouble: Equatable, Sendable {
  package let scenario: Scenario
  /// Its number: 0 for the first of a run.
  package let number: Int
  /// Those whom it befalls, the one that began it first.
  package let agents: [AgentID]
  package let begins: Instant
  package let ends: Instant
  /// What all of them have in common and the others have not; nil if there is nothing.
  package let cause: TraitValue?
  /// The metric that says it first; nil if none does.
  package let metric: Metric?
  /// When the first of them begins to feel it, by place among the agents, in shares of the trouble's length.
  let delays: [Double]

  /// When an agent begins to feel it, by its place among the agents.
  package func onset(_ place: Int) -> Instant {
    begins + TimeSpan(milliseconds: Int64(delays[place] * Double((ends - begins).milliseconds)))
  }

  /// How much of it an agent feels, 0…1: nothing before its beginning, all of it after `rise`.
  func level(_ place: Int, at instant: Instant) -> Double {
    let onset = onset(place)
    guard instant >= onset, instant < ends else { return 0 }
    let length = Double((ends - begins).milliseconds)
    let since = Double((instant - onset).milliseconds)
    // A leak takes nearly all of its time to fill up.
    let rise = scenario == .slowLeak ? 0.9 * length : min(20_000, 0.1 * length)
    return min(1, since / max(1, rise))
  }

  /// Whether it keeps an agent from reporting.
  func silences(_ instant: Instant) -> Bool { scenario == .silentAgents && instant >= begins && instant < ends }
}
