/// A metric besides those of ``Metric``: one that services of AI agents also send, or that the configuration declares.
package struct OpenMetric: Equatable, Sendable {
  /// What one number of it counts.
  package enum Unit: String, CaseIterable, Sendable {
    case count
    /// 0…1, shown as per cent.
    case fraction
    /// Milliseconds.
    case ms
    /// The currency of the configuration.
    case currency
  }

  /// Which way is bad.
  package enum BadWay: String, CaseIterable, Sendable {
    case high, low, neither
  }

  /// Where it is shown. Every metric is shown in the agent's detail.
  package enum Shown: String, CaseIterable, Sendable {
    case detail
    /// Also as a column of the agents' pane, if that is wide enough.
    case column
  }

  /// The field's name on the wire.
  package let name: String
  /// Other names of the same field.
  package var aliases: [String]
  package var unit: Unit
  package var bad: BadWay
  /// From where on it is trouble, unless the levels by role, tier or agent say otherwise; nil if nowhere.
  package var levels: Limits.Levels?
  package var shown: Shown
  /// What its column is called.
  package var heading: String
  /// Whether a value far above its normal means that the agent has lost its way.
  package var tellsRunaway: Bool
  /// Where the configuration declares it, from 1; nil if it does not.
  package var line: Int?

  /// No name is longer, in bytes.
  package static let longestName = 64
  /// No time in milliseconds, no count and no cost is greater; see ``Metric``.
  private static let greatest = 1e15

  package init(
    _ name: String, unit: Unit = .count, bad: BadWay = .high, aliases: [String] = [], levels: Limits.Levels? = nil,
    shown: Shown = .detail, tellsRunaway: Bool = false
  ) {
    self.name = name
    (self.unit, self.bad, self.aliases) = (unit, bad, aliases)
    (self.levels, self.shown, self.tellsRunaway) = (levels, shown, tellsRunaway)
    heading = name.swapping("_", for: " ")
  }

  /// What can be a value of this metric.
  package var plausible: ClosedRange<Double> {
    switch unit {
    case .fraction: 0...1
    case .count, .ms, .currency: 0...Self.greatest
    }
  }

  /// Whether a value can be one of this metric: a number outside is shown as suspect and not counted.
  package func isPlausible(_ value: Double) -> Bool { value.isFinite && plausible.contains(value) }
}

/// The open metrics that need no declaration, in the order of their places.
package enum BuiltInMetric: Int, CaseIterable, Sendable {
  case tokensPerMinute, tokensIn, tokensOut, costPerHour, timeToFirstToken
  case toolCallsPerTurn, toolErrorRate, toolLatency, fallbackRate, guardrailTrips, waitingForPerson

  package var place: MetricPlace { MetricPlace(rawValue: rawValue) }

  package var metric: OpenMetric {
    var metric = unheaded
    metric.heading = heading
    return metric
  }

  private var heading: String {
    switch self {
    case .tokensPerMinute: "Tok/min"
    case .tokensIn: "Tok in"
    case .tokensOut: "Tok out"
    case .costPerHour: "Cost/h"
    case .timeToFirstToken: "1st tok"
    case .toolCallsPerTurn: "Calls"
    case .toolErrorRate: "Tool err"
    case .toolLatency: "Tool lat"
    case .fallbackRate: "Fallback"
    case .guardrailTrips: "Guards"
    case .waitingForPerson: "Waiting"
    }
  }

  private var unheaded: OpenMetric {
    switch self {
    case .tokensPerMinute: OpenMetric("tokens_per_minute", bad: .neither, tellsRunaway: true)
    case .tokensIn: OpenMetric("tokens_in", bad: .neither, aliases: ["gen_ai.usage.input_tokens"])
    case .tokensOut: OpenMetric("tokens_out", bad: .neither, aliases: ["gen_ai.usage.output_tokens"])
    case .costPerHour: OpenMetric("cost_per_hour", unit: .currency)
    case .timeToFirstToken:
      OpenMetric("time_to_first_token", unit: .ms, aliases: ["gen_ai.server.time_to_first_token"])
    case .toolCallsPerTurn: OpenMetric("tool_calls_per_turn", bad: .neither, tellsRunaway: true)
    case .toolErrorRate: OpenMetric("tool_error_rate", unit: .fraction)
    case .toolLatency: OpenMetric("tool_latency", unit: .ms, aliases: ["gen_ai.execute_tool.duration"])
    case .fallbackRate: OpenMetric("fallback_rate", unit: .fraction)
    case .guardrailTrips: OpenMetric("guardrail_trips")
    case .waitingForPerson: OpenMetric("waiting_for_person")
    }
  }
}
