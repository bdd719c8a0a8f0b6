import FleetModel
import Insight
import Testing

@Suite struct BacktestTests {
  private static let begin = Instant(milliseconds: 1_700_000_040_000)
  private static let queue = MetricID(rawValue: 4)

  /// A queue that rises from its tenth hour on, with a little noise.
  private static func value(_ minute: Int) -> Double {
    20 + Double(max(0, minute - 60)) * 1.2 + Double((minute * 37) % 11) / 5
  }

  @Test func replayedHistoryGivesWhatALiveWatchWouldHave() {
    var backtest = Backtest()
    var live = ForecastWatch(Self.queue, level: 100, bad: .above)
    var record = ForecastRecord()
    var announced = 0
    for minute in 0..<200 {
      let at = Self.begin + .minutes(Int64(minute))
      backtest.learn(Self.value(minute), minute: at, of: "a", Self.queue, level: 100, bad: .above)
      if live.learn(Self.value(minute), minute: at, record: &record) != nil { announced += 1 }
    }
    #expect(announced > 0 && backtest.forecasts == announced && backtest.minutes == 200 && backtest.series == 1)
    #expect(backtest.record == record)
    #expect(backtest.coverage.values == live.coverage.values)
    #expect(abs(backtest.coverage.value - live.coverage.value) < 1e-12)
    #expect(backtest.forecasts == record.score.forecasts + backtest.open)
  }

  @Test func laterForecastsAreAsSureAsEarlierOnesOfOtherAgentsWereRight() {
    var backtest = Backtest()
    for (agent, start) in [("a", 0), ("b", 300)] {
      for minute in 0..<200 {
        backtest.learn(
          Self.value(minute), minute: Self.begin + .minutes(Int64(start + minute)), of: AgentID(agent), Self.queue,
          level: 100, bad: .above)
      }
    }
    let said = backtest.record.score.tenths.filter { $0.forecasts > 0 }.map(\.meanConfidence)
    #expect(backtest.series == 2 && said.contains { $0 > 0.5 })
  }

  @Test func numbersThatNobodyCanHaveMeasuredAreLeftOut() {
    var backtest = Backtest()
    for value in [Double.nan, .infinity, 1e300] {
      backtest.learn(value, minute: Self.begin, of: "a", Self.queue, level: 100, bad: .above)
    }
    #expect(backtest.forecasts == 0 && backtest.coverage.values == 0)
  }
}
