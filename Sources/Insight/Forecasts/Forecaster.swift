import FleetModel

/// Looks at the last hour of one metric, a value a minute, and says when it will cross its level.
///
/// ```text
///   60 minutes      |  earlier half, slope 1  |  later half, slope 2  | now ── eta ──▶ level
/// ```
/// It speaks only if both slopes are more than chance and go the same way, towards the level. A season, if there is one,
/// is taken out first and put back into what is to come. Memory: some 500 bytes.
package struct Forecaster: Sendable {
  package let metric: MetricID
  private var minutes = InlineArray<60, Float>(repeating: .nan)
  private var newest: Int64?
  /// The trend of the later half.
  private var later: Trend?
  package private(set) var season = DailySeason()

  /// Nothing is said of what is further away: an hour that is known says little about the third one to come. Of false
  /// forecasts in simulated fleets nearly all looked further ahead than this, of right ones none.
  package static let horizon = 90
  private static let half = 30
  private static let span = 60

  package init(_ metric: MetricID) {
    self.metric = metric
  }

  /// Learns the mean of the minute that begins at `instant`. A minute that is no later than the last one is left out. One
  /// that is an hour older begins anew: the clock was set back.
  package mutating func learn(_ value: Double, minute instant: Instant) {
    if let number = keep(value, minute: instant) { later = trend(number - Int64(Self.half) + 1...number) }
  }

  /// Learns a minute of the past, and looks for no trend in it: that takes most of the work.
  mutating func recall(_ value: Double, minute instant: Instant) {
    if keep(value, minute: instant) != nil { later = nil }
  }

  /// Forgets the last hour, but not the season: the agent has begun anew, and goes on from elsewhere.
  mutating func forgetHour() {
    minutes = InlineArray(repeating: .nan)
    later = nil
  }

  /// - Returns: the minute's number; nil if it is left out.
  private mutating func keep(_ value: Double, minute instant: Instant) -> Int64? {
    guard Sample(value, at: instant).isPlausible, instant.milliseconds >= 0 else { return nil }
    let number = instant.milliseconds / 60_000
    if let newest, newest - number >= Int64(Self.span) {
      minutes = InlineArray(repeating: .nan)
    } else if let newest {
      guard number > newest else { return nil }
      let first = max(newest + 1, number - Int64(Self.span) + 1)
      for missed in first..<number { minutes[Self.place(missed)] = .nan }
    }
    newest = number
    minutes[Self.place(number)] = Float(value)
    season.learn(value, at: instant)
    return number
  }

  /// When the metric will cross `level`; nil if nothing can be said, or if it is there already.
  package func forecast(level: Double, bad side: BadSide) -> Forecast? {
    let sign = side == .above ? 1.0 : -1.0
    guard level.isFinite, let newest, let later, later.isSignificant, later.slope * sign > 0 else { return nil }
    let now = Instant(milliseconds: newest * 60_000)
    let height = later.end + season.offset(at: now)
    guard (height - level) * sign < 0, let minutes = crossing(later, level, sign, from: now) else { return nil }
    let earlier = trend(newest - Int64(Self.span) + 1...newest - Int64(Self.half))
    guard let earlier, earlier.isSignificant, earlier.slope * sign > 0 else { return nil }
    let strength = min(abs(earlier.significance), abs(later.significance))
    return Forecast(
      metric: metric, madeAt: now, value: height, level: level, eta: .minutes(Int64(minutes)),
      slope: later.slope, bin: Calibration.Bin(minutes: minutes, significance: strength))
  }

  /// What the metric will be so many minutes after the last one; nil if there are too few values.
  package func expected(after ahead: Int) -> Double? {
    guard let newest, let later else { return nil }
    let slope = later.isSignificant ? later.slope : 0
    let then = Instant(milliseconds: newest * 60_000) + .minutes(Int64(ahead))
    return later.end + slope * Double(ahead) + season.offset(at: then)
  }

  /// The trend of some minutes; missing ones are left out if they are few, as if their neighbours stood closer.
  private func trend(_ range: ClosedRange<Int64>) -> Trend? {
    let values: [Double] = range.compactMap { number in
      let value = number < 0 ? Float.nan : minutes[Self.place(number)]
      guard value.isFinite else { return nil }
      return Double(value) - season.offset(at: Instant(milliseconds: number * 60_000))
    }
    guard values.count * 10 >= Self.half * 8 else { return nil }
    return Trend(values)
  }

  private func crossing(_ trend: Trend, _ level: Double, _ sign: Double, from now: Instant) -> Int? {
    (1...Self.horizon).first { ahead in
      let season = season.offset(at: now + .minutes(Int64(ahead)))
      return (trend.end + trend.slope * Double(ahead) + season - level) * sign >= 0
    }
  }

  private static func place(_ minute: Int64) -> Int { Int(minute % Int64(span)) }
}
