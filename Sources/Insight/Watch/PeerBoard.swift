/// What the agents of one role do at present, metric by metric.
package struct PeerBoard: Sendable {
  /// What the others do of one metric.
  package struct Peers: Sendable {
    package var group: PeerGroup
    /// The median of how far they lie from their own normals, in spreads: that is load and no agent's own.
    package var shared: Double
  }

  private var metrics: [MetricID: Peers] = [:]

  package init() {}

  package subscript(metric: MetricID) -> Peers? { metrics[metric] }

  /// Looks at what the agents of a role report; of a metric that too few report nothing is known.
  package init(of agents: some Sequence<AgentWatch.Reading>) {
    var values: [MetricID: (values: [Double], deviations: [Double])] = [:]
    for reading in agents {
      values[reading.metric, default: ([], [])].values.append(reading.value)
      if reading.normal.isKnown {
        values[reading.metric, default: ([], [])].deviations.append(reading.normal.deviation(of: reading.value))
      }
    }
    for (metric, found) in values {
      guard let group = PeerGroup(found.values) else { continue }
      // Few that are known say nothing of the whole role.
      let isKnown = found.deviations.count * 2 >= found.values.count
      metrics[metric] = Peers(group: group, shared: isKnown ? found.deviations.median : 0)
    }
  }
}
