import FleetModel

/// What is known of one agent at a look, for balancing its role.
package struct LoadReading: Equatable, Sendable {
  package var agent: AgentID
  /// Its `routing_share`, as it declared it.
  package var parameter: TunableParameter
  /// The share in force: the setting that is stored, or the parameter's own value.
  package var share: Double
  /// How many conversations it can have at once.
  package var capacity: Int
  /// Conversations that are open, as it last told.
  package var open: Double
  /// What waits with it besides; 0 if it does not say.
  package var waiting: Double
  /// 0…1; nil if unknown, which counts as well.
  package var health: Double?
  /// Milliseconds; nil if unknown.
  package var responseTime: Double?
  /// When it told what is open. The same reading counts once, however often it is passed.
  package var heardAt: Instant
  /// Whether its share may be changed now, and tells something: not if it is paused, drained or held by a person.
  package var isFree: Bool

  package init(
    agent: AgentID, parameter: TunableParameter, share: Double, capacity: Int, open: Double, waiting: Double = 0,
    health: Double? = nil, responseTime: Double? = nil, heardAt: Instant, isFree: Bool = true
  ) {
    (self.agent, self.parameter, self.share, self.capacity) = (agent, parameter, share, capacity)
    (self.open, self.waiting, self.health, self.responseTime) = (open, waiting, health, responseTime)
    (self.heardAt, self.isFree) = (heardAt, isFree)
  }

  /// No agent has more room or more to do. Shares lie between its inverse and it.
  private static let most = 1e6
  /// Clocks of agents run ahead by no more.
  private static let ahead = TimeSpan.minutes(1)

  /// Whether the share in force is one that can be reckoned with, and changed in steps that are no larger than itself.
  var hasShare: Bool {
    (1 / Self.most...Self.most).contains(share) && (1 / Self.most...Self.most).contains(parameter.value)
      && share >= parameter.minimum && share <= parameter.maximum && parameter.step <= parameter.value
  }

  /// Whether somebody can have measured it, no longer ago than `age`.
  func counts(at now: Instant, within age: TimeSpan) -> Bool {
    guard isFree, hasShare, capacity > 0, Double(capacity) <= Self.most else { return false }
    guard (0...Self.most).contains(open), (0...Self.most).contains(waiting) else { return false }
    return now - heardAt <= age && heardAt - now <= Self.ahead
  }

  /// What it has to do, in conversations. More than twice its room says no more than twice its room.
  var burden: Double { min(open + waiting, 2 * Double(capacity)) }

  /// How much of its room it should use, if its role is so busy.
  ///
  /// A small agent has conversations wait sooner than a large one that is as busy: of each room its root is kept free, by
  /// the part that is not busy, but half of it at the most (the square-root rule of S. Halfin and W. Whitt, "Heavy-traffic
  /// limits for queues with many exponential servers", 1981).
  func usefulRoom(_ busy: Double) -> Double {
    let room = Double(capacity)
    return room - min(room / 2, (1 - min(1, max(0, busy))) * room.squareRoot())
  }

  /// Health, 0…1, if it is one.
  var knownHealth: Double? { health.flatMap { $0.isFinite ? min(1, max(0, $0)) : nil } }

  /// The response time, if it is one.
  var knownResponseTime: Double? { responseTime.flatMap { (0...1e9).contains($0) ? $0 : nil } }

  /// The least that it is given. A share that is too small would never be heard of again.
  var floor: Double {
    let least = max(parameter.minimum, parameter.value / 10)
    let nearest = parameter.nearest(least)
    return nearest >= least ? nearest : parameter.stepped(nearest, by: 1) ?? nearest
  }

  /// The most that it is given.
  var ceiling: Double { min(parameter.maximum, Self.most) }

  /// The largest change at once: a fifth of what it declares, or a step, if that is more.
  var mostChange: Double { max(parameter.step, parameter.value / 5) }
}
