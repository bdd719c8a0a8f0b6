import Console
import FleetModel
import Insight
import Wire

/// How good the forecasts of a backtest were, as text or JSON.
struct BacktestReport {
  private let backtest: Backtest
  private let agents: Int
  /// How many agents there are to pick from.
  private let all: Int
  private let coarse: Int
  private let span: TimeSpan

  init(_ backtest: Backtest, agents: Int, of all: Int, coarse: Int, span: TimeSpan) {
    (self.backtest, self.agents, self.all, self.coarse, self.span) = (backtest, agents, all, coarse, span)
  }

  private var score: ForecastScore { backtest.record.score }

  // MARK: Text

  var lines: [String] {
    let picked = agents < all ? " of \(all)" : ""
    let head =
      "\(Format.counted(agents, "agent"))\(picked), \(backtest.series) series, \(backtest.minutes) minutes of the last "
      + "\(span)"
    let left = coarse > 0 ? ["\(coarse) series are stored by five minutes, and cannot be replayed"] : []
    return [head] + left + forecastLines + [coverageLine]
  }

  private var forecastLines: [String] {
    guard backtest.forecasts > 0 else {
      return ["no forecast was made: no metric moved towards its level for an hour"]
    }
    let made = "\(Format.counted(backtest.forecasts, "forecast")) made, \(backtest.open) still open"
    guard let brier = score.brier, let naive = score.naiveBrier else {
      return [made, "none has ended: nothing to score"]
    }
    let share = Double(score.hits) / Double(score.forecasts)
    return [
      "\(made); \(score.hits) of \(score.forecasts) that ended came true",
      "Brier score \(Self.digits(brier)), of 0 at best; always saying \(Self.percent(share)) would have \(Self.digits(naive))",
      "  said       forecasts  mean said  came true",
    ]
      + score.tenths.enumerated().filter { $0.element.forecasts > 0 }.map { index, tenth in
        let said = "\(index * 10) to \(index * 10 + 10)%"
        let cells = [
          Self.padded("\(tenth.forecasts)", 9), Self.padded(Self.percent(tenth.meanConfidence), 9),
          Self.padded(Self.percent(tenth.shareOfHits), 9),
        ]
        return "  \(said)" + String(repeating: " ", count: max(0, 11 - said.count)) + cells.joined(separator: "  ")
      }
  }

  private var coverageLine: String {
    let coverage = backtest.coverage
    guard coverage.values > 0 else { return "the fan: too few minutes to judge it" }
    return "the fan ten minutes ahead: asked 90%, got \(Self.percent(coverage.value)) of \(coverage.values) values"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Bounded.int(rounding: share * 1000)
    return "\(tenths / 10).\(tenths % 10)%"
  }

  /// Three digits behind the point.
  private static func digits(_ value: Double) -> String {
    let thousandths = String(Bounded.int(rounding: value * 1000))
    let padded = String(repeating: "0", count: max(0, 4 - thousandths.count)) + thousandths
    return "\(padded.dropLast(3)).\(padded.suffix(3))"
  }

  // MARK: JSON

  var json: JSONValue {
    let coverage = backtest.coverage
    return [
      "agents": .integer(Int64(agents)), "of": .integer(Int64(all)), "series": .integer(Int64(backtest.series)),
      "series_by_five_minutes": .integer(Int64(coarse)), "minutes": .integer(Int64(backtest.minutes)),
      "forecasts": .integer(Int64(backtest.forecasts)), "open": .integer(Int64(backtest.open)),
      "ended": .integer(Int64(score.forecasts)), "came_true": .integer(Int64(score.hits)),
      "brier": score.brier.map { .number($0) }, "brier_naive": score.naiveBrier.map { .number($0) },
      "reliability": .array(
        score.tenths.enumerated().filter { $0.element.forecasts > 0 }.map { index, tenth in
          [
            "from": .number(Double(index) / 10), "to": .number(Double(index + 1) / 10),
            "forecasts": .integer(Int64(tenth.forecasts)), "mean_confidence": .number(tenth.meanConfidence),
            "came_true": .number(tenth.shareOfHits),
          ]
        }),
      "coverage": ["asked": 0.9, "got": .number(coverage.value), "values": .integer(Int64(coverage.values))],
    ]
  }
}
