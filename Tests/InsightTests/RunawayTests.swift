import FleetModel
import Insight
import Testing

@Suite struct RunawayTests {
  private static func at(_ minute: Int) -> Instant {
    Instant(milliseconds: 1_700_000_000_000) + .minutes(Int64(minute))
  }

  private static func findings(_ values: [Double]) -> [(minute: Int, finding: Finding)] {
    var watch = RunawayWatch(MetricID(rawValue: 9))
    return values.enumerated().compactMap { minute, value in
      watch.judge(Sample(value, at: at(minute))).map { (minute, $0) }
    }
  }

  private static let ordinary = (0..<200).map { 3 + Double($0 % 5) / 2 }

  @Test func threeSamplesFarAboveNormalAreARunawayOnce() throws {
    let found = Self.findings(Self.ordinary + Array(repeating: 60, count: 20))
    #expect(found.map(\.minute) == [202])
    let finding = try #require(found.first?.finding)
    #expect(finding.kind == .runaway && finding.since == Self.at(200) && finding.strength > 1)
    #expect(finding.words(named: "tool_calls_per_turn") == "tool_calls_per_turn is 60; this agent's own normal is 4")
  }

  @Test func twoSamplesAreNone() {
    #expect(Self.findings(Self.ordinary + [60, 60] + Self.ordinary + [60, 60] + Self.ordinary).isEmpty)
  }

  @Test func aRunawayDoesNotBecomeNormal() {
    let found = Self.findings(Self.ordinary + Array(repeating: 60, count: 5000) + [4] + [60, 60, 60])
    #expect(found.map(\.minute) == [202, 5203])
  }

  @Test func badNumbersAreNone() {
    #expect(Self.findings(Self.ordinary + [.nan, .infinity, 1e300, .nan, 1e300]).isEmpty)
    #expect(Self.findings(Array(repeating: 0, count: 300) + Array(repeating: 1e9, count: 9)).isEmpty)
  }
}
