import FleetModel

/// All that is known of one metric of one agent.
struct MetricState: Sendable {
  let metric: WatchedMetric
  var watch: MetricWatch
  var normal = Normal()
  /// Nil for one that tells no runaway.
  var runaway: RunawayWatch?
  /// The mean of the last minute, and when that began.
  var latest: (value: Double, at: Instant)?
  /// So many minutes in a row it stood apart from its role.
  private var apart: UInt8 = 0

  /// It must stand apart for so many minutes, and is said again only after it did not.
  private static let minutesApart: UInt8 = 3

  init(_ metric: WatchedMetric) {
    self.metric = metric
    watch = MetricWatch(metric.id)
    if metric.tellsRunaway { runaway = RunawayWatch(metric.id) }
  }

  /// Learns a minute of the past. Nothing is said.
  mutating func recall(_ rollup: Rollup, _ minute: Instant) {
    let sample = Sample(rollup.mean, at: minute)
    guard sample.isPlausible else { return }
    _ = watch.judge(sample)
    normal.learn(rollup.mean)
    _ = runaway?.judge(sample)
    latest = (rollup.mean, minute)
  }

  /// Learns a minute, and gives what is found in it.
  mutating func learn(_ rollup: Rollup, _ minute: Instant, peers: PeerBoard.Peers?) -> [Finding] {
    let sample = Sample(rollup.mean, at: minute)
    guard sample.isPlausible else { return [] }
    let lost = runaway?.judge(sample)
    let apart = apart(sample, peers)
    var unusual = watch.judge(sample).finding
    // An empty queue and no errors may stay so.
    if unusual?.kind == .stuck, rollup.mean == 0 { unusual = nil }
    normal.learn(rollup.mean)
    latest = (rollup.mean, minute)
    return [lost ?? unusual, apart].compactMap(\.self)
  }

  /// The finding in the minute in which it has stood apart from its role, to the bad side, for long enough.
  private mutating func apart(_ sample: Sample, _ peers: PeerBoard.Peers?) -> Finding? {
    guard let peers, let bad = metric.bad, let found = peers.group.finding(metric.id, sample),
      (sample.value > peers.group.median) == (bad == .above)
    else {
      apart = 0
      return nil
    }
    apart = apart == .max ? .max : apart + 1
    return apart == Self.minutesApart ? found : nil
  }

  /// Its part in the agent's health; nil if it has none.
  func healthInput(at minute: Instant, _ peers: PeerBoard.Peers?) -> HealthInput? {
    guard let bad = metric.bad, metric.weight > 0, let latest, minute - latest.at <= AgentWatch.fresh else {
      return nil
    }
    return HealthInput(
      metric.id, value: latest.value, bad: bad, weight: metric.weight, level: metric.level, normal: normal,
      peers: peers?.group, shared: peers?.shared ?? 0)
  }
}
