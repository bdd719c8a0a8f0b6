import FleetModel
import Insight

/// What trying settings goes by.
extension EventProcessor: TunedFleet {
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
    _ position: Int, _ wanted: [TunableParameter], among scope: TuningScope, _ fleet: inout Fleet
  ) -> Bool {
    switch scope {
    case .same(let allowed): return parameters(position, allowed, &fleet) == wanted
    case .homes(let homes):
      let declared = fleet.agents.profiles[position]?.parameters ?? []
      return zip(wanted, homes).allSatisfy { wanted, home in
        declared.contains { $0.name == wanted.name && ($0.minimum...$0.maximum).contains(home) }
      }
    }
  }

  func tuningMembers(
    of role: ExactText, _ parameters: [TunableParameter], among scope: TuningScope, _ objective: TuningObjective?,
    patience: TimeSpan, _ isLeftAlone: (AgentID) -> Bool
  ) -> [TuningRun.Member] {
    let (health, now, silence) = (health, session.now, session.options.runbook.guards.silence)
    return health.tunables.members(of: role).compactMap { position in
      guard let member = health.members[position], Self.lets(position, parameters, among: scope, &fleet) else {
        return nil
      }
      let isFree =
        !member.standing.isSilent && member.id.bytes.count <= RoleTuning.longestID && !isLeftAlone(member.id)
      let isNewlySilent =
        member.standing.isSilent && Self.silence(position, silence, &fleet, at: now) < patience
      let reading = objective == nil ? nil : meter?.take(position)
      var found = Self.member(position, member.id, parameters, isFree: isFree, at: now, &fleet)
      found?.minute = Self.minute(
        reading, objective, isSilent: member.standing.isSilent, isNewlySilent: isNewlySilent)
      found?.usual = reading?.usual.flatMap { objective?.loss(of: $0) }
      return found
    }
  }

  /// What an agent has lost in a span. Who tells nothing in it and is not silent yet loses what it lost last: what it tries
  /// is not free because it reports seldom.
  private static func minute(
    _ reading: ObjectiveMeter.Reading?, _ objective: TuningObjective?, isSilent: Bool, isNewlySilent: Bool
  ) -> TuningRun.Member.Minute {
    if let loss = reading?.fresh.flatMap({ objective?.loss(of: $0) }) { return .loss(loss) }
    if isSilent { return isNewlySilent ? .silent : .idle }
    return reading?.carried.flatMap { objective?.loss(of: $0) }.map { .loss($0) } ?? .idle
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
    _ position: Int, _ id: AgentID, _ parameters: [TunableParameter], isFree: Bool, at now: Instant,
    _ fleet: inout Fleet
  ) -> TuningRun.Member? {
    guard let tunings = fleet.agents.profiles[position]?.record.tunings else { return nil }
    let isRunning = fleet.agents.state(at: position) == .running
    var member = TuningRun.Member(agent: id, settings: [], isFree: isFree && isRunning, minute: .idle)
    for (place, parameter) in parameters.enumerated() {
      guard let tuning = tunings.first(where: { $0.parameter == parameter.name }) else {
        member.settings.append(parameter.value)
        continue
      }
      let isNumber = tuning.value == nil || tuning.number != nil
      if !isNumber || tuning.isOfHand(at: now) { member.isFree = false }
      if tuning.isByHand { member.isByHand = true }
      if tuning.by == "rule/\(OwnRule.tuning.rawValue)" { member.approved.insert(place) }
      member.settings.append(tuning.number ?? parameter.value)
    }
    return member
  }

  // MARK: Who has left

  func tunedStrangers(
    to role: ExactText, _ parameters: [TunableParameter], besides members: Set<AgentID>,
    _ isLeftAlone: (AgentID) -> Bool
  ) -> [TunedStranger] {
    let (health, now, author) = (health, session.now, TunedElsewhere.author(of: role))
    var found: [TunedStranger] = []
    let positions = health.tunables.members(of: role) + health.tunedElsewhere.positions(of: author)
    for position in positions where found.count < TunedStranger.most {
      guard let member = health.members[position], !members.contains(member.id), !member.standing.isSilent,
        !isLeftAlone(member.id), fleet.agents.state(at: position) == .running
      else { continue }
      found += Self.strangers(position, member.id, parameters, author, at: now, &fleet)
    }
    return found
  }

  private static func strangers(
    _ position: Int, _ id: AgentID, _ parameters: [TunableParameter], _ author: String, at now: Instant,
    _ fleet: inout Fleet
  ) -> [TunedStranger] {
    guard let profile = fleet.agents.profiles[position] else { return [] }
    return parameters.enumerated().compactMap { place, parameter in
      guard let tuning = profile.record.tunings.first(where: { $0.parameter == parameter.name }),
        tuning.by == author, let value = tuning.number,
        let declared = profile.parameters.first(where: { $0.name == parameter.name })
      else { return nil }
      return TunedStranger(agent: id, place: place, declared: declared, value: value)
    }
  }

  func reportedPart(of role: ExactText) -> Double {
    guard let meter else { return 1 }
    let health = health
    var (sum, count) = (0.0, 0.0)
    for position in health.tunables.members(of: role) {
      guard let standing = health.members[position]?.standing, !standing.isSilent,
        fleet.agents.state(at: position) == .running
      else { continue }
      (sum, count) = (sum + meter.part(position), count + 1)
    }
    return count > 0 ? sum / count : 1
  }
}
