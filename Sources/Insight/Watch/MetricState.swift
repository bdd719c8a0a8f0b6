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
  /// What was found in an earlier minute and is not yet said.
  private var held: HeldFinding?
  /// So many minutes in a row it stood apart from its role.
  private var apart: UInt8 = 0

  /// It must stand apart for so many minutes, and is said again only after it did not.
  private static let minutesApart: UInt8 = 3
  /// And lie so many spreads off its own normal: agents of a role differ by nature too.
  private static let spreadsOfItsOwn = 3.0

  init(_ metric: WatchedMetric) {
    self.metric = metric
    watch = MetricWatch(metric.id)
    if metric.tellsRunaway { runaway = RunawayWatch(metric.id) }
  }

  /// Learns a minute of the past. Nothing is said; what is found in it is held, for the next minute may be the first of
  /// which something may be said.
  mutating func recall(_ rollup: Rollup, _ minute: Instant) {
    let sample = Sample(rollup.mean, at: minute)
    guard sample.isPlausible else { return }
    _ = runaway?.judge(sample)
    // Who judged it then may have waited for the role. Nothing is known of the role here.
    if held?.judge(sample.value, at: minute, step: watch.step, peers: nil, isPending: true) != .waits { held = nil }
    if let found = find(sample), found.kind != .stuck { hold(found, sample) }
    settle(sample)
  }

  /// Forgets what is held: nothing is said about times that old.
  mutating func dropHeld() { held = nil }

  /// Learns a minute, and gives what is found in it.
  mutating func learn(_ rollup: Rollup, _ minute: Instant, board: PeerBoard) -> [Finding] {
    let sample = Sample(rollup.mean, at: minute)
    guard sample.isPlausible else { return [] }
    let peers = board[metric.id]
    let lost = runaway?.judge(sample)
    let apart = apart(sample, peers)
    let found = find(sample)
    var said = held?.finding
    switch held?.judge(sample.value, at: minute, step: watch.step, peers: peers, isPending: board.isPending) {
    case .said: held = nil
    case .dropped, nil: (held, said) = (nil, nil)
    case .waits: said = nil
    }
    if let found {
      if found.kind == .stuck { said = found } else { hold(found, sample) }
    }
    settle(sample)
    return [lost ?? said, apart].compactMap(\.self)
  }

  private mutating func find(_ sample: Sample) -> Finding? {
    let found = watch.judge(sample).finding
    // An empty queue and no errors may stay so.
    return found?.kind == .stuck && sample.value == 0 ? nil : found
  }

  /// Holds what was found, unless something that is held still waits.
  private mutating func hold(_ found: Finding, _ sample: Sample) {
    held = held ?? HeldFinding(found, minute: sample.at, deviation: normal.deviation(of: sample.value))
  }

  private mutating func settle(_ sample: Sample) {
    normal.learn(sample.value)
    latest = (sample.value, sample.at)
  }

  /// The finding in the minute in which it has stood apart from its role, to the bad side, for long enough.
  private mutating func apart(_ sample: Sample, _ peers: PeerBoard.Peers?) -> Finding? {
    guard let peers, let bad = metric.bad, let found = peers.group.finding(metric.id, sample),
      (sample.value > peers.group.median) == (bad == .above), !isOfItsNature(sample.value, bad)
    else {
      apart = 0
      return nil
    }
    apart = apart == .max ? .max : apart + 1
    return apart == Self.minutesApart ? found : nil
  }

  /// Whether the agent usually does what sets it apart now.
  private func isOfItsNature(_ value: Double, _ bad: BadSide) -> Bool {
    normal.isKnown && normal.deviation(of: value) * (bad == .above ? 1 : -1) < Self.spreadsOfItsOwn
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
