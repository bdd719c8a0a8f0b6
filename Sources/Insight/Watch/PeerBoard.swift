import FleetModel

/// What the agents of one role do at present, metric by metric.
package struct PeerBoard: Sendable {
  /// What the others do of one metric.
  package struct Peers: Sendable {
    package var group: PeerGroup
    /// The median of how far they lie from their own normals, in spreads: that is load and no agent's own.
    package var shared: Double
    /// The minute up to which most of them have reported.
    package var upTo: Instant
  }

  private var metrics: [MetricID: Peers] = [:]

  /// Whether the role has not been looked at yet, so that its peers are still to be waited for.
  package var isPending = false

  /// Of a role that has not been looked at yet.
  package static let pending = {
    var board = PeerBoard()
    board.isPending = true
    return board
  }()

  package init() {}

  package subscript(metric: MetricID) -> Peers? { metrics[metric] }

  /// Looks at what the agents of a role report; of a metric that too few report nothing is known.
  package init(of agents: some Sequence<AgentWatch.Reading>) {
    let readings = Dictionary(grouping: agents) { $0.metric }
    for (metric, readings) in readings {
      guard let group = PeerGroup(readings.map(\.value)) else { continue }
      let deviations = readings.filter(\.normal.isKnown).map { $0.normal.deviation(of: $0.value) }
      // Few that are known say nothing of the whole role.
      let isKnown = deviations.count * 2 >= readings.count
      let minutes = readings.map(\.minute).sorted()
      metrics[metric] = Peers(
        group: group, shared: isKnown ? deviations.median : 0, upTo: minutes[(minutes.count - 1) / 2])
    }
  }
}
