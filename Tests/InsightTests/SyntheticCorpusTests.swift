import DetectionBenchmark
import FleetModel
import Testing

@Suite struct SyntheticCorpusTests {
  @Test func aSeedGivesTheSameSeriesAlways() {
    let first = SyntheticCorpus.series(seed: 7, count: 11)
    let second = SyntheticCorpus.series(seed: 7, count: 11)
    #expect(first.map(\.values) == second.map(\.values) && first.map(\.windows) == second.map(\.windows))
    #expect(first.map(\.values) != SyntheticCorpus.series(seed: 8, count: 11).map(\.values))
  }

  @Test func valuesTimesAndWindowsAreSound() {
    for series in SyntheticCorpus.series(seed: 3) {
      #expect(series.values.allSatisfy { $0.isFinite })
      #expect(zip(series.instants, series.instants.dropFirst()).allSatisfy { $0 < $1 })
      #expect(series.windows.allSatisfy { $0.lowerBound >= series.probation && $0.upperBound < series.values.count })
      #expect(zip(series.windows, series.windows.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }
  }

  @Test func itsTextIsReadBackAsItWas() throws {
    let series = try #require(SyntheticCorpus.series(seed: 5, count: 6).last { !$0.windows.isEmpty })
    let rows = zip(series.timestamps, series.values).map { "\($0),\($1)" }
    var read = try CorpusText.series(named: series.name, csv: "timestamp,value\n" + rows.joined(separator: "\n"))
    #expect(read.values == series.values && read.instants == series.instants)
    try CorpusText.label(
      &read, series.windows.map { (series.timestamps[$0.lowerBound], series.timestamps[$0.upperBound]) })
    #expect(read.windows == series.windows)
  }
}
