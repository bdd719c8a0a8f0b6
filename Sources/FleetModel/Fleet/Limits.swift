/// From which value on a metric is trouble: the shared table that thresholds, colours and alerts go by.
package struct Limits: Equatable, Sendable {
  /// Where medium, high and critical begin. For a metric that is bad when low they fall, for others they rise.
  package struct Levels: Equatable, Sendable {
    package var medium: Double
    package var high: Double
    package var critical: Double

    package init(medium: Double, high: Double, critical: Double) {
      self.medium = medium
      self.high = high
      self.critical = critical
    }

    package var isBadWhenLow: Bool { critical < medium }

    /// How bad a value is; nil if it is not.
    package func severity(of value: Double) -> Severity? {
      func reaches(_ level: Double) -> Bool { isBadWhenLow ? value <= level : value >= level }
      if reaches(critical) { return .critical }
      if reaches(high) { return .high }
      return reaches(medium) ? .medium : nil
    }

    /// Whether a value has not yet left the neighbourhood of trouble: at least 80 % of the way to the first level. An
    /// alert stays open for as long.
    package func isNear(_ value: Double) -> Bool {
      // In whole factors: 0.05 × 0.8 is a little more than 0.04.
      isBadWhenLow ? value * 4 <= medium * 5 : value * 5 >= medium * 4
    }

    /// Whether a metric with such values can ever leave the neighbourhood of trouble: otherwise no alert of it would end.
    package func canRecover(within plausible: ClosedRange<Double>) -> Bool {
      !isNear(isBadWhenLow ? plausible.upperBound : plausible.lowerBound)
    }

    /// The value that the first level has to be short of for that, of a metric that is bad when low; of others it has to be
    /// above the least value.
    package static func firstLevelLimit(within plausible: ClosedRange<Double>) -> Double {
      plausible.upperBound * 4 / 5
    }
  }

  /// By the metric's number: they are asked for with every value of every event.
  private var levels: [Levels?]
  /// Of open metrics, by their places; places beyond its end have none.
  private var open: [Levels?]

  package init(_ levels: [Metric: Levels] = Limits.defaults) {
    self.levels = Metric.allCases.map { levels[$0] }
    open = MetricTable.builtIn.metrics.map(\.levels)
  }

  /// The same with the levels that a table's metrics have.
  func with(_ metrics: MetricTable) -> Limits {
    var limits = self
    limits.open = metrics.metrics.map(\.levels)
    return limits
  }

  package subscript(metric: Metric) -> Levels? {
    get { levels[metric.rawValue] }
    set { levels[metric.rawValue] = newValue }
  }

  package subscript(place: MetricPlace) -> Levels? {
    get { open.indices.contains(place.rawValue) ? open[place.rawValue] : nil }
    set { if open.indices.contains(place.rawValue) { open[place.rawValue] = newValue } }
  }

  /// Of a metric of either sort.
  subscript(metric: AnyMetric) -> Levels? {
    switch metric {
    case .known(let metric): self[metric]
    case .open(let place): self[place]
    }
  }

  /// Whether a value is in the neighbourhood of trouble; one of a metric without limits never is.
  @inline(__always)
  func isNear(_ metric: Metric, _ value: Double) -> Bool { levels[metric.rawValue]?.isNear(value) ?? false }

  package static let defaults: [Metric: Levels] = [
    .errorRate: Levels(medium: 0.05, high: 0.10, critical: 0.25),
    .responseTime: Levels(medium: 2000, high: 4000, critical: 8000),
    .queueSize: Levels(medium: 100, high: 300, critical: 1000),
    .averageRating: Levels(medium: 3.0, high: 2.5, critical: 2.0),
    .healthScore: Levels(medium: 0.6, high: 0.4, critical: 0.2),
  ]
}

extension Metric {
  /// The alert that a value of this metric past its limit opens.
  package var alert: AlertKind? {
    switch self {
    case .errorRate, .responseTime: .performanceDegraded
    case .queueSize: .highTraffic
    case .averageRating: .satisfactionLow
    case .healthScore: .healthCritical
    case .lastHourErrors, .messagesPerMinute, .negativeFeedback, .attempts, .confidence, .rating: nil
    }
  }
}

extension EventKind {
  /// The alert that an event of this kind opens by itself, and how bad it is at least.
  package var alert: (kind: AlertKind, atLeast: Severity)? {
    switch self {
    case .performanceDegraded: (.performanceDegraded, .high)
    case .highTraffic: (.highTraffic, .medium)
    case .satisfactionLow: (.satisfactionLow, .medium)
    case .securityAlert: (.securityAlert, .medium)
    case .healthCritical: (.healthCritical, .high)
    case .predictiveAlert: (.predictiveAlert, .low)
    case .anomaly: (.anomaly, .medium)
    case .runaway: (.runaway, .high)
    case .budget: (.budget, .medium)
    case .created, .updated, .deleted, .metrics, .status, .feedback, .handoffRequested, .handoffAccepted,
      .handoffRefused, .waiting, .personAccepted, .personReturned, .conversationEnded, .silent, .other:
      nil
    }
  }

  /// The alert that events of this kind are about, whether they open it or tell that it was opened.
  package var subject: AlertKind? { self == .silent ? .silent : alert?.kind }
}
