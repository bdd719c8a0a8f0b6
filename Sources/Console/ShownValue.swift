import FleetModel

/// What a row shows of a metric, as rows are ordered by it: first values of the present, then those of long ago, then
/// what cannot be one, then none.
struct ShownValue: Comparable {
  private enum Kind: Int {
    case present, stale, suspect, none
  }

  private var kind: Kind
  /// The less the further up; 0 without a value.
  private var place: Double

  /// Whether it says something about the present, be it that the value cannot be one.
  var isOfPresent: Bool { kind == .present || kind == .suspect }

  static func < (left: ShownValue, right: ShownValue) -> Bool {
    (left.kind.rawValue, left.place) < (right.kind.rawValue, right.place)
  }

  /// How long ago an agent was heard.
  static func age(at position: Int, _ fleet: Fleet, isLowFirst: Bool) -> ShownValue {
    let seconds = Double(Format.ageStep(fleet.now - fleet.agents.numbers(at: position).lastEventAt))
    return ShownValue(kind: .present, place: isLowFirst ? seconds : -seconds)
  }

  /// One open metric of a fleet's agents.
  struct OpenReading {
    // A fleet would be copied for every agent.
    private let agents: AgentTable
    /// Nil if the fleet knows no such metric.
    private let metric: (place: MetricPlace, metric: OpenMetric)?
    private let now: Instant
    private let isLowFirst: Bool

    init(_ name: String, of fleet: Fleet, isLowFirst: Bool) {
      (agents, now, self.isLowFirst) = (fleet.agents, fleet.now, isLowFirst)
      metric = fleet.metrics.place(named: name).flatMap { place in fleet.metrics[place].map { (place, $0) } }
    }

    func value(at position: Int) -> ShownValue {
      guard let (place, metric) = metric else { return ShownValue(kind: .none, place: 0) }
      if agents.isSuspect(place, at: position) { return ShownValue(kind: .suspect, place: 0) }
      guard let (value, at) = agents.value(place, at: position) else { return ShownValue(kind: .none, place: 0) }
      let shown = Format.shown(value, of: metric)
      return ShownValue(kind: now - at > Fleet.freshness ? .stale : .present, place: isLowFirst ? shown : -shown)
    }
  }

  /// One metric of a fleet's agents.
  struct Reading {
    private let metric: Metric
    // A fleet would be copied for every agent.
    private let agents: AgentTable
    /// Of the health: the handler's scores stand before what events say, unless that is worse.
    private let insights: InsightBook?
    private let now: Instant
    private let isLowFirst: Bool

    init(_ metric: Metric, of fleet: Fleet, isLowFirst: Bool = false) {
      self.metric = metric
      self.isLowFirst = isLowFirst
      (agents, now) = (fleet.agents, fleet.now)
      insights = metric == .healthScore ? fleet.insights : nil
    }

    func value(at position: Int) -> ShownValue {
      let numbers = agents.numbers(at: position)
      let fresh = numbers.value(metric, within: Fleet.freshness, of: now)
      if let score = insights?.health(at: position), fresh.map({ $0 >= score }) ?? true {
        let shown = Format.shown(score, of: metric)
        return ShownValue(kind: .present, place: isLowFirst ? shown : -shown)
      }
      if numbers.isSuspect(metric) { return ShownValue(kind: fresh == nil ? .none : .suspect, place: 0) }
      guard let value = fresh ?? numbers.value(metric) else { return ShownValue(kind: .none, place: 0) }
      let shown = Format.shown(value, of: metric)
      return ShownValue(kind: fresh == nil ? .stale : .present, place: isLowFirst ? shown : -shown)
    }
  }
}
