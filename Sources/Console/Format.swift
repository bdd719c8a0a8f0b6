import FleetModel

/// Numbers and times as short words, always the same for the same value.
package enum Format {
  /// A fraction as per cent: `0%`, `0.4%`, `3.2%`, `38%`.
  package static func percent(_ fraction: Double) -> String {
    let tenths = (fraction * 1000).rounded()
    if tenths == 0 || tenths >= 100 { return "\(Bounded.int(rounding: fraction * 100))%" }
    return "\(Bounded.int(rounding: tenths) / 10).\(abs(Bounded.int(rounding: tenths) % 10))%"
  }

  /// A latency: `850ms`, `5.2s`, `75s`.
  package static func milliseconds(_ value: Double) -> String {
    if value < 1000 { return "\(Bounded.int(rounding: value))ms" }
    let tenths = Bounded.int(rounding: value / 100)
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10)s" : "\(tenths / 10)s"
  }

  /// A count: `7`, `940`, `1.2k`, `38k`, `2.1M`.
  package static func count(_ value: Double) -> String {
    let units: [(Double, String)] = [(1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")]
    for (size, letter) in units where value >= size * 0.99995 {
      let tenths = Bounded.int(rounding: value / size * 10)
      return tenths < 100 ? "\(tenths / 10).\(tenths % 10)\(letter)" : "\(tenths / 10)\(letter)"
    }
    return "\(Bounded.int(rounding: value))"
  }

  /// A rating or a health score, with one or two decimals: `4.1`, `0.31`.
  package static func decimal(_ value: Double, places: Int) -> String {
    let scale = places == 1 ? 10.0 : 100.0
    let scaled = Bounded.int(rounding: value * scale)
    let rest = String(abs(scaled % Int(scale)))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: places - rest.count) + rest
  }

  /// A metric's value in its own unit.
  package static func value(_ value: Double, of metric: Metric) -> String {
    switch metric {
    case .healthScore, .confidence: decimal(value, places: 2)
    case .errorRate: percent(value)
    case .responseTime: milliseconds(value)
    case .averageRating, .rating: decimal(value, places: 1)
    case .lastHourErrors, .queueSize, .negativeFeedback, .attempts, .messagesPerMinute: count(value)
    }
  }

  /// How long ago, in steps, so that a screen at rest seldom changes: `now`, `10s`, `30s`, `1m`, `2m` … `3h`, `2d`.
  package static func age(_ span: TimeSpan) -> String {
    switch span.seconds {
    case ..<10: "now"
    case ..<30: "10s"
    case ..<60: "30s"
    case ..<3600: "\(span.seconds / 60)m"
    case ..<86_400: "\(span.seconds / 3600)h"
    default: "\(span.seconds / 86_400)d"
    }
  }

  /// How long still, to the second below two minutes: `52s`, `14m`.
  package static func remaining(_ span: TimeSpan) -> String {
    let seconds = max(0, (span + .milliseconds(999)).seconds)
    return seconds < 120 ? "\(seconds)s" : age(.seconds(seconds))
  }

  /// The time of day in UTC: `14:22:05`.
  package static func clock(_ instant: Instant) -> String {
    let seconds = (instant.milliseconds / 1000 % 86_400 + 86_400) % 86_400
    return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  /// A count with its noun: `1 agent`, `12 agents`.
  package static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
