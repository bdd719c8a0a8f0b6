import FleetModel

extension FleetHealth {
  /// What one agent adds to the counts.
  struct Standing: Equatable {
    var isPresent = false
    var isHealthy = false
    var isInTrouble = false
    var isReporting = false
    var isSilent = false
    /// Heard at least twice over at least a minute: nobody can change shares by events that he makes up.
    var isSettled = false
    /// Whether rules have paused it.
    var isHeld = false
  }

  /// How many agents stand how: all of them, those of a role, or a part of these.
  struct Count: Equatable {
    /// Those that were stopped on purpose too: they are missed by their role.
    var all = 0
    /// In the fleet, and not stopped.
    var size = 0
    var healthy = 0
    var unhealthy = 0
    var reporting = 0
    var silent = 0
    var held = 0

    mutating func add(_ standing: Standing, _ sign: Int) {
      all += sign
      // Who was stopped or paused on purpose is no sign of a fleet that is ill.
      if standing.isPresent { size += sign }
      if standing.isHealthy { healthy += sign }
      if standing.isInTrouble, standing.isPresent { unhealthy += sign }
      if standing.isReporting { reporting += sign }
      if standing.isSilent { silent += sign }
      if standing.isHeld { held += sign }
    }

    mutating func add(_ other: Count) {
      all += other.all
      size += other.size
      healthy += other.healthy
      unhealthy += other.unhealthy
      reporting += other.reporting
      silent += other.silent
      held += other.held
    }
  }

  /// Counts of those who have been heard for a while, and of newcomers: each is measured by its own.
  struct Counts: Equatable {
    var settled = Count()
    var new = Count()

    mutating func add(_ standing: Standing, _ sign: Int) {
      if standing.isSettled { settled.add(standing, sign) } else { new.add(standing, sign) }
    }

    mutating func add(_ other: Counts) {
      settled.add(other.settled)
      new.add(other.new)
    }

    func of(settled isSettled: Bool) -> Count { isSettled ? settled : new }
  }
}
