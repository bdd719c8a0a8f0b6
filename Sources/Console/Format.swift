import FleetModel
import Screen

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

  /// An open metric's value in its own unit.
  ///
  /// - Parameter currency: of what is counted in currency; empty if it is not known.
  package static func value(_ value: Double, of metric: OpenMetric, currency: String = "") -> String {
    switch metric.unit {
    case .fraction: percent(value)
    case .ms: milliseconds(value)
    case .count: value < 10 && value != value.rounded() ? decimal(value, places: 1) : count(value)
    case .currency:
      (value < 100 ? decimal(value, places: 2) : count(value)) + (currency.isEmpty ? "" : " \(currency)")
    }
  }

  /// A value as exact as its text is: two that are shown the same are equal.
  package static func shown(_ value: Double, of metric: Metric) -> Double {
    switch metric {
    case .healthScore, .confidence: (value * 100).rounded()
    case .errorRate: (value * 1000).rounded() < 100 ? (value * 1000).rounded() : (value * 100).rounded() * 10
    case .responseTime: value < 1000 ? value.rounded() : steps(value, of: 1000) * 100
    case .averageRating, .rating: (value * 10).rounded()
    case .lastHourErrors, .queueSize, .negativeFeedback, .attempts, .messagesPerMinute: shownCount(value)
    }
  }

  /// The same of an open metric.
  package static func shown(_ value: Double, of metric: OpenMetric) -> Double {
    switch metric.unit {
    case .fraction: shown(value, of: .errorRate)
    case .ms: shown(value, of: .responseTime)
    case .count: value < 10 ? (value * 10).rounded() / 10 : shownCount(value)
    case .currency: value < 100 ? (value * 100).rounded() / 100 : shownCount(value)
    }
  }

  private static func shownCount(_ value: Double) -> Double {
    for size in [1_000_000_000, 1_000_000, 1000.0] where value >= size * 0.99995 {
      return steps(value, of: size) * size / 10
    }
    return value.rounded()
  }

  /// A value in tenths of a unit; from ten units on in whole ones, as ``milliseconds(_:)`` and ``count(_:)`` show it.
  private static func steps(_ value: Double, of unit: Double) -> Double {
    let tenths = (value / unit * 10).rounded()
    return tenths < 100 ? tenths : (tenths / 10).rounded(.down) * 10
  }

  /// A moment not far off as the time of day; beyond half a day with how long still: `16:14Z`, `16:14Z in 3d`.
  package static func until(_ end: Instant, from now: Instant) -> String {
    let time = clock(end).dropLast(3) + "Z"
    return end - now < .hours(12) ? String(time) : "\(time) in \(age(end - now))"
  }

  /// An operator without the machine: `alice` of `alice@bastion`.
  package static func person(_ name: String) -> String {
    let shown = Scrubber.display(name.clipped(toBytes: 80))
    let user = shown.prefix { $0 != "@" }
    let person = user.isEmpty ? shown : String(user)
    return TextWidth.fits(person, columns: 32) ? person : TextWidth.prefix(person, columns: 31).0 + "…"
  }

  /// Two values of a metric as one: `22–38%`.
  package static func range(_ least: Double, _ most: Double, of metric: Metric) -> String {
    let (first, last) = (value(least, of: metric), value(most, of: metric))
    guard first != last else { return first }
    // The unit is said once, unless there are two.
    let unit = last.drop { $0.isNumber || $0 == "." }
    return (first.hasSuffix(unit) ? String(first.dropLast(unit.count)) : first) + "–" + last
  }

  /// How long ago, in steps, so that a screen at rest seldom changes: `now`, `10s`, `30s`, `1m`, `2m` … `3h`, `2d`.
  package static func age(_ span: TimeSpan) -> String {
    let step = ageStep(span)
    return switch step {
    case 0: "now"
    case ..<60: "\(step)s"
    case ..<3600: "\(step / 60)m"
    case ..<86_400: "\(step / 3600)h"
    default: "\(step / 86_400)d"
    }
  }

  /// The same as words: `just now`, `2m ago`.
  package static func ago(_ span: TimeSpan) -> String {
    let age = age(span)
    return age == "now" ? "just now" : "\(age) ago"
  }

  /// The seconds that ``age(_:)`` shows.
  static func ageStep(_ span: TimeSpan) -> Int64 {
    switch span.seconds {
    case ..<10: 0
    case ..<30: 10
    case ..<60: 30
    case ..<3600: span.seconds / 60 * 60
    case ..<86_400: span.seconds / 3600 * 3600
    default: span.seconds / 86_400 * 86_400
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
