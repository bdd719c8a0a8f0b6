extension JSONCursor {
  /// Reads a number as a `Double`; what is not finite is out of range or was `-Infinity`.
  @inline(__always)
  mutating func double() throws(Unreadable) -> Double {
    let (value, end) = try readDouble()
    at = end
    return value
  }

  /// Most numbers are a few digits with or without a point: those here, all others by ``number()``.
  @inline(never)
  private func readDouble() throws(Unreadable) -> (Double, UnsafePointer<UInt8>) {
    let isNegative = at.pointee == UInt8(ascii: "-")
    let first = isNegative ? at + 1 : at
    var place = first
    var mantissa: UInt64 = 0
    Self.takeDigits(&place, end, &mantissa)
    let whole = place - first
    var fraction = 0
    if place < end, place.pointee == UInt8(ascii: ".") {
      let point = place
      place += 1
      Self.takeDigits(&place, end, &mantissa)
      fraction = place - point - 1
      if fraction == 0 { return try readAnyDouble() }
    }
    let isPlain = whole == 1 || whole > 1 && first.pointee != UInt8(ascii: "0")
    guard isPlain, whole + fraction <= 15, place < end, place.pointee | 0x20 != UInt8(ascii: "e") else {
      return try readAnyDouble()
    }
    // Exact for the reason given in `JSONNumber.double`.
    let value = Double(Int64(bitPattern: mantissa)) / JSONNumber.powers[fraction]
    return (isNegative ? -value : value, place)
  }

  @inline(__always)
  private static func takeDigits(
    _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ mantissa: inout UInt64
  ) {
    while place < end {
      let digit = place.pointee &- UInt8(ascii: "0")
      guard digit <= 9 else { return }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      place += 1
    }
  }

  @inline(never)
  private func readAnyDouble() throws(Unreadable) -> (Double, UnsafePointer<UInt8>) {
    var cursor = self
    let value = try cursor.number().double
    return (value, cursor.at)
  }

  /// Reads a number, or `-Infinity`, whose text the result then holds as incomplete.
  @inline(__always)
  mutating func number() throws(Unreadable) -> JSONNumber {
    let first = at
    let isNegative = at.pointee == UInt8(ascii: "-")
    if isNegative {
      at += 1
      if at < end, at.pointee == UInt8(ascii: "I") {
        try takeInfinity()
        return JSONNumber(infinityFrom: first, to: at)
      }
    }
    var mantissa: UInt64 = 0
    var digits = try whole(&mantissa)
    var exponent = 0
    var isInteger = true
    if at < end, at.pointee == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      let count = try self.digits(&mantissa)
      exponent = -count
      digits += count
    }
    if at < end, at.pointee | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      exponent += try self.exponent()
    }
    let text = UnsafeRawBufferPointer(start: first, count: at - first)
    return JSONNumber(
      mantissa: mantissa, exponent: exponent, isNegative: isNegative, isInteger: isInteger, isComplete: digits <= 19,
      text: text)
  }

  /// The digits before the point: a zero stands alone.
  @inline(__always)
  private mutating func whole(_ mantissa: inout UInt64) throws(Unreadable) -> Int {
    guard at < end, at.pointee == UInt8(ascii: "0") else { return try digits(&mantissa) }
    at += 1
    if at < end, at.pointee &- UInt8(ascii: "0") <= 9 { throw .notJSON }
    return 1
  }

  /// One digit or more; returns how many.
  @inline(__always)
  private mutating func digits(_ mantissa: inout UInt64) throws(Unreadable) -> Int {
    let first = at
    while at < end {
      let digit = at.pointee &- UInt8(ascii: "0")
      guard digit <= 9 else { break }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      at += 1
    }
    guard at > first else { throw failure }
    return at - first
  }

  @inline(__always)
  private mutating func exponent() throws(Unreadable) -> Int {
    var other = self
    let value = try other.anyExponent()
    at = other.at
    return value
  }

  @inline(never)
  private mutating func anyExponent() throws(Unreadable) -> Int {
    at += 1
    guard at < end else { throw .truncated }
    let isNegative = at.pointee == UInt8(ascii: "-")
    if isNegative || at.pointee == UInt8(ascii: "+") { at += 1 }
    let first = at
    var value = 0
    while at < end, at.pointee &- UInt8(ascii: "0") <= 9 {
      value = min(value * 10 + Int(at.pointee &- UInt8(ascii: "0")), 1_000_000)
      at += 1
    }
    guard at > first else { throw failure }
    return isNegative ? -value : value
  }

  @inline(__always)
  private mutating func takeInfinity() throws(Unreadable) {
    var other = self
    try other.word("Infinity")
    at = other.at
  }
}
