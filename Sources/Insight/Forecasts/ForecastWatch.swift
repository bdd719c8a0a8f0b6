import FleetModel

/// Follows one metric towards its level: makes a forecast, waits for what becomes of it, and only then makes the next one.
///
/// A recorded series that is fed to it in its order gives the same forecasts as it would have given live: that is the
/// backtest.
package struct ForecastWatch: Sendable {
  /// A forecast that is made now.
  package struct Announcement: Equatable, Sendable {
    package var forecast: Forecast
    /// How sure it is, by what became of `known` earlier ones of its kind.
    package var confidence: Double
    package var known: Int
  }

  private var forecaster: Forecaster
  package var metric: MetricID { forecaster.metric }
  private let level: Double
  private let side: BadSide
  /// The forecast that is still open.
  package private(set) var open: Announcement?
  private var interval: ConformalInterval
  /// What was expected of the minutes to come, by their number.
  private var expected = InlineArray<10, Double>(repeating: .nan)
  private var last: Int64 = .min

  /// The fan is measured so many minutes ahead.
  package static let ahead = 10
  /// So many minutes back are no straggler.
  private static let setBack: Int64 = 60

  package init(_ metric: MetricID, level: Double, bad side: BadSide, interval: ConformalInterval = .init()) {
    forecaster = Forecaster(metric)
    (self.level, self.side, self.interval) = (level, side, interval)
  }

  /// Whether the last hour still says what the open forecast says; false if none is open.
  package var stands: Bool {
    open != nil && forecaster.forecast(level: level, bad: side) != nil
  }

  /// How often the fan held the value ten minutes later, and of how many that is known.
  package var coverage: (value: Double, values: Int) { interval.coverage }

  /// The fan's stored form, for after a restart.
  package var storedInterval: String { interval.stored }

  /// Learns a minute of the past: nothing is settled or said by it.
  ///
  /// - Parameter judgesFan: whether the fan is judged by it too, which takes most of the work.
  package mutating func recall(_ value: Double, minute instant: Instant, judgesFan: Bool) {
    let number = instant.milliseconds / 60_000
    guard Sample(value, at: instant).isPlausible, number >= 0 else { return }
    if last != .min, last - number >= Self.setBack { forget() }
    guard number > last else { return }
    judgeFan(value, number)
    last = number
    guard judgesFan else { return forecaster.recall(value, minute: instant) }
    forecaster.learn(value, minute: instant)
    if let expected = forecaster.expected(after: Self.ahead) { self.expected[Self.place(number)] = expected }
  }

  /// Takes up a forecast that was made before a restart and is still open.
  package mutating func takeUp(_ announced: Announcement) { open = announced }

  /// Makes void what is forecast.
  package mutating func drop() { open = nil }

  /// The agent was restarted: what was forecast before is neither right nor wrong.
  package mutating func beginAnew() {
    open = nil
    expected = InlineArray(repeating: .nan)
    forecaster.forgetHour()
  }

  /// Learns the mean of a minute, settles the open forecast, and gives a new one if there is one.
  package mutating func learn(_ value: Double, minute instant: Instant, record: inout ForecastRecord) -> Announcement? {
    let number = instant.milliseconds / 60_000
    guard Sample(value, at: instant).isPlausible, number >= 0 else { return nil }
    if last != .min, last - number >= Self.setBack { forget() }
    guard number > last else { return nil }
    judgeFan(value, number)
    last = number
    forecaster.learn(value, minute: instant)
    if let expected = forecaster.expected(after: Self.ahead) { self.expected[Self.place(number)] = expected }
    if let announced = open {
      guard let hit = announced.forecast.outcome(of: value, at: instant, bad: side) else { return nil }
      record.settle(announced.forecast, confidence: announced.confidence, hit: hit)
      open = nil
    }
    guard let forecast = forecaster.forecast(level: level, bad: side) else { return nil }
    let (confidence, known) = record.calibration.confidence(forecast.bin)
    open = Announcement(forecast: forecast, confidence: confidence, known: known)
    return open
  }

  /// Where the metric will be so many minutes ahead, and half the width of the fan there, which grows with the root of the
  /// time; nil as long as too little is known.
  package func fan(after minutes: Int) -> (expected: Double, radius: Double)? {
    guard minutes > 0, let expected = forecaster.expected(after: minutes), let radius = interval.radius else {
      return nil
    }
    return (expected, radius * (Double(minutes) / Double(Self.ahead)).squareRoot())
  }

  /// What was expected of this minute ten minutes ago, beside what it came to.
  private mutating func judgeFan(_ value: Double, _ number: Int64) {
    // A minute without a value leaves nothing to compare with.
    if last != .min {
      for missed in max(last + 1, number - 9)..<max(last + 1, number) { expected[Self.place(missed)] = .nan }
    }
    let place = Self.place(number)
    if expected[place].isFinite, last > number - Int64(Self.ahead) - 1 {
      interval.learn(distance: abs(value - expected[place]))
    }
    expected[place] = .nan
  }

  /// The clock was set back: what was said of times to come says nothing now.
  private mutating func forget() {
    last = .min
    open = nil
    expected = InlineArray(repeating: .nan)
  }

  private static func place(_ minute: Int64) -> Int { Int(minute % Int64(ahead)) }
}
