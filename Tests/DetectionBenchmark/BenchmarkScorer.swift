import Glibc

/// Scores of series, judged by the rules of the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating Real-time Anomaly
/// Detection Algorithms", 2015).
///
/// ```text
///        window                           worth of an alarm at position p (0 is the window's right end, 1 its width)
///  ──────┌────────────┐──────────────     in the window:  sigmoid(p) / sigmoid(-1), the first alarm only
///   -1   p=-1       p=0   p>0             behind it:      falseAlarm × sigmoid(p), -1 beyond p = 3
///                                         sigmoid(p) = 2 / (1 + exp(5 p)) - 1
/// ```
/// A window without an alarm costs `miss`. Rows in probation count for nothing. The sum is put between that of a detector
/// that says nothing (0) and of a perfect one (100).
package struct BenchmarkScorer {
  /// The row of a series, as it counts.
  private struct Point {
    var score: Double
    var worth: Double
    /// The window's number in the corpus; nil outside.
    var window: Int?
  }

  /// What came of one threshold.
  package struct Result: Equatable, Sendable {
    package var threshold: Double
    /// 0 for no alarm at all, 100 for each window found at its first row and nothing else.
    package var score: Double
    /// Alarms outside of windows.
    package var falseAlarms: Int
    package var windowsFound: Int
    package var windows: Int
    /// Rows that are in no window and no probation: those in which an alarm is false.
    package var quietRows: Int

    package var falseAlarmsPer10000: Double { quietRows > 0 ? Double(falseAlarms) * 10_000 / Double(quietRows) : 0 }
  }

  private let profile: BenchmarkProfile
  private var points: [Point] = []
  private var windowCount = 0
  /// Windows with a row outside of probation: others can't be found, and cost nothing.
  private var scorable = 0
  private var quietRows = 0

  package init(_ profile: BenchmarkProfile) {
    self.profile = profile
  }

  /// Adds a series and the score of each of its rows.
  package mutating func add(_ series: LabelledSeries, scores: [Double]) {
    var window: Int?
    var rest = series.windows[...]
    var passed: ClosedRange<Int>?
    let probation = series.probation
    for row in scores.indices {
      if window == nil, let next = rest.first, next.lowerBound == row { window = windowCount + rest.startIndex }
      let worth = window == nil ? Self.worth(at: row, behind: passed) : Self.worth(at: row, in: rest[rest.startIndex])
      if row >= probation {
        if window == nil { quietRows += 1 }
        points.append(
          Point(score: scores[row], worth: window == nil ? worth * profile.falseAlarm : worth, window: window))
      }
      if window != nil, rest[rest.startIndex].upperBound == row {
        passed = rest.removeFirst()
        window = nil
      }
    }
    scorable += series.windows.count { $0.upperBound >= probation }
    windowCount += series.windows.count
  }

  private static func sigmoid(_ position: Double) -> Double { position > 3 ? -1 : 2 / (1 + exp(5 * position)) - 1 }

  private static func worth(at row: Int, in window: ClosedRange<Int>) -> Double {
    sigmoid(-Double(window.upperBound - row + 1) / Double(window.count)) / sigmoid(-1)
  }

  private static func worth(at row: Int, behind window: ClosedRange<Int>?) -> Double {
    guard let window, window.count > 1 else { return -1 }
    return sigmoid(Double(row - window.upperBound) / Double(window.count - 1))
  }

  /// The result of one threshold: rows whose score reaches it are alarms.
  package func result(at threshold: Double) -> Result {
    var sweep = Sweep(self)
    for point in points where point.score >= threshold { sweep.add(point) }
    return sweep.result(threshold)
  }

  /// The best of all thresholds, as the benchmark looks for it: each score that occurs, over all series together; of
  /// equals the highest threshold.
  package func best() -> Result {
    var sweep = Sweep(self)
    var best = sweep.result(.infinity)
    let sorted = points.filter { !$0.score.isNaN }.sorted { $0.score > $1.score }
    for (index, point) in sorted.enumerated() {
      sweep.add(point)
      guard index + 1 == sorted.count || sorted[index + 1].score != point.score else { continue }
      let result = sweep.result(point.score)
      if result.score > best.score { best = result }
    }
    return best
  }

  /// Alarms that are added one after the other, and their sum.
  private struct Sweep {
    let scorer: BenchmarkScorer
    var falseAlarms = 0
    var cost = 0.0
    /// The best alarm of each window that has one.
    var found: [Double?]
    var gained = 0.0
    var windowsFound = 0

    init(_ scorer: BenchmarkScorer) {
      self.scorer = scorer
      found = Array(repeating: nil, count: scorer.windowCount)
    }

    mutating func add(_ point: Point) {
      guard let window = point.window else {
        falseAlarms += 1
        cost += point.worth
        return
      }
      guard let earlier = found[window] else {
        found[window] = point.worth
        gained += point.worth + scorer.profile.miss
        windowsFound += 1
        return
      }
      gained += max(0, point.worth - earlier)
      found[window] = max(earlier, point.worth)
    }

    /// Nothing found is `-miss` a window; all found is 1 a window.
    func result(_ threshold: Double) -> Result {
      let null = -Double(scorer.scorable) * scorer.profile.miss
      let perfect = Double(scorer.windowCount)
      let score = perfect > null ? 100 * (gained + cost) / (perfect - null) : 0
      return Result(
        threshold: threshold, score: score, falseAlarms: falseAlarms, windowsFound: windowsFound,
        windows: scorer.windowCount, quietRows: scorer.quietRows)
    }
  }
}
