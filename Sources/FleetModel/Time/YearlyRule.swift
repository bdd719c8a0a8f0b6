/// How a zone's local time changes each year, as POSIX writes it (POSIX.1-2024, 8.3, TZ).
///
/// ```text
///   WET0WEST,M3.5.0/1,M10.5.0     a name, how far west of Greenwich; the same in summer; when summer begins and ends
///   M3.5.0/1                      the last (5) Sunday (0) of March, at one o'clock; also J60 and 59, days of the year
///   <-03>3                        a name in brackets; no summer time
/// ```
struct YearlyRule: Equatable, Sendable {
  /// How far local time is from UTC in winter and in summer, in seconds.
  let standard: Int64
  private var summer: Summer?

  private struct Summer: Equatable, Sendable {
    var offset: Int64
    var begin: Change
    var end: Change
  }

  /// When local time changes in a year, by the local time before it.
  private struct Change: Equatable, Sendable {
    enum Day: Equatable, Sendable {
      /// 5 is the last week.
      case weekday(month: Int64, week: Int64, day: Int64)
      /// 1…365; the 29th of February is never counted.
      case withoutLeapDay(Int64)
      /// 0…365
      case ofYear(Int64)
    }

    var day: Day
    var time: Int64

    /// In seconds since the epoch of local time.
    func second(in year: Int64) -> Int64 {
      let first = Self.days(year, 1)
      let date =
        switch day {
        case .ofYear(let number): first + number
        case .withoutLeapDay(let number): first + number - 1 + (number > 59 && Self.isLeap(year) ? 1 : 0)
        case .weekday(let month, let week, let day): Self.date(year, month, week, day)
        }
      return date * 86_400 + time
    }

    private static func date(_ year: Int64, _ month: Int64, _ week: Int64, _ day: Int64) -> Int64 {
      let first = days(year, month)
      // The epoch was a Thursday.
      let weekday = ((first + 4) % 7 + 7) % 7
      let date = first + (day - weekday + 7) % 7 + (week - 1) * 7
      let next = month == 12 ? days(year + 1, 1) : days(year, month + 1)
      return date >= next ? date - 7 : date
    }

    private static func isLeap(_ year: Int64) -> Bool { days(year, 3) - days(year, 2) == 29 }

    /// Days from the epoch to the first of a month: years begin with March, so that a leap day is their last.
    static func days(_ year: Int64, _ month: Int64) -> Int64 {
      let years = month <= 2 ? year - 1 : year
      let months = (month + 9) % 12
      return 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 - 719_468
    }
  }

  var greatest: Int64 { max(standard, summer?.offset ?? standard) }

  func offset(at second: Int64) -> Int64 {
    guard let summer else { return standard }
    // Far from all calendars nothing is known, and nothing may overflow.
    let local = min(max(second, 0), 253_402_300_799) + standard
    var year = 1970 + local / 31_556_952
    while Change.days(year + 1, 1) * 86_400 <= local { year += 1 }
    while Change.days(year, 1) * 86_400 > local { year -= 1 }
    let (begin, end) = (summer.begin.second(in: year) - standard, summer.end.second(in: year) - summer.offset)
    let isSummer = begin < end ? begin <= second && second < end : !(end <= second && second < begin)
    return isSummer ? summer.offset : standard
  }

  // MARK: Reading

  init?(_ text: String) {
    var reader = Reader(rest: Array(text.utf8)[...])
    guard reader.skipName(), let west = reader.time(atMost: 24) else { return nil }
    standard = -west
    guard !reader.rest.isEmpty else { return }
    guard reader.skipName() else { return nil }
    let offset = reader.rest.first == UInt8(ascii: ",") ? standard + 3600 : reader.time(atMost: 24).map { -$0 }
    guard let offset, let begin = reader.change(), let end = reader.change(), reader.rest.isEmpty else { return nil }
    summer = Summer(offset: offset, begin: begin, end: end)
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: sign) else { return false }
      rest.removeFirst()
      return true
    }

    mutating func skipName() -> Bool {
      if take("<") {
        guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
        rest = rest[(end + 1)...]
        return true
      }
      let name = rest.prefix { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
      rest = rest[name.endIndex...]
      return name.count >= 3
    }

    private mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      rest = rest[digits.endIndex...]
      guard (1...3).contains(digits.count) else { return nil }
      let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1) - 0x30 }
      return range.contains(number) ? number : nil
    }

    /// `1`, `-3:30`, `12:45:10` in seconds.
    mutating func time(atMost hours: Int64) -> Int64? {
      let sign: Int64 = take("-") ? -1 : 1
      if sign > 0 { _ = take("+") }
      guard var seconds = number(0...hours).map({ $0 * 3600 }) else { return nil }
      for unit in [60, 1] as [Int64] where take(":") {
        guard let number = number(0...59) else { return nil }
        seconds += number * unit
      }
      return sign * seconds
    }

    mutating func change() -> Change? {
      guard take(","), let day = day() else { return nil }
      guard take("/") else { return Change(day: day, time: 7200) }
      return time(atMost: 167).map { Change(day: day, time: $0) }
    }

    private mutating func day() -> Change.Day? {
      if take("J") { return number(1...365).map { .withoutLeapDay($0) } }
      guard take("M") else { return number(0...365).map { .ofYear($0) } }
      guard let month = number(1...12), take("."), let week = number(1...5), take("."), let day = number(0...6) else {
        return nil
      }
      return .weekday(month: month, week: week, day: day)
    }
  }
}
