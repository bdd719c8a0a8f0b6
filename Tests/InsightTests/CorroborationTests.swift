import FleetModel
import Insight
import Testing

@Suite struct CorroborationTests {
  private static func at(_ minute: Int64) -> Instant { Instant(milliseconds: 1_700_000_000_000) + .minutes(minute) }

  /// What is enough, of findings of these metrics at these minutes.
  private static func enough(_ findings: (metric: UInt8, minute: Int64)...) -> [Bool] {
    var corroboration = Corroboration()
    return findings.map { metric, minute in
      let finding = Finding(
        .outOfRange, metric: MetricID(rawValue: metric), since: at(minute), strength: 9, facts: .init(value: 1))
      return corroboration.note(finding, at: at(minute))
    }
  }

  @Test func oneFindingIsNeverEnough() {
    #expect(Self.enough((1, 0)) == [false])
  }

  @Test func twoMetricsWithinTenMinutesAreEnough() {
    #expect(Self.enough((1, 0), (2, 10)) == [false, true])
    #expect(Self.enough((1, 0), (2, 11)) == [false, false])
  }

  @Test func theSameMetricAgainWithinThirtyMinutesIsEnough() {
    #expect(Self.enough((1, 0), (1, 30)) == [false, true])
    #expect(Self.enough((1, 0), (1, 31), (1, 40)) == [false, false, true])
  }

  @Test func manyMetricsTakeNoMoreRoom() {
    var corroboration = Corroboration()
    for metric in 0..<UInt8.max {
      let finding = Finding(
        .stuck, metric: MetricID(rawValue: metric), since: .epoch, strength: 1, facts: .init(value: 1))
      #expect(corroboration.note(finding, at: Self.at(Int64(metric) * 60)) == false)
    }
  }
}
