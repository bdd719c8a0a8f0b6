import FleetModel
import Insight

/// The load shifts over the day, and with it the setting at which least is lost:
///
/// ```text
///   loss = own part + depth * ((setting - best at this minute) / spread)²  + noise of the minute and agent
/// ```
package struct ShiftingObjective: TunableFleet.Objective {
  /// The setting at which least is lost: it goes from the one to the other and back in a period.
  package var best = 15.0...45.0
  package var period = 1440
  package var depth = 0.1
  package var spread = 20.0
  /// The deviation of an agent's minute, and how far agents differ all the time.
  package var noise = 0.03
  package var difference = 0.02

  private let own: [Double]
  private var random: SeededRandom
  private var common = 0.0

  package init(agents: Int, seed: UInt64, difference: Double = 0.02) {
    random = SeededRandom(seed: seed ^ 0x5348_4946)
    self.difference = difference
    var own: [Double] = []
    for _ in 0..<agents { own.append(0.05 + difference * abs(Self.normal(&random))) }
    self.own = own
  }

  /// The best setting of a minute. It rests at either end for a sixth of the period.
  package func best(at minute: Int) -> Double {
    let part = Double(minute % period) / Double(period)
    let share = min(max(3 * min(part, 1 - part) - 0.25, 0), 1)
    return best.lowerBound + share * (best.upperBound - best.lowerBound)
  }

  package mutating func losses(of settings: [Double], home: Double, minute: Int) -> [Double] {
    let best = best(at: minute)
    // What all feel together, and drifts.
    common = 0.98 * common + 0.005 * Self.normal(&random)
    return settings.indices.map { place in
      let off = (settings[place] - best) / spread
      let noise = noise * Self.normal(&random)
      return min(max(own[place] + depth * off * off + common + noise, 0), 1)
    }
  }

  /// Close to a normal distribution of mean 0 and deviation 1.
  static func normal(_ random: inout SeededRandom) -> Double {
    (0..<4).reduce(-2.0) { sum, _ in sum + Double(random.next() >> 11) * 0x1p-53 } * 1.732
  }
}

/// The setting makes no difference; agents differ from each other, and what they lose drifts.
package struct FlatObjective: TunableFleet.Objective {
  private var shifting: ShiftingObjective

  package init(agents: Int, seed: UInt64, difference: Double = 0.05) {
    shifting = ShiftingObjective(agents: agents, seed: seed, difference: difference)
    shifting.depth = 0
  }

  package mutating func losses(of settings: [Double], home: Double, minute: Int) -> [Double] {
    shifting.losses(of: settings, home: home, minute: minute)
  }
}

/// Somebody who knows which agent runs with what and how the budget is kept, and wants tuning to do harm.
package struct AdversarialObjective: TunableFleet.Objective {
  package enum Kind: CaseIterable, Sendable {
    /// Everything is lost away from home, from the first minute on.
    case atOnce
    /// What is tried is better than home until half of the role runs with it; then everything is lost.
    case lures
    /// The same, and better again once fewer are away.
    case luresAgain
    /// Once half of the role is away, a little is lost for as long as all may just stay there.
    case creeps
    /// The same, and then everything.
    case strikes
    /// Loses all by turns, so that the mean of a trial shows little.
    case blinks
  }

  private let kind: Kind
  private let settings: TuningSettings
  private var hasTurned = false
  /// What it has cost and what was not forgotten yet, in role-minutes.
  private var cost = 0.0

  package init(_ kind: Kind, _ settings: TuningSettings = TuningSettings()) {
    (self.kind, self.settings) = (kind, settings)
  }

  package mutating func losses(of values: [Double], home: Double, minute: Int) -> [Double] {
    let share = Double(values.count { $0 != home }) / Double(values.count)
    if share > 0.5 { hasTurned = true }
    if share == 0 || kind == .luresAgain && share <= 0.5 { hasTurned = false }
    let lost = loss(share, minute)
    cost = max(0, cost + share * (lost.away - lost.home) - settings.budget / 1440)
    return values.map { $0 == home ? lost.home : lost.away }
  }

  private func loss(_ share: Double, _ minute: Int) -> (away: Double, home: Double) {
    let rest = settings.budget - Double(settings.lag) * share - cost
    return switch kind {
    case .atOnce: (1, 0)
    case .lures, .luresAgain: hasTurned ? (1, 0) : (0, 0.2)
    case .creeps: hasTurned ? (0.05, 0) : (0.1, 0.12)
    case .strikes: hasTurned ? (rest > 0.05 ? 0.05 : 1, 0) : (0.1, 0.12)
    case .blinks: minute % 7 == 0 ? (1, 0) : (0, 0.05)
    }
  }
}
