extension Instant {
  /// ISO 8601 in UTC, in whole seconds: `2026-11-22T08:00:00Z`.
  package var linkText: String {
    let seconds = (milliseconds - (milliseconds % 1000 + 1000) % 1000) / 1000
    let clock = (seconds % 86_400 + 86_400) % 86_400
    let date = Self.date(ofDay: (seconds - clock) / 86_400)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let year = String(repeating: "0", count: max(0, 4 - "\(date.year)".count)) + "\(date.year)"
    return
      "\(year)-\(two(date.month))-\(two(date.day))T\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60))Z"
  }

  /// By the days of eras of 400 years that begin in March, so that a leap day is the last of a year.
  private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    let number = month < 10 ? month + 3 : month - 9
    return (year + era * 400 + (number <= 2 ? 1 : 0), number, ofYear - (153 * month + 2) / 5 + 1)
  }
}
