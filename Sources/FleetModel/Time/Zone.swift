/// A time zone: how far local time is from UTC, and where its days begin.
package struct Zone: Equatable, Sendable {
  package let name: String
  private let rules: ZoneRules

  package static let utc = Zone(name: "UTC", ZoneRules(offset: 0))

  /// Where the files of zones are, each under its zone's name.
  package static let folder = "/usr/share/zoneinfo/"

  private init(name: String, _ rules: ZoneRules) {
    (self.name, self.rules) = (name, rules)
  }

  /// - Parameters:
  ///   - name: as in the IANA database, `Europe/Lisbon`.
  ///   - file: the zone's file. Nil if the bytes are no such file.
  package init?(name: String, file: [UInt8]) {
    guard let rules = ZoneRules(file: file) else { return nil }
    self.init(name: name, rules)
  }

  /// - Parameter rule: how local time changes each year, as POSIX writes it: `WET0WEST,M3.5.0/1,M10.5.0`.
  package init?(name: String, rule: String) {
    guard let rule = YearlyRule(rule) else { return nil }
    self.init(name: name, ZoneRules(rule))
  }

  /// Whether a text can be a zone's name: a path that stays within the folder.
  package static func isName(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return (1...100).contains(text.utf8.count) && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
        default: false
        }
      }
  }

  // MARK: Days

  /// The day that a minute lies in. Where clocks go over midnight twice, the day begins the first time; where they leave
  /// it out, the day begins after what is left out.
  package func day(of minute: Int64) -> BudgetDay {
    var date = Self.floor(minute + rules.offset(at: minute * 60) / 60, 1440)
    while begin(of: date) > minute { date -= 1 }
    while begin(of: date + 1) <= minute { date += 1 }
    return BudgetDay(from: begin(of: date), until: begin(of: date + 1))
  }

  package func day(of instant: Instant) -> BudgetDay { day(of: BudgetDay.minute(of: instant)) }

  /// The first minute in which local time has reached a date.
  private func begin(of date: Int64) -> Int64 {
    let midnight = date * 1440
    var minute = midnight - rules.greatest / 60
    while minute + rules.offset(at: minute * 60) / 60 < midnight { minute += 1 }
    return minute
  }

  private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
    number / divisor - (number % divisor < 0 ? 1 : 0)
  }
}
