import FleetModel
import Insight

/// What sharing load goes by.
extension EventProcessor: BalancedFleet {
  var sharingRoles: [ExactText] { health.sharers.roles }

  func record(of agent: AgentID) -> AgentRecord? { Self.record(of: agent, &fleet) }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func record(of agent: AgentID, _ fleet: inout Fleet) -> AgentRecord? {
    fleet.position(of: agent).flatMap { fleet.agents.profiles[$0]?.record }
  }

  var loadFault: String? {
    let health = health
    return health.elsewhere?.fault
      ?? GuardCheck(guards: session.options.runbook.guards, input: GuardCheck.Input(health, .none)).fleetFault
  }

  func loadReadings(of role: ExactText, _ isLeftAlone: (AgentID) -> Bool) -> [LoadReading] {
    let (health, now) = (health, present)
    return health.sharers.members(of: role).compactMap { position in
      guard let member = health.members[position], let capacity = member.capacity else { return nil }
      return Self.reading(position, member, capacity, at: now, foreseen(position), isLeftAlone, &fleet)
    }
  }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func reading(
    _ position: Int, _ member: FleetHealth.Member, _ capacity: Int, at now: Instant, _ foreseen: Double?,
    _ isLeftAlone: (AgentID) -> Bool, _ fleet: inout Fleet
  ) -> LoadReading? {
    guard
      let parameter = fleet.agents.profiles[position]?.routingShare,
      let tunings = fleet.agents.profiles[position]?.record.tunings
    else { return nil }
    let numbers = fleet.agents.numbers(at: position)
    guard let told = numbers.openConversations else { return nil }
    let tuning = tunings.first { $0.parameter == LoadSettings.parameter }
    var reading = LoadReading(
      agent: member.id, parameter: parameter, share: tuning?.number ?? parameter.value, capacity: capacity,
      open: Double(told.count), waiting: numbers.value(.queueSize, within: Fleet.freshness, of: now) ?? 0,
      health: foreseen ?? numbers.value(.healthScore, within: Fleet.freshness, of: now),
      responseTime: numbers.value(.responseTime, within: Fleet.freshness, of: now), heardAt: told.at,
      movedAt: tuning.flatMap { $0.isOfLoad ? $0.at : nil })
    reading.isFree =
      fleet.agents.state(at: position) == .running && !member.standing.isSilent && now - told.at <= Fleet.freshness
      && tuning?.isOfHand(at: now) != true && !isLeftAlone(member.id)
    // What is set and is no number, nobody knows: it is left as it is.
    if let tuning, tuning.value != nil, tuning.number == nil { reading.isFree = false }
    return reading
  }

  func lastShared(in role: ExactText) -> Instant? {
    Self.lastShared(health.sharers.members(of: role), &fleet)
  }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func lastShared(_ positions: [Int], _ fleet: inout Fleet) -> Instant? {
    var last: Instant?
    for position in positions {
      guard let tuning = fleet.agents.profiles[position]?.record.tuning(of: LoadSettings.parameter), tuning.isOfLoad,
        let at = tuning.at
      else { continue }
      last = max(last ?? at, at)
    }
    return last
  }

  func shareFault(of agent: AgentID, in role: ExactText) -> String? { Self.shareFault(of: agent, in: role, &fleet) }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func shareFault(of agent: AgentID, in role: ExactText, _ fleet: inout Fleet) -> String? {
    guard let position = fleet.position(of: agent), let profile = fleet.agents.profiles[position] else { return nil }
    if profile.deletedAt != nil { return "\(agent) has left" }
    // Of an agent that has not said yet what it is, only its record is known.
    if profile.role.isEmpty, profile.parameters.isEmpty { return nil }
    if ExactText(profile.role) != role { return "\(agent) is of another role now" }
    return profile.routingShare == nil ? "\(agent) does not let its share be set any more" : nil
  }
}
