/// How well an agent is, 0…1, and why.
///
/// Each metric takes a part away: none up to `calm` spreads from what is normal, all of its weight from `alarm` spreads on.
/// The parts that are left are multiplied, so that two bad metrics are worse than one. Normal is what the agent itself
/// does, less what its role does together, and what its peers do; the worse of both counts.
package struct Health: Equatable, Sendable {
  /// Why a metric takes something away.
  package struct Reason: Equatable, Sendable {
    /// What the value is compared with.
    package enum Yardstick: Equatable, Sendable {
      case own(Double)
      case peers(Double, agents: Int)
      case level(Double)
    }

    package var metric: MetricID
    package var value: Double
    package var yardstick: Yardstick
    /// The part that it takes, 0…1.
    package var cost: Double

    /// The reason in plain words, such as `response_time is 812; its own normal is 200`.
    package func words(named name: String) -> String {
      switch yardstick {
      case .own(let normal): "\(name) is \(value.plain); its own normal is \(normal.plain)"
      case .peers(let median, let agents):
        "\(name) is \(value.plain); the other \(agents) agents of its role are around \(median.plain)"
      case .level(let level): "\(name) is \(value.plain); its level is \(level.plain)"
      }
    }
  }

  /// 1 is well.
  package let score: Double
  /// What takes something away, the most first.
  package let reasons: [Reason]

  /// Deviations in spreads.
  private static let calm = 3.0
  private static let alarm = 10.0
  /// At its level a metric takes half of its weight, at twice the level all of it.
  private static let atLevel = 0.5

  /// Judges an agent by its metrics. Values that nobody can have measured are left out, weights are taken within 0…1.
  package init(_ inputs: [HealthInput]) {
    var score = 1.0
    var reasons: [Reason] = []
    for input in inputs where input.value.isFinite && input.weight > 0 {
      let (part, yardstick) = Self.worst(input)
      let cost = min(1, input.weight) * part
      guard cost > 0 else { continue }
      score *= 1 - cost
      reasons.append(Reason(metric: input.metric, value: input.value, yardstick: yardstick, cost: cost))
    }
    self.score = score
    self.reasons = reasons.sorted { ($1.cost, $0.metric) < ($0.cost, $1.metric) }
  }

  private static func worst(_ input: HealthInput) -> (part: Double, Reason.Yardstick) {
    let sign = input.bad == .above ? 1.0 : -1.0
    let shared = input.shared.isFinite ? max(0, input.shared * sign) : 0
    let own = part(input.normal.deviation(of: input.value) * sign - shared)
    var worst: (part: Double, yardstick: Reason.Yardstick) = (own, .own(input.normal.center))
    if let peers = input.peers {
      let apart = part(peers.deviation(of: input.value) * sign)
      if apart > worst.part { worst = (apart, .peers(peers.median, agents: peers.agents - 1)) }
    }
    if let level = input.level, level.isFinite {
      let beyond = (input.value - level) * sign / max(abs(level), .leastNormalMagnitude)
      let over = beyond < 0 ? 0 : min(1, atLevel + atLevel * beyond)
      if over > worst.part { worst = (over, .level(level)) }
    }
    return worst
  }

  private static func part(_ deviation: Double) -> Double {
    min(1, max(0, (deviation - calm) / (alarm - calm)))
  }
}
