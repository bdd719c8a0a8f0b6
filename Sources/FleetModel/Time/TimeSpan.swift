/// A length of time in whole milliseconds, written on the wire as `<int>` and one of s, m, h, d.
package struct TimeSpan: Hashable, Comparable, Sendable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static let zero = TimeSpan(milliseconds: 0)

  package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }
  package static func seconds(_ count: Int64) -> TimeSpan { milliseconds(1000) * count }
  package static func minutes(_ count: Int64) -> TimeSpan { seconds(60) * count }
  package static func hours(_ count: Int64) -> TimeSpan { minutes(60) * count }
  package static func days(_ count: Int64) -> TimeSpan { hours(24) * count }

  /// The sum; saturates at the ends of the range.
  package static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
    let (sum, overflow) = left.milliseconds.addingReportingOverflow(right.milliseconds)
    return TimeSpan(milliseconds: overflow ? (left > .zero ? .max : .min) : sum)
  }

  /// The multiple; saturates at the ends of the range.
  package static func * (span: TimeSpan, factor: Int64) -> TimeSpan {
    let (product, overflow) = span.milliseconds.multipliedReportingOverflow(by: factor)
    return TimeSpan(milliseconds: overflow ? ((span < .zero) == (factor < 0) ? .max : .min) : product)
  }

  package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }

  /// Its length, whichever way it goes.
  package var magnitude: TimeSpan {
    milliseconds == .min ? TimeSpan(milliseconds: .max) : TimeSpan(milliseconds: abs(milliseconds))
  }

  /// Whole seconds, rounded toward zero.
  package var seconds: Int64 { milliseconds / 1000 }

  /// Units of the written form, longest first.
  private static let units: [(letter: Character, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
  ]

  /// Reads `90s`, `15m`, `1h` or `2d`: a positive whole number and one unit. Nil for anything else, zero included, and
  /// for what does not fit.
  package init?(_ text: some StringProtocol) {
    guard let letter = text.last, let unit = Self.units.first(where: { $0.letter == letter }) else { return nil }
    let digits = text.dropLast()
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(digits), count > 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
    guard !overflow else { return nil }
    milliseconds = product
  }
}

extension TimeSpan: CustomStringConvertible {
  /// The written form in the longest unit that divides it: `15m`, `90s`. Parts of a second are rounded up.
  package var description: String {
    let (raised, overflow) = milliseconds.addingReportingOverflow(milliseconds > 0 ? 999 : 0)
    let whole = (overflow ? .max : raised) / 1000 * 1000
    let unit = Self.units.first { whole % $0.milliseconds == 0 && whole != 0 } ?? ("s", 1000)
    return "\(whole / unit.milliseconds)\(unit.letter)"
  }

  /// As people say it: `10m` for 593 seconds. Below five minutes every second counts, and ten days are still ten days.
  package var rounded: TimeSpan {
    guard self >= .minutes(5) else { return self }
    return .minutes((self + .seconds(30)).seconds / 60)
  }
}
