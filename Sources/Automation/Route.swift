import FleetModel

/// Which notices go to which channels: all its conditions must hold.
package struct Route: Equatable, Sendable {
  /// Those at least as bad as this.
  package var severity: Severity
  /// The agents' role, with `*` for any characters; nil matches all, those without a role too.
  package var role: String?
  package var rule: String?
  /// Nil: at all hours.
  package var hours: DayHours?
  package var to: [String]
  /// Whether routes after it are looked at if it matches.
  package var goesOn: Bool

  package init(
    severity: Severity = .low, role: String? = nil, rule: String? = nil, hours: DayHours? = nil, to: [String],
    goesOn: Bool = false
  ) {
    self.severity = severity
    self.role = role
    self.rule = rule
    self.hours = hours
    self.to = to
    self.goesOn = goesOn
  }

  package func matches(_ notice: Notice) -> Bool {
    notice.severity >= severity && Self.matches(role, notice.role) && Self.matches(rule, notice.rule)
      && hours?.contains(notice.at) ?? true
  }

  private static func matches(_ pattern: String?, _ text: String?) -> Bool {
    pattern.map { Glob($0)?.matches(text ?? "") == true } ?? true
  }
}

/// Hours of the day, `22:00-06:00`, where the clocks are off UTC by so much: from the first minute up to, and without, the
/// last. What ends before it begins goes over midnight; what ends as it begins is the whole day.
package struct DayHours: Equatable, Sendable {
  /// Minutes of the day.
  package let start: Int
  package let end: Int
  /// Minutes east of UTC.
  package let offset: Int

  /// - Parameter offset: `+02:00`, `-03:30`, `Z` or empty.
  /// - Returns: nil if either text is none.
  package init?(_ text: String, offset: String = "") {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let start = Self.minutes(parts[0], through: 23),
      let end = Self.minutes(parts[1], through: 24),
      let offset = Self.offset(offset)
    else { return nil }
    (self.start, self.end, self.offset) = (start, end, offset)
  }

  package func contains(_ instant: Instant) -> Bool {
    let day: Int64 = 24 * 60
    let minute = (instant.milliseconds - (instant.milliseconds % 60_000 + 60_000) % 60_000) / 60_000
    let local = Int(((minute + Int64(offset)) % day + day) % day)
    return start < end ? start <= local && local < end : local >= start || local < end
  }

  private static func minutes(_ text: Substring, through last: Int) -> Int? {
    let digits = text.split(separator: ":", omittingEmptySubsequences: false)
    guard digits.count == 2, digits.allSatisfy({ $0.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let hour = Int(digits[0]), let minute = Int(digits[1]), minute < 60,
      hour < last || hour == last && (last < 24 || minute == 0)
    else { return nil }
    return hour * 60 + minute
  }

  private static func offset(_ text: String) -> Int? {
    guard !text.isEmpty, text != "Z" else { return 0 }
    guard let sign = text.first, "+-".contains(sign), let minutes = minutes(text.dropFirst(), through: 14) else {
      return nil
    }
    return sign == "-" ? -minutes : minutes
  }
}
