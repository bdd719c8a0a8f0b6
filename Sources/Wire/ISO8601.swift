import FleetModel

/// Dates and times as ISO 8601 writes them, by arithmetic alone: `2026-11-22T08:00:00.000Z`.
package enum ISO8601 {
  /// The instant in UTC with milliseconds.
  package static func format(_ instant: Instant) -> String {
    var bytes: [UInt8] = []
    append(instant, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends what ``format(_:)`` gives.
  package static func append(_ instant: Instant, to bytes: inout [UInt8]) {
    let (days, rest) = floorDivide(instant.milliseconds, 86_400_000)
    let (year, month, day) = date(ofDay: days)
    if year < 0 { bytes.append(UInt8(ascii: "-")) }
    let seconds = rest / 1000
    let parts: [(value: Int64, width: Int64, end: Unicode.Scalar)] = [
      (abs(year), 1000, "-"), (month, 10, "-"), (day, 10, "T"), (seconds / 3600, 10, ":"),
      (seconds / 60 % 60, 10, ":"), (seconds % 60, 10, "."), (rest % 1000, 100, "Z"),
    ]
    for part in parts {
      append(part.value, place: part.width, to: &bytes)
      bytes.append(UInt8(ascii: part.end))
    }
  }

  /// - Parameter place: what the first digit counts, at the least.
  private static func append(_ value: Int64, place: Int64, to bytes: inout [UInt8]) {
    var place = place
    while value / place >= 10 { place *= 10 }
    while place > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / place % 10))
      place /= 10
    }
  }

  /// Reads `YYYY-MM-DD`, alone or with `T` or a blank and `hh:mm[:ss[.fraction]]`, then `Z`, `±hh`, `±hhmm`, `±hh:mm`
  /// or nothing, which means UTC. Parts of a millisecond are dropped. Nil for anything else.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Instant? {
    var reader = Reader(bytes: bytes)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year: year)
    else { return nil }
    var milliseconds = dayCount(year, month, day) * 86_400_000
    if reader.isAtEnd { return Instant(milliseconds: milliseconds) }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let time = reader.time(),
      let offset = reader.zone(),
      reader.isAtEnd
    else { return nil }
    milliseconds += time - offset
    return Instant(milliseconds: milliseconds)
  }

  /// Reads bytes that are held elsewhere; see ``parse(_:)``.
  package static func parse(_ bytes: [UInt8]) -> Instant? { bytes.withUnsafeBytes { parse($0) } }

  /// Reads text; see ``parse(_:)``.
  package static func parse(_ text: String) -> Instant? { parse(Array(text.utf8)) }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 to a date of the Gregorian calendar, years counted from March so that the leap day comes last
  /// (Howard Hinnant, "chrono-compatible low-level date algorithms").
  private static func dayCount(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floorDivide(shifted, 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The way back from a count of days.
  private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

extension ISO8601 {
  /// Reads the parts of a time from left to right.
  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ letter: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: letter) else { return false }
      index += 1
      return true
    }

    /// A number of exactly `width` digits.
    mutating func number(_ width: Int) -> Int64? {
      guard bytes.count - index >= width else { return nil }
      var value: Int64 = 0
      for _ in 0..<width {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value * 10 + Int64(digit)
        index += 1
      }
      return value
    }

    /// `hh:mm[:ss[.fraction]]` in milliseconds; a leap second counts as the second after.
    mutating func time() -> Int64? {
      guard let hour = number(2), take(":"), let minute = number(2), hour <= 23, minute <= 59 else { return nil }
      let minutes = (hour * 60 + minute) * 60_000
      guard take(":") else { return minutes }
      guard let second = number(2), second <= 60 else { return nil }
      guard take(".") || take(",") else { return minutes + second * 1000 }
      guard let fraction = fraction() else { return nil }
      return minutes + second * 1000 + fraction
    }

    /// One digit or more, of which three count.
    private mutating func fraction() -> Int64? {
      let first = index
      var value: Int64 = 0
      var scale: Int64 = 100
      while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 {
        value += Int64(bytes[index] - UInt8(ascii: "0")) * scale
        scale /= 10
        index += 1
      }
      return index > first ? value : nil
    }

    /// The zone's offset from UTC in milliseconds.
    mutating func zone() -> Int64? {
      if isAtEnd || take("Z") || take("z") { return 0 }
      let isWest = take("-")
      guard isWest || take("+"), let hours = number(2), hours <= 23 else { return nil }
      var minutes: Int64 = 0
      if !isAtEnd {
        _ = take(":")
        guard let value = number(2), value <= 59 else { return nil }
        minutes = value
      }
      let offset = (hours * 60 + minutes) * 60_000
      return isWest ? -offset : offset
    }
  }
}
