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

  /// Whether a value can be one of this metric: a number outside is shown as suspect and not counted.
  package func isPlausible(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    return switch unit {
    case .fraction: (0...1).contains(value)
    case .stars: (0...5).contains(value)
    case .milliseconds, .count, .perMinute: (0...Self.greatest).contains(value)
    }
  }
}

/// Values for some of the metrics, without an allocation.
package struct MetricValues: Sendable {
  private var present: UInt16 = 0
  private var values = InlineArray<11, Double>(repeating: 0)

  package init() {}

  package subscript(metric: Metric) -> Double? {
    get { has(metric) ? values[metric.rawValue] : nil }
    set {
      values[metric.rawValue] = newValue ?? 0
      if newValue == nil { present &= ~(1 << metric.rawValue) } else { present |= 1 << metric.rawValue }
    }
  }

  package var isEmpty: Bool { present == 0 }

  /// Forgets all values, so that the same storage serves the next event.
  package mutating func removeAll() { present = 0 }

  package func has(_ metric: Metric) -> Bool { present & (1 << metric.rawValue) != 0 }

  /// Calls `body` for each metric that has a value.
  package func forEach(_ body: (Metric, Double) -> Void) {
    var rest = present
    while rest != 0 {
      let index = rest.trailingZeroBitCount
      rest &= rest - 1
      if let metric = Metric(rawValue: index) { body(metric, values[index]) }
    }
  }
}

extension MetricValues: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (Metric, Double)...) {
    for (metric, value) in elements { self[metric] = value }
  }
}
