/// A positive number, or zero, however large or small: products of many thousand likelihoods leave the range of `Double`.
struct ScaledNumber: Sendable {
  /// From 1 up to 2; 0 for zero.
  private var significand: Double
  /// Of two.
  private var exponent: Int

  /// No exponent is further from zero.
  private static let farthest = 1 << 50

  /// What is negative or no number counts as zero.
  init(_ value: Double) {
    guard value.isFinite, value > 0 else {
      (significand, exponent) = (0, 0)
      return
    }
    (significand, exponent) = (value.significand, Int(value.exponent))
  }

  private init(_ significand: Double, times exponent: Int) {
    self.init(significand)
    if self.significand > 0 { self.exponent = min(max(self.exponent + exponent, -Self.farthest), Self.farthest) }
  }

  /// The nearest `Double`: at most the greatest finite one.
  var value: Double {
    guard significand > 0, exponent >= -1022 else { return 0 }
    return exponent > 1022
      ? .greatestFiniteMagnitude : Double(sign: .plus, exponent: exponent, significand: significand)
  }

  static func * (left: ScaledNumber, right: ScaledNumber) -> ScaledNumber {
    ScaledNumber(left.significand * right.significand, times: left.exponent + right.exponent)
  }

  static func + (left: ScaledNumber, right: ScaledNumber) -> ScaledNumber {
    guard left.significand > 0, right.significand > 0 else { return left.significand > 0 ? left : right }
    let (more, less) = left.exponent >= right.exponent ? (left, right) : (right, left)
    // What is so much less adds nothing.
    guard more.exponent - less.exponent < 64 else { return more }
    let part = Double(sign: .plus, exponent: less.exponent - more.exponent, significand: less.significand)
    return ScaledNumber(more.significand + part, times: more.exponent)
  }

  /// The power by a whole number that is not negative.
  func power(_ count: Int) -> ScaledNumber {
    var (result, square, rest) = (ScaledNumber(1), self, count)
    while rest > 0 {
      if rest & 1 == 1 { result = result * square }
      rest >>= 1
      if rest > 0 { square = square * square }
    }
    return result
  }
}
