import FleetModel
import Insight

/// What trying settings goes by.
extension EventProcessor: TunedFleet {
  /// An agent with a longer id takes no part: what is remembered of a role stays small.
  private static let longestID = 128

  var metrics: MetricTable { fleet.metrics }

  var tuningRoles: [ExactText] { health.tunables.roles }

  func tunableCount(of role: ExactText) -> Int { health.tunables.members(of: role).count }

  var tuningFault: String? {
    let health = health
    return health.elsewhere?.fault
      ?? GuardCheck(guards: session.options.runbook.guards, input: GuardCheck.Input(health, .none)).fleetFault
  }

  func tunedParameters(of role: ExactText, _ allowed: Set<String>) -> [TunableParameter] {
    var groups: [(parameters: [TunableParameter], count: Int)] = []
    for position in health.tunables.members(of: role) {
      let parameters = Self.parameters(position, allowed, &fleet)
      guard !parameters.isEmpty else { continue }
      if let place = groups.firstIndex(where: { $0.parameters == parameters }) {
        groups[place].count += 1
      } else if groups.count < Self.mostGroups {
        groups.append((parameters, 1))
      }
    }
    return groups.max { $0.count < $1.count }?.parameters ?? []
  }

  /// Agents that all declare something else are no group.
  private static let mostGroups = 16

  private static func parameters(
    _ position: Int, _ allowed: Set<String>, _ fleet: inout Fleet
  ) -> [TunableParameter] {
    (fleet.agents.profiles[position]?.parameters ?? []).filter { allowed.contains($0.name) }
  }

  private static func lets(
    _ position: Int, _ wanted: [TunableParameter], among allowed: Set<String>?, _ fleet: inout Fleet
  ) -> Bool {
    if let allowed { return parameters(position, allowed, &fleet) == wanted }
    let declared = fleet.agents.profiles[position]?.parameters ?? []
    return wanted.allSatisfy { wanted in declared.contains { $0.name == wanted.name } }
  }

  func tuningMembers(
    of role: ExactText, _ parameters: [TunableParameter], among allowed: Set<String>?, _ objective: TuningObjective?,
    patience: TimeSpan,
    _ isLeftAlone: (AgentID) -> Bool
  ) -> [TuningRun.Member] {
    let (health, now, silence) = (health, session.now, session.options.runbook.guards.silence)
    return health.tunables.members(of: role).compactMap { position in
      guard let member = health.members[position], Self.lets(position, parameters, among: allowed, &fleet) else {
        return nil
      }
      let isFree = !member.standing.isSilent && member.id.bytes.count <= Self.longestID && !isLeftAlone(member.id)
      let isNewlySilent =
        member.standing.isSilent && Self.silence(position, silence, &fleet, at: now) < patience
      let loss = meter?.take(position).flatMap { objective?.loss(of: $0) }
      return Self.member(
        position, member.id, parameters, isFree: isFree, isSilent: isNewlySilent, loss, at: now, &fleet)
    }
  }

  /// For how long an agent has counted as silent.
  private static func silence(
    _ position: Int, _ least: TimeSpan, _ fleet: inout Fleet, at now: Instant
  ) -> TimeSpan {
    let numbers = fleet.agents.numbers(at: position)
    let start = numbers.silentAt(least: least, heardFrom: fleet.silences.heardFrom)
    return start.map { now - $0 } ?? .zero
  }

  /// Static, and in place: see ``EventProcessor/isOpen(_:)``.
  private static func member(
    _ position: Int, _ id: AgentID, _ parameters: [TunableParameter], isFree: Bool, isSilent: Bool, _ loss: Double?,
    at now: Instant, _ fleet: inout Fleet
  ) -> TuningRun.Member? {
    guard let tunings = fleet.agents.profiles[position]?.record.tunings else { return nil }
    let isRunning = fleet.agents.state(at: position) == .running
    var isFree = isFree && isRunning
    let settings = parameters.map { parameter -> Double in
      guard let tuning = tunings.first(where: { $0.parameter == parameter.name }) else { return parameter.value }
      let isNumber = tuning.value == nil || tuning.number != nil
      if !isNumber || tuning.isOfHand(at: now) { isFree = false }
      return tuning.number ?? parameter.value
    }
    let minute: TuningRun.Member.Minute = loss.map { .loss($0) } ?? (isSilent && isRunning ? .silent : .idle)
    return TuningRun.Member(agent: id, settings: settings, isFree: isFree, minute: minute)
  }
}
