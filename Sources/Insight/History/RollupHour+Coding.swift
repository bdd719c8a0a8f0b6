/// An hour as bytes, all numbers with their most significant byte first.
///
/// ```text
/// 'V' 1 | hour, 4 | step, 1 | metrics, 1 | then for each metric, in rising order:
///   metric, 1 | which steps have a rollup, 8, the first step in the lowest bit | then for each of them:
///     count, 1 to 5: seven bits a byte, the lowest first, the high bit says that more follow
///     mean, 3                      the upper three bytes of a Float: five digits
///     if count > 1:  min, 3 | max, 3
///     if count > 19: p95, 2        its share of the way from min to max
/// ```
/// Five metrics of 24 hours take at most 96 KB if no minute has more than 16,383 samples.
extension RollupHour {
  /// Why bytes are no hour.
  package enum DecodeError: Error, Equatable, Sendable {
    case tooShort, tooLong, unknownVersion, badStep, badMetric, badPlace, badNumber
  }

  private static let version: [UInt8] = [UInt8(ascii: "V"), 1]
  private static let shareSteps: Float = 65_535
  /// Up to so many samples the 95th of a hundred is the greatest.
  private static let fewest: UInt32 = 19

  /// The hour in the layout above. Rounding keeps the order of min, mean and max.
  package var encoded: [UInt8] {
    var bytes = Self.version
    Self.append(UInt64(hour), bytes: 4, to: &bytes)
    bytes += [step.rawValue, UInt8(clamping: metrics.count)]
    for (metric, rollups) in metrics.prefix(255) {
      bytes.append(metric.rawValue)
      let present = rollups.indices.reduce(UInt64(0)) { rollups[$1] == nil ? $0 : $0 | 1 << UInt64($1) }
      Self.append(present, bytes: 8, to: &bytes)
      for case let rollup? in rollups { Self.append(rollup, to: &bytes) }
    }
    return bytes
  }

  private static func append(_ number: UInt64, bytes count: Int, to bytes: inout [UInt8]) {
    for place in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(place * 8))) }
  }

  private static func append(_ rollup: Rollup, to bytes: inout [UInt8]) {
    var rest = rollup.count
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    append(short: Float(rollup.mean), to: &bytes)
    guard rollup.count > 1 else { return }
    append(short: rollup.min, to: &bytes)
    append(short: rollup.max, to: &bytes)
    guard rollup.count > fewest else { return }
    let span = rollup.max - rollup.min
    let share = span > 0 ? min(1, max(0, (rollup.p95 - rollup.min) / span)) : 1
    append(UInt64((share * shareSteps).rounded()), bytes: 2, to: &bytes)
  }

  private static func append(short value: Float, to bytes: inout [UInt8]) {
    let bits = value.bitPattern
    let rounded = bits & 0x7F80_0000 == 0x7F80_0000 ? bits : bits + 0x7F + (bits >> 8 & 1)
    append(UInt64(rounded >> 8), bytes: 3, to: &bytes)
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Throws: `DecodeError` for anything else, whatever the bytes are.
  package init(decoding bytes: some Collection<UInt8>) throws(DecodeError) {
    var reader = Reader(rest: Array(bytes)[...])
    guard try reader.take(2).elementsEqual(Self.version) else { throw .unknownVersion }
    self.init(hour: UInt32(try reader.number(4)), step: .minute)
    guard let step = Step(rawValue: UInt8(try reader.number(1))) else { throw .badStep }
    self.init(hour: hour, step: step)
    var last = -1
    for _ in 0..<(try reader.number(1)) {
      let metric = Int(try reader.number(1))
      guard metric > last else { throw .badMetric }
      last = metric
      try decode(MetricID(rawValue: UInt8(metric)), &reader)
    }
    guard reader.rest.isEmpty else { throw .tooLong }
  }

  private mutating func decode(_ metric: MetricID, _ reader: inout Reader) throws(DecodeError) {
    let present = try reader.number(8)
    guard present != 0, present >> UInt64(step.count) == 0 else { throw .badPlace }
    for place in 0..<step.count where present >> UInt64(place) & 1 == 1 {
      write(try reader.rollup(), of: metric, at: place)
    }
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func take(_ count: Int) throws(DecodeError) -> ArraySlice<UInt8> {
      guard rest.count >= count else { throw .tooShort }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }

    mutating func number(_ bytes: Int) throws(DecodeError) -> UInt64 {
      try take(bytes).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func rollup() throws(DecodeError) -> Rollup {
      let count = try count()
      let mean = try short()
      guard count > 1 else { return Rollup(count: 1, sum: Double(mean), min: mean, max: mean, p95: mean) }
      let (least, greatest) = (try short(), try short())
      guard least <= mean, mean <= greatest else { throw .badNumber }
      var p95 = greatest
      if count > RollupHour.fewest {
        p95 = least + (greatest - least) * (Float(try number(2)) / RollupHour.shareSteps)
      }
      return Rollup(
        count: count, sum: Double(mean) * Double(count), min: least, max: greatest, p95: min(greatest, p95))
    }

    private mutating func count() throws(DecodeError) -> UInt32 {
      var count: UInt64 = 0
      for place in 0..<5 {
        let byte = try number(1)
        count |= (byte & 127) << UInt64(place * 7)
        guard byte & 128 != 0 else {
          guard count > 0, let count = UInt32(exactly: count) else { throw .badNumber }
          return count
        }
      }
      throw .badNumber
    }

    private mutating func short() throws(DecodeError) -> Float {
      let value = Float(bitPattern: UInt32(try number(3)) << 8)
      guard value.isFinite else { throw .badNumber }
      return value
    }
  }
}
