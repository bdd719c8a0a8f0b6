import FleetModel

/// Finds values that differ from what the metric does at this time of day.
///
/// It keeps a level for each hour of the day, and judges how far a short mean of the differences from these levels
/// lies outside of the range in which it lay so far. A metric without a daily season has the same level at each hour.
///
/// Memory: 270 bytes. Work: constant.
struct SeasonResidual: Sendable {
  private var levels = InlineArray<24, Double>(repeating: 0)
  /// On how many days each level was met; 255 stands for more.
  private var days = InlineArray<24, UInt8>(repeating: 0)
  private var current: Int8 = -1
  /// Samples since this level was entered.
  private var samples: UInt32 = 0
  private var residual = 0.0
  private var range = UsualRange()

  private static let bucket = 3_600_000.0
  private static let day: Int64 = 86_400_000
  private static let pace = UsualRange.Pace(forgetting: 0.000_54, reach: 0.01, widening: 6.1, half: 118)
  private static let threshold = 1.35
  /// The part that one day has in a level, and one sample in the short mean.
  private static let weightOfDay = 0.4
  private static let weightOfSample = 0.2

  /// What the metric does at the time of the last sample.
  var expected: Double { current >= 0 ? levels[Int(current)] : 0 }
  /// The short mean of the last samples.
  var recent: Double { expected + residual }

  /// 1 and more if the last few values lie too far from what is usual at their time.
  ///
  /// - Parameters:
  ///   - interval: the usual step from sample to sample, in milliseconds.
  ///   - level: what stands in for a time of day that is new.
  mutating func score(_ sample: Sample, interval: Double, level: Double, floor: Double) -> Double {
    let time = sample.at.milliseconds % Self.day
    let place = Int(Double(time < 0 ? time + Self.day : time) / Self.bucket)
    let isKnown = days[place] > 0
    let difference = sample.value - (isKnown ? levels[place] : level)
    residual += Self.weightOfSample * (difference - residual)
    let excess = isKnown ? range.excess(of: residual, pace: Self.pace, floor: floor) : 0
    learn(sample.value, at: place, interval)
    return excess / Self.threshold
  }

  private mutating func learn(_ value: Double, at place: Int, _ interval: Double) {
    if place != Int(current) {
      current = Int8(truncatingIfNeeded: place)
      days[place] = days[place] == .max ? .max : days[place] + 1
      samples = 0
    }
    samples = samples == .max ? samples : samples + 1
    let share = Self.weightOfDay * min(1, interval / Self.bucket)
    // On a level's first day it is the mean of its samples.
    levels[place] += (value - levels[place]) * (days[place] == 1 ? max(share, 1 / Double(samples)) : share)
  }
}
