/// A number as it stands in JSON text: `mantissa × 10^exponent`, turned into a `Double` only if one is wanted.
struct JSONNumber {
  var mantissa: UInt64
  var exponent: Int
  var isNegative: Bool
  /// Written without fraction and exponent.
  var isInteger: Bool
  /// Whether all digits are in `mantissa`; otherwise only the text tells.
  var isComplete: Bool
  var text: UnsafeRawBufferPointer

  init(
    mantissa: UInt64, exponent: Int, isNegative: Bool, isInteger: Bool, isComplete: Bool, text: UnsafeRawBufferPointer
  ) {
    self.mantissa = mantissa
    self.exponent = exponent
    self.isNegative = isNegative
    self.isInteger = isInteger
    self.isComplete = isComplete
    self.text = text
  }

  /// The bare word `-Infinity`.
  init(infinityFrom start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>) {
    let text = UnsafeRawBufferPointer(start: start, count: end - start)
    self.init(mantissa: 0, exponent: 0, isNegative: true, isInteger: false, isComplete: false, text: text)
  }

  /// The number, where it is written as a whole one and fits.
  var int: Int64? {
    guard isInteger, isComplete, !(isNegative && mantissa == 0) else { return nil }
    guard isNegative else { return Int64(exactly: mantissa) }
    return mantissa == 1 << 63 ? .min : Int64(exactly: mantissa).map { -$0 }
  }

  /// The nearest `Double`, ties to even; infinite if it is out of range.
  @inline(__always)
  var double: Double {
    if isComplete, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
      // Both factors are exact, so that one operation rounds once (Clinger, "How to read floating point numbers
      // accurately", 1990).
      let power = Self.powers[exponent < 0 ? -exponent : exponent]
      let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return isNegative ? -value : value
    }
    return slowDouble
  }

  /// 10⁰ … 10²², all exact.
  static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  @inline(never)
  private var slowDouble: Double {
    if isComplete, mantissa > 0, exponent < 0, exponent >= -19 {
      let value = Self.divide(mantissa, byPowerOfTen: -exponent)
      return isNegative ? -value : value
    }
    return Double(String(decoding: text, as: UTF8.self)) ?? .nan
  }

  /// `mantissa ÷ 10^power` rounded once, for the 17 digits that Python writes: a 64-bit quotient and whether a rest is
  /// left decide the rounding to 53 bits exactly.
  private static func divide(_ mantissa: UInt64, byPowerOfTen power: Int) -> Double {
    var divisor: UInt64 = 1
    for _ in 0..<power { divisor *= 10 }
    let dividend = mantissa << UInt64(mantissa.leadingZeroBitCount)
    let scaled = divisor << UInt64(divisor.leadingZeroBitCount)
    var exponent = divisor.leadingZeroBitCount - mantissa.leadingZeroBitCount - 64
    var high = dividend
    var low: UInt64 = 0
    if high >= scaled {
      (high, low) = (dividend >> 1, dividend << 63)
      exponent += 1
    }
    let (quotient, rest) = scaled.dividingFullWidth((high, low))
    // The lowest of the 64 bits is far below the 53 kept: with the rest folded into it, one conversion rounds rightly.
    return Double(sign: .plus, exponent: exponent, significand: Double(rest == 0 ? quotient : quotient | 1))
  }
}
