import FleetModel

/// Series of the project's own with faults at known times, in the layout that `CorpusText` reads. A seed gives the same
/// series always; no recording of any real system is in them.
package enum SyntheticCorpus {
  /// Makes a corpus of so many series, all kinds in turn.
  package static func series(seed: UInt64, count: Int = 66) -> [LabelledSeries] {
    var random = SeededRandom(seed: seed)
    let kinds = SyntheticShape.Kind.allCases
    return (0..<count).map { index in
      make(kinds[index % kinds.count], number: index / kinds.count, seed: random.next())
    }
  }

  private static func make(_ kind: SyntheticShape.Kind, number: Int, seed: UInt64) -> LabelledSeries {
    var random = SeededRandom(seed: seed)
    let shapeSeed = random.next()
    let rows = random.pick([random.count(1200...2500), 4032, 4032, random.count(9000...16_000)])
    let span = usualSpan(kind, rows: rows, seed: shapeSeed)
    var faults: [SyntheticFault] = []
    for start in starts(rows: rows, &random) {
      faults.append(SyntheticFault(faultKind(for: kind, &random), at: start, rows: rows, random: &random))
    }
    let weather = SyntheticWeather(rows: rows, random: &random)
    var shape = SyntheticShape(kind, random: shapeSeed)
    var values: [Double] = []
    for row in 0..<rows {
      var disturbance = SyntheticShape.Disturbance()
      weather.disturb(&disturbance, at: row, span: span)
      for fault in faults { fault.disturb(&disturbance, at: row, span: span) }
      var value = shape.next(row: row, of: rows, disturbance)
      for fault in faults where fault.rows.contains(row) { value = fault.replace(value, last: values.last ?? value) }
      values.append(value)
    }
    return written(
      values, of: shape, name: "\(kind.rawValue)/\(kind.rawValue)_\(number).csv", faults: faults, &random)
  }

  /// The span between the 1st and the 99th percentile of good days, in units of the shape's level.
  private static func usualSpan(_ kind: SyntheticShape.Kind, rows: Int, seed: UInt64) -> Double {
    var shape = SyntheticShape(kind, random: seed)
    let values = (0..<rows).map { shape.next(row: $0, of: rows, SyntheticShape.Disturbance()) }.sorted()
    let span = (values[rows * 99 / 100] - values[rows / 100]) / shape.level
    return max(span, 0.02)
  }

  /// Where faults begin: behind the probation, with room for a window each.
  private static func starts(rows: Int, _ random: inout SeededRandom) -> [Int] {
    let count = random.pick([0, 1, 1, 1, 2, 2, 2, 3, 3, 4])
    guard count > 0 else { return [] }
    let first = rows * 15 / 100 + rows / 10
    let room = (rows - rows / 20 - first) / count
    return (0..<count).map { first + $0 * room + random.count(0...max(0, room - rows / 10)) }
  }

  private static func faultKind(for kind: SyntheticShape.Kind, _ random: inout SeededRandom) -> SyntheticFault.Kind {
    var kinds: [SyntheticFault.Kind] = [
      .spike, .spike, .spike, .dip, .shift, .shift, .drift, .stuck, .dropout, .volatility,
    ]
    switch kind {
    case .requests, .roads, .exact: kinds += [.seasonLost, .seasonLost, .seasonLate, .seasonLate]
    case .bursts, .chatter, .prices: kinds += [.moreBursts, .spike, .spike]
    case .utilization, .latency, .slow, .levels, .sawtooth: break
    }
    return random.pick(kinds)
  }

  /// Rows with their times; a few rows are missing, as they are in real recordings. Each window is centred on the fault's
  /// start, and all windows together are a tenth of the series.
  private static func written(
    _ values: [Double], of shape: SyntheticShape, name: String, faults: [SyntheticFault], _ random: inout SeededRandom
  ) -> LabelledSeries {
    let missing = shape.kind == .roads ? 0.05 : random.happens(0.2) ? 0.01 : 0
    var series = LabelledSeries(name: name, timestamps: [], instants: [], values: [])
    let begin: Int64 = 1_700_006_400_000 + Int64(random.count(0...86_399)) * 1000
    var rowOf: [Int] = []
    for (row, value) in values.enumerated() {
      rowOf.append(series.values.count)
      guard !random.happens(missing) else { continue }
      let instant = Instant(milliseconds: begin + Int64(row) * shape.interval)
      series.instants.append(instant)
      series.timestamps.append(CorpusText.timestamp(instant))
      series.values.append(value)
    }
    let half = series.values.count / max(1, faults.count) / 20
    for fault in faults {
      let center = rowOf[fault.start]
      let window = max(0, center - half)...min(series.values.count - 1, center + half)
      guard let last = series.windows.last, last.upperBound >= window.lowerBound else {
        series.windows.append(window)
        continue
      }
      series.windows[series.windows.count - 1] = last.lowerBound...window.upperBound
    }
    return series
  }
}
