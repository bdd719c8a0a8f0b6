import FleetModel

/// How it stands with the parameters of a role: all that must outlive a handler.
package struct RoleTuning: Equatable, Sendable {
  /// A setting one step from the present one, that is tried or was.
  package struct Trial: Equatable, Sendable {
    /// Of the parameter.
    package var place: Int
    package var goesUp: Bool
    package var value: Double
    package var crossover: Crossover
    /// What it has cost each agent that runs with it beyond its partner, in minutes in which everything is lost.
    package var cost = 0.0
    /// Agents whose partner may not be changed any more.
    package var left: [AgentID] = []

    package init(
      place: Int, goesUp: Bool, value: Double, crossover: Crossover, cost: Double = 0, left: [AgentID] = []
    ) {
      (self.place, self.goesUp, self.value, self.crossover) = (place, goesUp, value, crossover)
      (self.cost, self.left) = (cost, left)
    }
  }

  /// A setting that is adopted, agents by agents.
  package struct Widening: Equatable, Sendable {
    package var place: Int
    /// What the role ran with before.
    package var from: Double
    /// The part of the role's agents that have it, 0…1.
    package var share: Double
    /// Those that took part in the trial: they come first.
    package var first: [AgentID]
    /// Tells the draw of the others.
    package var number: Int
    /// How many minutes the share stands.
    package var minutes: Int

    package init(place: Int, from: Double, share: Double, first: [AgentID], number: Int, minutes: Int = 0) {
      (self.place, self.from, self.share, self.first) = (place, from, share, first)
      (self.number, self.minutes) = (number, minutes)
    }
  }

  /// All go back.
  package struct Return: Equatable, Sendable {
    package var minutes = 0
    /// How many minutes all have been back.
    package var settled = 0

    package init(minutes: Int = 0, settled: Int = 0) { (self.minutes, self.settled) = (minutes, settled) }
  }

  /// By what losses are measured.
  package struct Scale: Equatable, Sendable {
    /// Of a minute.
    package var length: TimeSpan
    package var objective: TuningObjective?

    package init(length: TimeSpan, objective: TuningObjective?) { (self.length, self.objective) = (length, objective) }
  }

  /// An agent that may run yet with what it should not.
  package struct Stray: Equatable, Sendable {
    package var agent: AgentID
    /// For how many minutes it may be changed again; then it was told at once.
    package var minutes: Int

    package init(_ agent: AgentID, minutes: Int = 0) { (self.agent, self.minutes) = (agent, minutes) }
  }

  package enum Phase: Equatable, Sendable {
    case resting
    /// A person is asked whether it may be tried.
    case asking(Trial)
    case trying(Trial)
    /// It is over, and its agents go back to what the others run with; so many minutes ago.
    case closing(Trial, Int)
    /// A person is asked whether it is adopted.
    case asksAdoption(Trial)
    case widening(Widening)
    case returning(Return)
  }

  package var seed: UInt64
  /// Steps with every pairing, so that no draw comes twice.
  package var draws = 0
  /// Steps with every step that had orders: commands are told apart by it.
  package var steps = 0
  /// The last minute that was taken.
  package var minute: Instant
  package var parameters: [TunedParameter]
  /// Of the last minute; nil before the first.
  package var scale: Scale?
  package var phase = Phase.resting
  /// Pairs of which one agent runs with what the role began with; nil while all do.
  package var held: Crossover?
  /// What tuning has cost and what was not forgotten yet, in role-minutes.
  package var spent = 0.0
  /// When agents were last told what to run with.
  package var orderedAt: Instant?
  /// Whether some are to be told yet.
  package var isBehind = false
  /// Agents that could not be told what to run with, because they may not be changed.
  package var strays: [Stray] = []
  /// How many times in a row some were told again.
  package var repeats = 0

  package init(seed: UInt64, minute: Instant, parameters: [TunedParameter]) {
    (self.seed, self.minute, self.parameters) = (seed, minute, parameters)
  }

  /// Takes up a role; nil if fewer than ``TuningSettings/fewestMembers`` may be changed and run with the same.
  package init?(_ parameters: [TunableParameter], seed: UInt64, members: [TuningRun.Member], at minute: Instant) {
    guard (1...TunableParameter.mostOfAgent).contains(parameters.count) else { return nil }
    let free = members.filter { $0.isFree && $0.isSound(of: parameters) }
    var tuned: [TunedParameter] = []
    for (place, parameter) in parameters.enumerated() {
      let counts = Dictionary(grouping: free) { $0.settings[place] }.mapValues(\.count)
      guard let home = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return nil }
      tuned.append(TunedParameter(parameter, home: home))
    }
    self.init(seed: seed, minute: minute, parameters: tuned)
    guard free.count(where: { member in isKnown(member) }) >= TuningSettings.fewestMembers else { return nil }
  }

  /// Whether an agent runs with nothing that somebody else has set.
  func isKnown(_ member: TuningRun.Member) -> Bool {
    member.settings.count == parameters.count
      && zip(parameters, member.settings).allSatisfy { $0.knows($1) }
  }

  var isHome: Bool { parameters.allSatisfy(\.isHome) }

  var trial: Trial? {
    switch phase {
    case .asking(let trial), .trying(let trial), .closing(let trial, _), .asksAdoption(let trial): trial
    case .resting, .widening, .returning: nil
    }
  }

  /// The trial that has begun by the audit, and has not ended yet; nil if there is none.
  var begunTrial: Trial? {
    switch phase {
    case .trying(let trial), .asksAdoption(let trial): trial
    case .resting, .asking, .closing, .widening, .returning: nil
    }
  }

  /// Whether it can have been written here: what was stored may be anything.
  package var isSound: Bool {
    guard (1...TunableParameter.mostOfAgent).contains(parameters.count), parameters.allSatisfy(\.isSound),
      Self.counts.contains(draws), Self.counts.contains(steps), (0...32).contains(repeats),
      strays.allSatisfy({ Self.counts.contains($0.minutes) }), strays.count <= Self.mostStrays, spent >= 0,
      spent <= 1e6,
      held?.isSound ?? true, (scale?.length ?? .minutes(1)) > .zero
    else { return false }
    return switch phase {
    case .resting: true
    case .asking(let trial), .trying(let trial), .asksAdoption(let trial): isSound(trial)
    case .closing(let trial, let minutes): isSound(trial) && Self.counts.contains(minutes)
    case .widening(let widening): held != nil && isSound(widening)
    case .returning(let back): Self.counts.contains(back.minutes) && Self.counts.contains(back.settled)
    }
  }

  static let counts = 0...1 << 40
  package static let mostStrays = 64
  /// An agent with a longer id takes no part: what is remembered of a role stays small. In bytes.
  package static let longestID = 128

  private func isSound(_ trial: Trial) -> Bool {
    parameters.indices.contains(trial.place) && parameters[trial.place].allows(trial.value) && trial.crossover.isSound
      && trial.cost >= 0 && trial.cost <= 1e6 && trial.left.count <= 2 * Crossover.mostPairs
  }

  private func isSound(_ widening: Widening) -> Bool {
    parameters.indices.contains(widening.place) && parameters[widening.place].allows(widening.from)
      && widening.share >= 0 && widening.share <= 1 && widening.first.count <= 2 * Crossover.mostPairs
      && Self.counts.contains(widening.number) && Self.counts.contains(widening.minutes)
  }
}

extension Crossover {
  /// Whether it can have been written here.
  var isSound: Bool {
    let counts = RoleTuning.counts
    guard [number, round, tally.count].allSatisfy(counts.contains), (0...Self.mostMinutes).contains(minute),
      pairs.count <= Self.mostPairs, Set(agents).count == 2 * pairs.count
    else { return false }
    guard better.isSound, worse.isSound, [tally.other, tally.before, tally.sizes].allSatisfy(Self.isSum) else {
      return false
    }
    return pairs.allSatisfy { $0.isSound && $0.began <= round }
  }

  private static let mostMinutes = 1 << 20

  fileprivate static func isSum(_ value: Double) -> Bool { value >= 0 && value <= 1e12 }
}

extension Crossover.Pair {
  fileprivate var isSound: Bool {
    sums.count == 4 && counts.count == 4 && began >= 0 && sums.allSatisfy(Crossover.isSum)
      && counts.allSatisfy(RoleTuning.counts.contains)
  }
}
