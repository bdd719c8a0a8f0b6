/// Whole numbers from outside, taken within bounds in which sums, differences and steps of one always fit.
///
/// What stands in Redis or in a message may be any number: a count of 2^63-1 would end whoever adds one to it. So every
/// decoder takes its numbers through here, and what is beyond a bound counts as the bound.
package enum Bounded {
  /// 2^53-1: JSON and Lua hold it too.
  package static let most = 9_007_199_254_740_991

  package static func int(_ value: Int64) -> Int { Int(min(max(value, Int64(-most)), Int64(most))) }

  /// Reads decimal digits; nil for what is no whole number of 64 bits.
  package static func int(_ text: some StringProtocol) -> Int? { Int64(text).map { int($0) } }

  package static func int(_ bytes: [UInt8]) -> Int? { int(String(decoding: bytes, as: UTF8.self)) }

  /// A count that nobody has made negative.
  package static func count(_ text: some StringProtocol) -> Int? { int(text).map { max(0, $0) } }

  /// The nearest whole number; 0 for what is none.
  package static func int(rounding value: Double) -> Int {
    guard !value.isNaN else { return 0 }
    return Int(min(max(value.rounded(), Double(-most)), Double(most)))
  }
}
