import FleetModel
import Insight
import Screen

/// Whom the first line names: the agent that is worst at present, or many that are equally bad as one.
extension Model {
  /// The agent that the first line names, and since when.
  struct Named: Sendable {
    var agent: AgentID
    var since: Instant
  }

  /// Agents that are equally bad by the same alert.
  struct Equals {
    /// The one to be named.
    var position: Int
    var alert: Alert
    /// By whose value it is as bad as it is; nil if by none.
    var metric: Metric?
    /// All of them, in no order.
    var positions: [Int]
    /// What they have in common; then they are all that stand under it, however bad.
    var heading: FleetCauses.Heading?
    /// How many agents ask for attention, these included.
    var inTrouble: Int
    var foundAt: Instant
  }

  /// So long the first line stays with an agent while none is worse by more than a number.
  private static let staysNamed = TimeSpan.seconds(10)
  /// So many that are equally bad are told as one.
  private static let fewest = 4

  /// Beyond so many in trouble they are gone through only four times a second, and not with every frame.
  private static let many = 200

  /// Looks for whom the first line is about.
  mutating func findWorst() {
    let shown = displayed
    if let worst, worst.inTrouble > Self.many,
      (.zero..<TimeSpan.milliseconds(250)).contains(displayedNow - worst.foundAt),
      shown.agents.profiles.indices.contains(worst.position),
      let id = shown.agents.profiles[worst.position]?.id, id == named?.agent
    {
      return
    }
    worst = worst(in: shown)
  }

  /// Those whom the first line is about; nil if no alert asks for attention.
  private mutating func worst(in shown: Fleet) -> Equals? {
    let ranked = shown.alerts.loudPositions(at: displayedNow).map { (trouble: Trouble(shown, $0), position: $0) }
    // Of agents that are equally bad always the same one.
    guard let worst = ranked.max(by: { ($0.trouble, $1.position) < ($1.trouble, $0.position) }),
      let position = stay(with: worst, of: ranked, shown), let alert = loudest(ofAgentAt: position, shown)
    else {
      named = nil
      return nil
    }
    let metric = metric(of: alert, ofAgentAt: position, shown)
    let heading = shown.agents.id(at: position).flatMap { causes.heading(of: $0) }
    let equals = ranked.filter {
      if let heading {
        return shown.agents.id(at: $0.position).flatMap { causes.heading(of: $0) }?.number == heading.number
      }
      guard $0.trouble.loud == worst.trouble.loud,
        let own = loudest(ofAgentAt: $0.position, shown), own.id.kind == alert.id.kind
      else { return false }
      return self.metric(of: own, ofAgentAt: $0.position, shown) == metric
    }
    return Equals(
      position: position, alert: alert, metric: metric, positions: equals.map(\.position), heading: heading,
      inTrouble: ranked.count, foundAt: displayedNow)
  }

  /// The agent that is named already, if it is as bad as the worst one.
  private mutating func stay(
    with worst: (trouble: Trouble, position: Int), of ranked: [(trouble: Trouble, position: Int)], _ shown: Fleet
  ) -> Int? {
    if let named, displayedNow - named.since < Self.staysNamed, let position = shown.position(of: named.agent),
      ranked.contains(where: { $0.position == position && $0.trouble.loud == worst.trouble.loud })
    {
      return position
    }
    guard let id = shown.agents.profiles[worst.position]?.id else { return nil }
    named = Named(agent: id, since: displayedNow)
    return worst.position
  }

  private func loudest(ofAgentAt position: Int, _ shown: Fleet) -> Alert? {
    shown.alerts(ofAgentAt: position).first { $0.isLoud(at: displayedNow) }
  }

  /// `40 of 250 claims`; nil if they are few enough to be named.
  func groupWords(_ equals: Equals, _ shown: Fleet) -> String? {
    let count = equals.positions.count
    guard count >= Self.fewest else { return nil }
    let role = shown.agents.profiles[equals.position]?.role ?? ""
    let isOneRole = !role.isEmpty && equals.positions.allSatisfy { shown.agents.profiles[$0]?.role == role }
    guard isOneRole else { return "\(count) of \(Format.counted(shown.count, "agent"))" }
    return "\(count) of \(lists.count(ofRole: role)) \(Self.shortened(Scrubber.display(role), columns: 30))"
  }

  /// The metric whose present value is as bad as the alert.
  private func metric(of alert: Alert, ofAgentAt position: Int, _ shown: Fleet) -> Metric? {
    let severity = shown.grade(of: alert).severity
    return Metric.allCases.first { metric in
      guard metric.alert == alert.id.kind,
        let value = shown.agents.value(metric, at: position, within: Fleet.freshness, of: shown.now)
      else { return false }
      return shown.limits(ofAgentAt: position)[metric]?.severity(of: value) == severity
    }
  }

  /// `errors 22–38%`: how bad they are, from the least to the worst.
  func rangeWords(_ equals: Equals, _ shown: Fleet) -> String {
    guard let metric = equals.metric else { return Why.word(equals.alert.id.kind) }
    let values = equals.positions.compactMap {
      shown.agents.value(metric, at: $0, within: Fleet.freshness, of: shown.now)
    }
    let (least, most) = (values.min() ?? 0, values.max() ?? 0)
    return "\(Why.word(metric)) \(Format.range(least, most, of: metric))"
  }
}
