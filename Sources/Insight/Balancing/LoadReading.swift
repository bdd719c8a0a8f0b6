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
  /// When the handler itself set its share last, to share load; nil if it never did, or somebody else did since.
  package var movedAt: Instant?
  /// Whether its share may be changed now, and tells something: not if it is paused, drained or held by a person.
  package var isFree: Bool

  package init(
    agent: AgentID, parameter: TunableParameter, share: Double, capacity: Int, open: Double, waiting: Double = 0,
    health: Double? = nil, responseTime: Double? = nil, heardAt: Instant, movedAt: Instant? = nil, isFree: Bool = true
  ) {
    (self.agent, self.parameter, self.share, self.capacity) = (agent, parameter, share, capacity)
    (self.open, self.waiting, self.health, self.responseTime) = (open, waiting, health, responseTime)
    (self.heardAt, self.movedAt, self.isFree) = (heardAt, movedAt, isFree)
  }

  /// No agent has more room or more to do. Shares lie between its inverse and it.
  private static let most = 1e6
  /// Clocks of agents run ahead by no more.
  private static let ahead = TimeSpan.minutes(1)

  /// Whether its shares are such that can be reckoned with, and changed in steps that are no larger than itself.
  var hasShare: Bool {
    share.isFinite && (1 / Self.most...Self.most).contains(parameter.value) && parameter.step <= parameter.value
  }

  /// Whether somebody can have measured it.
  var isMeasured: Bool {
    hasShare && capacity > 0 && Double(capacity) <= Self.most && (0...Self.most).contains(open)
      && (0...Self.most).contains(waiting)
  }

  /// Whether it counts now: it may be changed, and told something no longer ago than `age`.
  func counts(at now: Instant, within age: TimeSpan) -> Bool {
    isFree && isMeasured && now - heardAt <= age && heardAt - now <= Self.ahead
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

  /// What it may be given.
  var bounds: ShareBounds { ShareBounds(parameter, most: Self.most) }
}
