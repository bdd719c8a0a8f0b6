/// The numeric fields of an event's `data` that vigia knows, whichever event carries them.
package enum Metric: Int, CaseIterable, Sendable {
  case errorRate
  case responseTime
  case lastHourErrors
  case messagesPerMinute
  case queueSize
  case averageRating
  case negativeFeedback
  case attempts
  case healthScore
  case confidence
  /// One conversation's rating, from `agent.feedback`.
  case rating

  /// What one number of it counts.
  package enum Unit: Sendable {
    /// 0…1, shown as per cent.
    case fraction
    case milliseconds
    case count
    case perMinute
    /// 1…5.
    case stars
  }

  /// The field's name on the wire.
  package var field: String {
    switch self {
    case .errorRate: "error_rate"
    case .responseTime: "response_time"
    case .lastHourErrors: "last_hour_errors"
    case .messagesPerMinute: "messages_per_minute"
    case .queueSize: "queue_size"
    case .averageRating: "avg_rating"
    case .negativeFeedback: "negative_feedback_count"
    case .attempts: "attempts_count"
    case .healthScore: "health_score"
    case .confidence: "confidence"
    case .rating: "rating"
    }
  }

  /// Other names of the same field.
  package var aliases: [String] { self == .responseTime ? ["response_time_avg"] : [] }

  package var unit: Unit {
    switch self {
    case .errorRate, .healthScore, .confidence: .fraction
    case .responseTime: .milliseconds
    case .lastHourErrors, .queueSize, .negativeFeedback, .attempts: .count
    case .messagesPerMinute: .perMinute
    case .averageRating, .rating: .stars
    }
  }

  /// Whether the fleet keeps rolling windows of it for sparklines.
  package var isCharted: Bool {
    switch self {
    case .errorRate, .responseTime, .messagesPerMinute, .queueSize, .averageRating, .healthScore: true
    case .lastHourErrors, .negativeFeedback, .attempts, .confidence, .rating: false
    }
  }

  /// No time in milliseconds and no count is greater; a sum over a fleet still has whole steps.
  private static let greatest = 1e15

  /// What can be a value of this metric.
  package var plausible: ClosedRange<Double> {
    switch unit {
    case .fraction: 0...1
    case .stars: 0...5
    case .milliseconds, .count, .perMinute: 0...Self.greatest
    }
  }

  /// Whether a value can be one of this metric: a number outside is shown as suspect and not counted.
  package func isPlausible(_ value: Double) -> Bool { value.isFinite && plausible.contains(value) }
}

/// Values for some of the metrics, without an allocation.
package struct MetricValues: Sendable {
  /// Which metrics have a value.
  package private(set) var present = MetricSet()
  /// Whether one of them came by another name than its own.
  package private(set) var usesAlias = false
  private var values = InlineArray<11, Double>(repeating: 0)

  package init() {}

  /// Takes note that a value came by another name than its metric's own.
  package mutating func noteAlias() { usesAlias = true }

  package subscript(metric: Metric) -> Double? {
    get { has(metric) ? value(metric) : nil }
    set {
      values[metric.rawValue] = newValue ?? 0
      if newValue == nil { present.remove(metric) } else { present.insert(metric) }
    }
  }

  /// The value of one that is present; 0 of another.
  @inline(__always)
  package borrowing func value(_ metric: Metric) -> Double { values[metric.rawValue] }

  package var isEmpty: Bool { present.isEmpty }

  /// Forgets all values, so that the same storage serves the next event.
  package mutating func removeAll() { (present, usesAlias) = (MetricSet(), false) }

  package func has(_ metric: Metric) -> Bool { present.contains(metric) }
}

extension MetricValues: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (Metric, Double)...) {
    for (metric, value) in elements { self[metric] = value }
  }
}

/// Some of the metrics, as bits.
package struct MetricSet: Equatable, Sendable {
  private var bits: UInt16 = 0

  package var isEmpty: Bool { bits == 0 }
  package func contains(_ metric: Metric) -> Bool { bits & (1 << metric.rawValue) != 0 }
  package mutating func insert(_ metric: Metric) { bits |= 1 << metric.rawValue }
  package mutating func remove(_ metric: Metric) { bits &= ~(1 << metric.rawValue) }

  /// Takes one out; nil if none is left.
  package mutating func popFirst() -> Metric? {
    guard bits != 0 else { return nil }
    let index = bits.trailingZeroBitCount
    bits &= bits &- 1
    return Metric(rawValue: index)
  }
}
