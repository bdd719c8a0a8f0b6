import Exposition
import FleetModel

/// The fleet as the leader knows it, read where it stands: who is in it, and who has series of their own.
///
/// A class, because a page reads it piece by piece while it is made. The handler may have ceased to lead meanwhile; then
/// the page tells of the fleet as it knew it last.
final class ShownFleet {
  /// An agent with series of its own.
  struct Member {
    let position: Int
    let id: AgentID
    /// Where its label `agent="a-1"` stands in ``ShownFleet/labels``.
    let label: Range<Int>
  }

  private let events: EventProcessor
  private let watch: FleetWatch
  private(set) var ranking = AgentRanking()
  private(set) var members: [Member] = []
  private(set) var labels: [UInt8] = []
  /// Labels with other signs than ASCII: two ids may look the same once they are scrubbed.
  private var scrubbed: Set<[UInt8]> = []
  private var threshold: AgentRanking.Threshold?
  private var chosenTo = 0
  /// The fleet's names as they were when choosing began: as long as they are the same, nobody has left.
  private var namesRevision: Int?

  init(_ events: EventProcessor, _ watch: FleetWatch) {
    (self.events, self.watch) = (events, watch)
  }

  var metrics: MetricTable { Self.metrics(&events.fleet) }

  /// How many agents have none.
  var leftOut: Int { ranking.count - members.count }

  // MARK: Choosing

  /// Looks at some more positions.
  ///
  /// - Returns: whether all have been looked at.
  func rank(_ count: Int) -> Bool {
    let all = events.positions
    for position in ranking.positions..<min(all, ranking.positions + count) {
      let (state, severity) = Self.standing(at: position, &events.fleet)
      ranking.add(state, severity, health: state == nil ? nil : watch.health(at: position))
    }
    return ranking.positions >= all
  }

  /// Chooses among some more positions.
  ///
  /// - Parameter most: how many may have series of their own.
  /// - Returns: whether all have been asked.
  func choose(_ count: Int, most: Int) -> Bool {
    if namesRevision == nil { namesRevision = Self.namesRevision(&events.fleet) }
    var threshold = threshold ?? ranking.threshold(most)
    let end = min(ranking.positions, chosenTo + count)
    for position in chosenTo..<end where ranking.admits(position, &threshold) {
      if let id = events.id(at: position) { add(id, at: position) }
    }
    (self.threshold, chosenTo) = (threshold, end)
    return end == ranking.positions
  }

  private func add(_ id: AgentID, at position: Int) {
    let start = labels.count
    var label: [UInt8] = []
    LabelSet.append("agent", id.bytes, to: &label)
    let isPlain = id.bytes.allSatisfy { (0x20..<0x7F).contains($0) }
    guard isPlain || scrubbed.insert(label).inserted else { return }
    labels += label
    members.append(Member(position: position, id: id, label: start..<labels.count))
  }

  // MARK: Reading; nil if the agent has left its position meanwhile

  func isThere(_ member: Member) -> Bool {
    namesRevision == Self.namesRevision(&events.fleet) || Self.isThere(member, &events.fleet)
  }

  func value(_ metric: Metric, of member: Member) -> Float? { Self.value(metric, of: member, &events.fleet) }
  func value(_ place: MetricPlace, of member: Member) -> Float? { Self.value(place, of: member, &events.fleet) }
  func health(of member: Member) -> Double? { watch.health(at: member.position) }
  func lastEvent(of member: Member) -> Instant { Self.lastEvent(of: member, &events.fleet) }
  func state(of member: Member) -> AgentState? { Self.standing(at: member.position, &events.fleet).state }
  func severity(of member: Member) -> Severity? { Self.standing(at: member.position, &events.fleet).severity }
  func traits(of member: Member) -> AgentTraits { Self.traits(of: member, &events.fleet) }
  func alerts(of kind: AlertKind) -> Int { Self.alerts(of: kind, &events.fleet) }
  func alertsInHand() -> AlertBook.Counts { Self.alertCounts(&events.fleet) }
  var silent: Int { Self.silent(&events.fleet) }

  // Static, and in place: what asks a fleet twice that is only read makes the compiler copy all of it.

  private static func namesRevision(_ fleet: inout Fleet) -> Int { fleet.agents.namesRevision }

  private static func metrics(_ fleet: inout Fleet) -> MetricTable { fleet.metrics }

  private static func standing(at position: Int, _ fleet: inout Fleet) -> (state: AgentState?, severity: Severity?) {
    guard position < fleet.agents.count else { return (nil, nil) }
    return (fleet.agents.state(at: position), fleet.worstTrouble(ofAgentAt: position))
  }

  private static func isThere(_ member: Member, _ fleet: inout Fleet) -> Bool {
    member.position < fleet.agents.count && fleet.agents.id(at: member.position) == member.id
  }

  private static func value(_ metric: Metric, of member: Member, _ fleet: inout Fleet) -> Float? {
    fleet.agents.value(metric, at: member.position, within: Fleet.freshness, of: fleet.now).map { Float($0) }
  }

  private static func value(_ place: MetricPlace, of member: Member, _ fleet: inout Fleet) -> Float? {
    fleet.agents.value(place, at: member.position, within: Fleet.freshness, of: fleet.now).map { Float($0) }
  }

  private static func lastEvent(of member: Member, _ fleet: inout Fleet) -> Instant {
    fleet.agents.lastEventAt(at: member.position)
  }

  private static func traits(of member: Member, _ fleet: inout Fleet) -> AgentTraits {
    fleet.agents.traits(at: member.position)
  }

  private static func alerts(of kind: AlertKind, _ fleet: inout Fleet) -> Int { fleet.alerts.count(of: kind) }
  private static func alertCounts(_ fleet: inout Fleet) -> AlertBook.Counts { fleet.alerts.counts(at: fleet.now) }
  private static func silent(_ fleet: inout Fleet) -> Int { fleet.silences.silent.count }
}
