import Automation
import FleetModel
import Insight

/// Who there is, by role, and who of them is well: what guards and rules count by.
///
/// It follows the changes of the fleet, so that a decision costs the same however many agents there are. What time alone
/// changes (metrics that stop, values that grow old) is looked at when it is due.
///
/// A class: the facts of a decision refer to it, and a copy would cost what it saves.
final class FleetHealth {
  struct Member {
    let id: AgentID
    /// Compared by its bytes: two spellings of a letter are two roles.
    var role: ExactText
    var backupFor: AgentID?
    var standing = Standing()
    var rank = SpecialistRank()
    /// How many conversations it can have at once; nil if it does not say.
    var capacity: Int?
    /// Its place in its role's list of those who are well.
    var place: Int?
    /// When it sent metrics last, and how many conversations rules have given it since.
    var reportedAt: Instant?
    var given = 0
    /// When it told how many conversations it has open, and how many it was given since.
    var toldAt: Instant?
    var givenSinceTold = 0
    /// When it is looked at again though nothing is heard.
    var lookAt: Instant?
  }

  struct Role {
    var counts = Counts()
    /// Positions of those who are well, in no order.
    var healthy: [Int] = []
  }

  private struct Look: Comparable {
    var at: Instant
    var position: Int
    static func < (left: Look, right: Look) -> Bool { left.at < right.at }
  }

  /// When a pause of a rule ends.
  private struct End: Comparable {
    var at: Instant
    var agent: AgentID
    static func < (left: End, right: End) -> Bool { left.at < right.at }
  }

  var members: [Member?] = []
  var positions: [AgentID: Int] = [:]
  var roles: [ExactText: Role] = [:]
  var backups: [AgentID: Set<Int>] = [:]
  var troubled: Set<Int> = []
  var specialists = SpecialistIndex()
  /// Those who let parameters be set.
  private(set) var tunables = TunableRoles()
  /// Those of them who let their share of their role's conversations be set.
  private(set) var sharers = TunableRoles()
  /// Those who run with what was tried in another role.
  private(set) var tunedElsewhere = TunedElsewhere()
  private var looks = Heap<Look>()
  /// Until when rules have paused whom.
  private var held: [AgentID: Instant] = [:]
  private var ends = Heap<End>()
  private(set) var counts = Counts()
  /// Those whom rules have paused and nobody knows at present.
  private(set) var heldStrangers = 0
  /// What the leaders of the other shards count; nil if the fleet is not divided.
  var elsewhere: OtherShards?
  private(set) var now = Instant.epoch
  private var silence = Guards().silence
  /// Until when the fleet may have missed reports.
  private var heardFrom = Instant.epoch
  /// By which clock moments of the fleet are kept here.
  private var clockOrigin = Instant.epoch
  /// How many conversations agents are asked to take at present.
  var asked: [AgentID: Int] = [:]
  /// Told of agents that have been heard for long enough to count.
  var settledIDs: [AgentID] = []

  /// A clock that goes back further than this has made a leap.
  private static let leap = TimeSpan.seconds(1)
  static let settlesAfter = TimeSpan.minutes(1)

  // MARK: Following the fleet

  /// Takes in what has changed of the fleet, and what time has.
  ///
  /// - Parameter silence: metrics that are older than this, and than three of their agent's own intervals, have stopped.
  func update(_ fleet: inout Fleet, at instant: Instant, silence: TimeSpan) {
    if fleet.clockOrigin != clockOrigin { leap(to: fleet.clockOrigin) }
    if silence != self.silence || instant < now - Self.leap {
      (self.silence, now) = (silence, instant)
      for position in members.indices { refresh(position, fleet) }
    }
    now = max(now, instant)
    if fleet.silences.heardFrom != heardFrom {
      heardFrom = fleet.silences.heardFrom
      // Who counted as silent is given time to report.
      for position in troubled { refresh(position, fleet) }
    }
    if fleet.hasAgentChanges {
      for change in fleet.takeAgentChanges() {
        if change.isDescribed { describe(change.position, fleet) }
        refresh(change.position, fleet)
      }
    }
    while let look = looks.least, look.at <= now {
      looks.removeLeast()
      guard look.position < members.count, members[look.position]?.lookAt == look.at else { continue }
      members[look.position]?.lookAt = nil
      refresh(look.position, fleet)
    }
    release()
  }

  /// The clock was set anew: what was said before is not said once more by that.
  private func leap(to origin: Instant) {
    let step = origin - clockOrigin
    clockOrigin = origin
    for position in members.indices {
      guard let member = members[position] else { continue }
      members[position]?.reportedAt = member.reportedAt.map { $0 + step }
      members[position]?.toldAt = member.toldAt.map { $0 + step }
    }
  }

  /// An agent has come, left or said something of itself.
  private func describe(_ position: Int, _ fleet: borrowing Fleet) {
    while members.count <= position { members.append(nil) }
    let former = members[position]
    leave(position)
    guard let profile = fleet.agents.profiles[position], profile.deletedAt == nil else { return }
    let backupFor = profile.backupFor.isEmpty ? nil : AgentID(profile.backupFor)
    var member = Member(id: profile.id, role: ExactText(profile.role), backupFor: backupFor)
    member.capacity = profile.capacity
    if let former, former.id == profile.id {
      (member.toldAt, member.givenSinceTold) = (former.toldAt, former.givenSinceTold)
      (member.reportedAt, member.given, member.lookAt) = (former.reportedAt, former.given, former.lookAt)
      member.standing.isSettled = former.standing.isSettled
    }
    if held[profile.id] != nil {
      if positions[profile.id] == nil { heldStrangers -= 1 }
      member.standing.isHeld = true
    }
    members[position] = member
    positions[profile.id] = position
    if let backupFor { backups[backupFor, default: []].insert(position) }
    if !profile.parameters.isEmpty { tunables.add(position, member.role) }
    if profile.routingShare != nil { sharers.add(position, member.role) }
    count(position, 1)
  }

  private func leave(_ position: Int) {
    guard position < members.count, let member = members[position] else { return }
    count(position, -1)
    specialists.remove(position)
    tunables.remove(position)
    sharers.remove(position)
    tunedElsewhere.remove(position)
    if let other = member.backupFor {
      backups[other]?.remove(position)
      if backups[other]?.isEmpty == true { backups[other] = nil }
    }
    troubled.remove(position)
    // An agent that has come back stands elsewhere already.
    if positions[member.id] == position {
      if held[member.id] != nil { heldStrangers += 1 }
      positions[member.id] = nil
    }
    members[position] = nil
  }

  /// Adds an agent to the counts, or takes it out of them.
  private func count(_ position: Int, _ sign: Int) {
    guard let member = members[position] else { return }
    counts.add(member.standing, sign)
    roles[member.role, default: Role()].counts.add(member.standing, sign)
    if sign > 0, member.standing.isHealthy { enlist(position, member.role) }
    if sign < 0 { strike(position, member) }
    if roles[member.role]?.counts == Counts() { roles[member.role] = nil }
  }

  private func enlist(_ position: Int, _ role: ExactText) {
    members[position]?.place = roles[role]?.healthy.count
    roles[role]?.healthy.append(position)
  }

  private func strike(_ position: Int, _ member: Member) {
    guard let place = member.place, let last = roles[member.role]?.healthy.last else { return }
    roles[member.role]?.healthy[place] = last
    members[last]?.place = place
    roles[member.role]?.healthy.removeLast()
    members[position]?.place = nil
  }

  /// Looks at an agent anew.
  private func refresh(_ position: Int, _ fleet: borrowing Fleet) {
    guard position < members.count, members[position] != nil else { return }
    let numbers = fleet.agents.numbers(at: position)
    let state = fleet.agents.state(at: position)
    let isRunning = state == .running
    var standing = members[position]?.standing ?? Standing()
    standing.isPresent = state != .stopped
    let silentAt = numbers.silentAt(least: silence, heardFrom: fleet.silences.heardFrom)
    standing.isReporting = isRunning && silentAt != nil
    standing.isSilent = standing.isReporting && silentAt.map { now >= $0 } ?? false
    standing.isInTrouble = standing.isSilent || fleet.worstTrouble(ofAgentAt: position).map { $0 >= .high } ?? false
    standing.isHealthy = isRunning && !standing.isInTrouble
    let isSettled = numbers.eventCount >= 2 && Self.isSettled(fleet.agents.firstHeard(at: position), numbers)
    if isSettled, !standing.isSettled, let id = members[position]?.id { settledIDs.append(id) }
    standing.isSettled = standing.isSettled || isSettled
    if standing != members[position]?.standing {
      count(position, -1)
      members[position]?.standing = standing
      count(position, 1)
      if standing.isInTrouble, standing.isPresent { troubled.insert(position) } else { troubled.remove(position) }
    }
    noteTunings(position, fleet)
    rank(position, numbers, fleet)
    lookAgain(position, numbers, silentAt)
  }

  private func noteTunings(_ position: Int, _ fleet: borrowing Fleet) {
    guard let role = members[position]?.role, let tunings = fleet.agents.profiles[position]?.record.tunings else {
      return
    }
    tunedElsewhere.note(position, tunings, role: role)
  }

  private static func isSettled(_ first: Instant?, _ numbers: AgentActivity) -> Bool {
    first.map { numbers.lastEventAt - $0 >= settlesAfter } ?? false
  }

  /// Appoints the next moment at which time alone may change something.
  private func lookAgain(_ position: Int, _ numbers: AgentActivity, _ silentAt: Instant?) {
    var due: Instant?
    func consider(_ instant: Instant?) {
      if let instant, instant > now, due.map({ instant < $0 }) ?? true { due = instant }
    }
    let stays = TimeSpan(milliseconds: Fleet.freshness.milliseconds + 1)
    consider(numbers.valueTime(.healthScore).map { $0 + stays })
    consider(numbers.valueTime(.queueSize).map { $0 + stays })
    consider(numbers.openConversations.map { $0.at + stays })
    consider(silentAt)
    guard let due, members[position]?.lookAt.map({ due < $0 }) ?? true else { return }
    members[position]?.lookAt = due
    looks.insert(Look(at: due, position: position))
  }
}

// MARK: Whom rules have paused

extension FleetHealth {
  func member(_ agent: AgentID) -> Member? { positions[agent].flatMap { members[$0] } }

  /// How many rules have paused at present of an agent's kind: in the fleet and in its role, the agent not counted.
  func held(besides agent: AgentID) -> (fleet: Int, role: Int) {
    let standing = member(agent)?.standing
    let isSettled = standing?.isSettled ?? false
    let own = standing?.isHeld == true ? 1 : 0
    return (
      whole.of(settled: isSettled).held + (isSettled ? heldStrangers + (elsewhere?.counts.heldStrangers ?? 0) : 0)
        - own,
      roleCounts(of: agent).of(settled: isSettled).held - own
    )
  }

  /// Takes whom rules have paused, and until when.
  func setHeld(_ all: [AgentID: Instant]) {
    for agent in Set(held.keys).union(all.keys) { setPaused(agent, until: all[agent]) }
  }

  /// - Parameter end: nil for one that is not paused any more.
  func setPaused(_ agent: AgentID, until end: Instant?) {
    let former = held[agent]
    let wasHeld = former != nil
    held[agent] = end
    if let end, end != former { ends.insert(End(at: end, agent: agent)) }
    guard wasHeld != (end != nil) else { return }
    guard let position = positions[agent] else {
      heldStrangers += wasHeld ? -1 : 1
      return
    }
    count(position, -1)
    members[position]?.standing.isHeld = !wasHeld
    count(position, 1)
  }

  /// Lets go of pauses that have ended.
  private func release() {
    while let end = ends.least, end.at <= now {
      ends.removeLeast()
      if held[end.agent] == end.at { setPaused(end.agent, until: nil) }
    }
  }
}
