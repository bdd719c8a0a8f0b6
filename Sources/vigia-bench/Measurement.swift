import Wire

/// One thing that was measured, beside what, and what it is to reach.
struct Measurement {
  /// The same thing, measured in turn with it in the same run.
  struct Baseline {
    var name: String
    var rounds: Rounds
  }

  /// What is asked: of the median, or of its ratio to the baseline's.
  enum Target {
    case atLeast(Double), atMost(Double)
    case ratioAtLeast(Double), ratioAtMost(Double)
  }

  var name: String
  var unit: String
  var rounds: Rounds
  var baseline: Baseline?
  var target: Target?

  /// How many times the baseline; nil without one.
  var ratio: Double? {
    baseline.flatMap { $0.rounds.median == 0 ? nil : rounds.median / $0.rounds.median }
  }

  /// Whether the target is reached; nil if there is none, or nothing to compare with.
  var isMet: Bool? {
    switch target {
    case .atLeast(let least): rounds.median >= least
    case .atMost(let most): rounds.median <= most
    case .ratioAtLeast(let least): ratio.map { $0 >= least }
    case .ratioAtMost(let most): ratio.map { $0 <= most }
    case nil: nil
    }
  }
}

// MARK: For people

extension Measurement: CustomStringConvertible {
  /// `ingest binary: 2.31 M/s (2.2…2.41, 5 rounds), reply trees 1.77, ratio 1.31; target ratio >= 1.2: met`
  var description: String {
    var text = "\(name): \(Self.text(rounds.median)) \(unit)"
    if rounds.values.count > 1 {
      let (least, greatest) = rounds.spread
      text += " (\(Self.text(least))…\(Self.text(greatest)), \(rounds.values.count) rounds)"
    }
    if let baseline {
      text += ", \(baseline.name) \(Self.text(baseline.rounds.median))"
      if let ratio { text += ", ratio \(Self.text(ratio))" }
    }
    if let target { text += "; target \(target): \(isMet.map { $0 ? "met" : "missed" } ?? "not known")" }
    return text
  }

  /// Three digits, where it has as many.
  fileprivate static func text(_ value: Double) -> String {
    let rounded = value.rounded(digits: 3)
    return Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
  }
}

extension Measurement.Target: CustomStringConvertible {
  var description: String {
    switch self {
    case .atLeast(let least): ">= \(Measurement.text(least))"
    case .atMost(let most): "<= \(Measurement.text(most))"
    case .ratioAtLeast(let least): "ratio >= \(Measurement.text(least))"
    case .ratioAtMost(let most): "ratio <= \(Measurement.text(most))"
    }
  }
}

// MARK: For machines

extension Measurement {
  /// ```json
  /// {"name":"ingest binary","unit":"M entries/s","median":2.31,"min":2.2,"max":2.41,"rounds":5,
  ///  "baseline":"reply trees","baseline_median":1.77,"ratio":1.31,"target":"ratio >= 1.2","met":true}
  /// ```
  /// What there is none of is left out.
  var json: JSONValue {
    let (least, greatest) = rounds.spread
    return [
      "name": .string(name), "unit": .string(unit), "median": .number(rounds.median.rounded(digits: 5)),
      "min": .number(least.rounded(digits: 5)), "max": .number(greatest.rounded(digits: 5)),
      "rounds": .integer(Int64(rounds.values.count)), "baseline": baseline.map { .string($0.name) },
      "baseline_median": baseline.map { .number($0.rounds.median.rounded(digits: 5)) },
      "ratio": ratio.map { .number($0.rounded(digits: 5)) }, "target": target.map { .string($0.description) },
      "met": isMet.map { .bool($0) },
    ]
  }
}

extension Double {
  /// The nearest number of so many decimal digits.
  fileprivate func rounded(digits: Int) -> Double {
    guard self != 0, isFinite else { return self }
    var scale = 1.0
    var limit = 1.0
    for _ in 0..<digits { limit *= 10 }
    while magnitude * scale < limit / 10 { scale *= 10 }
    // Of a number that has more digits before the point none is left out.
    return (self * scale).rounded() / scale
  }
}
