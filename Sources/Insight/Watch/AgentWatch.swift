import FleetModel

/// Watches one agent minute by minute: what is unusual in its metrics, how well it is, and what it is coming to.
///
/// Its input are closed minutes in their order; nothing in it looks ahead. What was published before a restart is taken up
/// from the stored ``AgentInsight``, so that it is not said again; what is usual is learned anew from stored history.
package struct AgentWatch: Sendable {
  /// What a minute comes to, besides the new ``insight``.
  package enum Outcome: Equatable, Sendable {
    /// Something unusual. An automatic action may follow only if another finding says the same.
    case finding(Finding, words: String, isCorroborated: Bool)
    case forecast(ForecastWatch.Announcement)
    /// The health has become critical.
    case turnedCritical(Health)
    /// The health as it is now: told each minute from when it became critical until it has been well for a while, so that
    /// the alert that was opened by it can close.
    case health(Double)
  }

  /// The mean of one metric's last minute, for the agents of the same role.
  package struct Reading: Sendable {
    package var metric: MetricID
    package var value: Double
    /// When that minute began.
    package var minute: Instant
    package var normal: Normal
  }

  /// The minutes of one moment: the rollup of each metric that was reported in it.
  package struct Minute: Sendable {
    package var begin: Instant
    package var rollups: [(metric: MetricID, rollup: Rollup)]

    package init(_ begin: Instant, _ rollups: [(metric: MetricID, rollup: Rollup)]) {
      (self.begin, self.rollups) = (begin, rollups)
    }
  }

  /// What consoles are shown of it.
  package private(set) var insight: AgentInsight
  var metrics: [MetricState]
  /// Of the metrics that have a level; empty if it makes no forecasts, which take most of its memory.
  var forecasts: [ForecastWatch]
  private var corroboration = Corroboration()
  /// When a finding was said last that was not the only word.
  private var corroboratedAt = Instant.epoch
  private var health: HealthState
  /// The health as a slow mean: one bad minute is not yet a bad agent.
  private var score: Double?
  /// The minute for which the health was judged last.
  private var judgedAt = Instant.epoch

  /// A value so old still says how an agent is.
  package static let fresh = TimeSpan.minutes(5)
  /// How much the last minute counts in the health.
  private static let weightOfMinute = 0.5
  /// A metric is not spoken of again within so long, nor that an agent stands apart, which may be its nature.
  private static let saidAgain = TimeSpan.minutes(30)
  private static let apartAgain = TimeSpan.hours(24)
  private static let setBack = TimeSpan.minutes(10)
  /// An alert closes once the health has been well for five minutes.
  private static let toldAfter = TimeSpan.minutes(10)

  /// - Parameters:
  ///   - stored: what was known of the agent before a restart.
  ///   - forecasts: whether it makes forecasts, which takes most of its memory.
  package init(_ metrics: [WatchedMetric], stored: AgentInsight?, forecasts: Bool = true) {
    self.metrics = metrics.map { MetricState($0) }
    self.forecasts = forecasts ? metrics.compactMap(\.forecastWatch) : []
    insight = stored ?? AgentInsight(at: .epoch)
    health = HealthState(isCritical: insight.isCritical)
    score = insight.health
    for metric in metrics { takeUpForecasts(of: metric) }
    for found in insight.findings { takeUp(found) }
  }

  /// Takes up what was found before a restart, so that it is neither said again nor left out as a second word.
  private mutating func takeUp(_ found: AgentInsight.Found) {
    guard found.kind != FindingKind.version.rawValue,
      let metric = metrics.first(where: { $0.metric.name == found.metric })?.metric.id
    else { return }
    if corroboration.note(metric, at: found.at) { corroboratedAt = found.at }
  }

  /// Takes up what was forecast of a metric before a restart.
  private mutating func takeUpForecasts(of metric: WatchedMetric) {
    guard let index = forecasts.firstIndex(where: { $0.metric == metric.id }) else { return }
    for coming in insight.forecasts where coming.metric == metric.name {
      forecasts[index].takeUp(ForecastWatch.Announcement(coming, of: metric.id))
    }
  }

  /// What one of these takes, about.
  package static func byteCount(metrics: [WatchedMetric], forecasts: Bool) -> Int {
    metrics.reduce(MemoryLayout<AgentWatch>.stride) { $0 + byteCount(more: $1, forecasts: forecasts) }
  }

  /// What one more metric takes, about.
  package static func byteCount(more metric: WatchedMetric, forecasts: Bool) -> Int {
    let watch = MemoryLayout<ForecastWatch>.stride + ConformalInterval.mostBytes
    return MemoryLayout<MetricState>.stride + (forecasts && metric.forecastWatch != nil ? watch : 0)
  }

  /// Whether it watches no metric, for there was no room.
  package var isIdle: Bool { metrics.isEmpty }

  /// Whether a metric is watched.
  package func watches(_ metric: MetricID) -> Bool { index(of: metric) != nil }

  /// Watches one more metric. Nothing was heard of it before.
  package mutating func follow(_ metric: WatchedMetric, forecasts isForecast: Bool) {
    guard !watches(metric.id) else { return }
    metrics.append(MetricState(metric))
    if isForecast, let watch = metric.forecastWatch { forecasts.append(watch) }
    takeUpForecasts(of: metric)
  }

  // MARK: Learning

  /// Learns a minute of stored history. Nothing is said.
  package mutating func recall(_ minute: Minute) {
    let judgesFan = minute.begin.milliseconds / 60_000 % 10 == 0
    let end = minute.begin + .minutes(1)
    if !forecasts.isEmpty, insight.changes.contains(where: { $0.at >= minute.begin && $0.at < end && $0.isRestarted }) {
      beginAnew()
    }
    for (metric, rollup) in minute.rollups {
      guard let index = index(of: metric) else { continue }
      metrics[index].recall(rollup, minute.begin)
      if let index = forecasts.firstIndex(where: { $0.metric == metric }) {
        forecasts[index].recall(rollup.mean, minute: minute.begin, judgesFan: judgesFan)
      }
    }
  }

  /// Forgets what was found in recalled minutes and is not yet said: the agent was not its own master then.
  package mutating func dropHeld() {
    for index in metrics.indices { metrics[index].dropHeld() }
  }

  /// Learns a minute that has just closed.
  ///
  /// - Parameters:
  ///   - peers: what the other agents of its role do.
  ///   - record: what became of the fleet's forecasts.
  package mutating func learn(_ minute: Minute, peers: PeerBoard, record: inout ForecastRecord) -> [Outcome] {
    let end = minute.begin + .minutes(1)
    let before = insight
    guard minute.rollups.contains(where: { isNew($0.metric, minute.begin) }) else { return [] }
    var outcomes: [Outcome] = []
    for (metric, rollup) in minute.rollups where isNew(metric, minute.begin) {
      guard let index = index(of: metric) else { continue }
      for finding in metrics[index].learn(rollup, minute.begin, board: peers) {
        if let said = say(finding, named: metrics[index].metric.name, at: end) { outcomes.append(said) }
      }
      if let index = forecasts.firstIndex(where: { $0.metric == metric }),
        let announced = forecasts[index].learn(rollup.mean, minute: minute.begin, record: &record)
      {
        outcomes.append(.forecast(announced))
      }
    }
    insight.findings.removeAll { end - $0.at > Self.apartAgain }
    insight.forecasts = coming(at: end)
    outcomes += judgeHealth(peers, at: end)
    if insight.isNotable(beside: before) { insight.at = end } else { insight = before }
    return outcomes
  }

  /// Takes note of a change of the agent, for its charts.
  package mutating func note(_ change: AgentInsight.Change) {
    let place = insight.changes.lastIndex { $0.at <= change.at }.map { $0 + 1 } ?? 0
    // One that is older than all that are kept may have been noted before.
    let isOlder = place == 0 && insight.changes.count >= AgentInsight.mostChanges
    guard !isOlder, !insight.changes.contains(change) else { return }
    if change.isRestart || change.isRestarted {
      // One that nobody confirms may never have happened: what the last hour said goes on.
      if change.isRestarted { beginAnew() } else { dropForecasts() }
      insight.forecasts = []
    }
    insight.changes.insert(change, at: place)
    if insight.changes.count > AgentInsight.mostChanges { insight.changes.removeFirst() }
    insight.at = max(insight.at, change.at)
  }

  /// Says that its version is worse than another one.
  ///
  /// - Returns: nil if that was said of it a short while ago.
  package mutating func note(_ difference: VersionDifference, at instant: Instant) -> Outcome? {
    let finding = difference.finding(at: instant)
    let name = name(of: difference.metric)
    guard !wasSaid(finding, named: name, at: instant) else { return nil }
    let words = difference.words(named: name)
    add(finding, named: name, words, at: instant)
    insight.at = max(insight.at, instant)
    // It is not about this agent alone: what its own metrics show gains nothing by it.
    return .finding(finding, words: words, isCorroborated: false)
  }

  /// What it reports at present, for its peers.
  package func readings(at instant: Instant) -> some Sequence<Reading> {
    metrics.lazy.compactMap { state in
      guard let latest = state.latest, instant - latest.at <= Self.fresh else { return nil }
      return Reading(metric: state.metric.id, value: latest.value, minute: latest.at, normal: state.normal)
    }
  }

  /// Whether a minute of a metric has not been learnt. A straggler closes its minute a second time; one that is far
  /// older than the last means that the clock was set back.
  private func isNew(_ metric: MetricID, _ minute: Instant) -> Bool {
    guard let latest = index(of: metric).flatMap({ metrics[$0].latest?.at }) else { return true }
    return minute > latest || latest - minute > Self.setBack
  }

  private func index(of metric: MetricID) -> Int? { metrics.firstIndex { $0.metric.id == metric } }

  // MARK: Saying

  /// A finding that is said; nil if the metric was spoken of a short while ago, and this does no more than repeat it.
  private mutating func say(_ finding: Finding, named name: String, at instant: Instant) -> Outcome? {
    let isCorroborated = corroboration.note(finding, at: instant)
    let isSurer = isCorroborated && instant - corroboratedAt >= Self.saidAgain
    guard isSurer || !wasSaid(finding, named: name, at: instant) else { return nil }
    if isCorroborated { corroboratedAt = instant }
    let words = finding.words(named: name)
    add(finding, named: name, words, at: instant)
    return .finding(finding, words: words, isCorroborated: isCorroborated)
  }

  private mutating func add(_ finding: Finding, named name: String, _ words: String, at instant: Instant) {
    insight.findings.append(
      AgentInsight.Found(
        metric: name, kind: finding.kind.rawValue, words: words, since: finding.since, at: instant))
    if insight.findings.count > AgentInsight.mostFindings { insight.findings.removeFirst() }
  }

  private func wasSaid(_ finding: Finding, named name: String, at instant: Instant) -> Bool {
    let isOfItsOwn = [.runaway, .apart, .version].contains(finding.kind)
    let again = [.apart, .version].contains(finding.kind) ? Self.apartAgain : Self.saidAgain
    return insight.findings.contains { found in
      guard found.metric == name, (instant - found.at).magnitude < again else { return false }
      // That its version is worse is not said of the agent alone.
      return isOfItsOwn ? found.kind == finding.kind.rawValue : found.kind != FindingKind.version.rawValue
    }
  }

  /// The forecasts that are open, the soonest first.
  private func coming(at instant: Instant) -> [AgentInsight.Coming] {
    let all = forecasts.compactMap { watch -> AgentInsight.Coming? in
      guard let open = watch.open, instant <= open.forecast.deadline else { return nil }
      return AgentInsight.Coming(
        metric: name(of: watch.metric), value: open.forecast.value, level: open.forecast.level,
        madeAt: open.forecast.madeAt, crossesAt: open.forecast.madeAt + open.forecast.eta,
        confidence: open.confidence, known: open.known, radius: watch.fan(after: ForecastWatch.ahead)?.radius)
    }
    return Array(all.sorted { $0.crossesAt < $1.crossesAt }.prefix(AgentInsight.mostForecasts))
  }

  private mutating func judgeHealth(_ peers: PeerBoard, at instant: Instant) -> [Outcome] {
    let inputs = metrics.compactMap { $0.healthInput(at: instant, peers[$0.metric.id]) }
    guard !inputs.isEmpty else { return [] }
    let judged = Health(inputs)
    let score = self.score.map { $0 + Self.weightOfMinute * (judged.score - $0) } ?? judged.score
    self.score = score
    let change = health.update(score)
    insight.health = (score * 100).rounded() / 100
    insight.isCritical = health.isCritical
    insight.reasons = judged.reasons.prefix(AgentInsight.mostReasons).map { $0.words(named: name(of: $0.metric)) }
    if insight.isCritical || change == .recovered { insight.toldUntil = instant + Self.toldAfter }
    let isNextMinute = instant > judgedAt || judgedAt - instant > Self.setBack
    judgedAt = instant
    if change == .turnedCritical { return [.turnedCritical(judged)] }
    guard isNextMinute, let until = insight.toldUntil, instant <= until else { return [] }
    return [.health(insight.health ?? score)]
  }

  package func name(of metric: MetricID) -> String {
    index(of: metric).map { metrics[$0].metric.name } ?? "metric \(metric.rawValue)"
  }
}

extension WatchedMetric {
  /// Makes its forecasts; nil for one without a level.
  fileprivate var forecastWatch: ForecastWatch? {
    guard let level, let bad else { return nil }
    return ForecastWatch(id, level: level, bad: bad)
  }
}

extension ForecastWatch.Announcement {
  /// A forecast that was made before a restart and is still open. How clear its slope was is not stored.
  fileprivate init(_ coming: AgentInsight.Coming, of metric: MetricID) {
    let minutes = max(0, Int((coming.crossesAt - coming.madeAt).milliseconds / 60_000))
    let forecast = Forecast(
      metric: metric, madeAt: coming.madeAt, value: coming.value, level: coming.level, eta: .minutes(Int64(minutes)),
      slope: minutes == 0 ? 0 : (coming.level - coming.value) / Double(minutes),
      bin: Calibration.Bin(minutes: minutes, significance: 0))
    self.init(forecast: forecast, confidence: coming.confidence, known: coming.known)
  }
}
