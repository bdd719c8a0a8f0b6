/// What the handler thinks of an agent: how well it is and why, what it found, what it sees coming, and what was changed.
///
/// Metrics are named as on the wire. Values are in the metric's own unit. All words are bounded, and not scrubbed.
package struct AgentInsight: Equatable, Sendable {
  /// When it was last changed.
  package var at: Instant
  /// 0…1, 1 is well; nil as long as too little is known.
  package var health: Double?
  /// Whether the health counts as critical. It stays so until it is clearly better.
  package var isCritical = false
  /// Until when the health is told each minute, since it was critical a short while ago; nil if it was not.
  package var toldUntil: Instant?
  /// Why the health is not 1, the weightiest first, in plain words.
  package var reasons: [String] = []
  /// What detectors found lately, the latest last.
  package var findings: [Found] = []
  /// What it will come to, the soonest first.
  package var forecasts: [Coming] = []
  /// What was changed about the agent, the latest last.
  package var changes: [Change] = []

  package static let mostReasons = 8
  package static let mostFindings = 8
  package static let mostForecasts = 8
  package static let mostChanges = 16

  package init(at instant: Instant) {
    at = instant
  }

  /// Something unusual in one metric.
  package struct Found: Equatable, Sendable {
    package var metric: String
    /// Such as `out_of_range`, `apart`, `runaway`.
    package var kind: String
    package var words: String
    /// When it began, and when it was found.
    package var since: Instant
    package var at: Instant

    package init(metric: String, kind: String, words: String, since: Instant, at: Instant) {
      (self.metric, self.kind, self.words, self.since, self.at) = (metric, kind, words, since, at)
    }
  }

  /// A forecast that is still open.
  package struct Coming: Equatable, Sendable {
    package var metric: String
    /// The metric's height when the forecast was made, and the level that it will cross.
    package var value: Double
    package var level: Double
    package var madeAt: Instant
    package var crossesAt: Instant
    /// 0…1, and from how many earlier forecasts of its kind that is known.
    package var confidence: Double
    package var known: Int
    /// How far the value may lie from what is expected ten minutes ahead, to either side. Nil if nothing is known yet.
    package var radius: Double?

    package init(
      metric: String, value: Double, level: Double, madeAt: Instant, crossesAt: Instant, confidence: Double,
      known: Int, radius: Double? = nil
    ) {
      (self.metric, self.value, self.level, self.madeAt) = (metric, value, level, madeAt)
      (self.crossesAt, self.confidence, self.known, self.radius) = (crossesAt, confidence, known, radius)
    }

    /// The same for another span after the forecast was made: it grows with the square root of the time.
    package func radius(after span: TimeSpan) -> Double? {
      radius.map { $0 * (Double(max(0, span.milliseconds)) / 600_000).squareRoot() }
    }
  }

  /// A change of the agent, as a mark on its charts.
  package struct Change: Equatable, Sendable {
    /// `version`, `llm_model`, `prompt_version`, `operator` or `rule`.
    package var kind: String
    /// What it is since, or what was done.
    package var detail: String
    package var at: Instant

    /// Whether the agent was told to restart.
    package var isRestart: Bool {
      (kind == "operator" || kind == "rule") && detail.hasPrefix(AgentState.restarting.rawValue)
    }

    /// What it begins with once a restart is confirmed.
    package static let restarted = "restarted"

    /// Whether it runs again after a restart.
    package var isRestarted: Bool { (kind == "operator" || kind == "rule") && detail.hasPrefix(Self.restarted) }

    package init(kind: String, detail: String, at: Instant) {
      (self.kind, self.detail, self.at) = (kind, detail, at)
    }
  }

  /// The latest change before a trouble began, and how long before; nil if there is none within six hours.
  package func change(before instant: Instant) -> (change: Change, ago: TimeSpan)? {
    guard let last = changes.last(where: { $0.at <= instant }), instant - last.at <= .hours(6) else { return nil }
    return (last, instant - last.at)
  }
}
