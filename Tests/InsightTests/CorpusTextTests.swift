import DetectionBenchmark
import FleetModel
import Testing

@Suite struct CorpusTextTests {
  private static let csv = "timestamp,value\n2014-04-01 00:00:00,18.5\r\n2014-04-01 00:05:00.000000,-2e3\n"

  @Test func rowsAreRead() throws {
    let series = try CorpusText.series(named: "a/b.csv", csv: Self.csv)
    #expect(series.values == [18.5, -2000])
    #expect(series.timestamps == ["2014-04-01 00:00:00", "2014-04-01 00:05:00.000000"])
    #expect(series.instants.map(\.milliseconds) == [1_396_310_400_000, 1_396_310_700_000])
  }

  @Test(arguments: [
    "timestamp,value\nsoon,1\n", "timestamp,value\n2014-04-01 00:00:00\n", "t,v\n2014-13-01 00:00:00,1\n",
  ])
  func aRowThatCannotBeReadIsAFault(_ csv: String) {
    #expect(throws: CorpusText.Fault.self) { try CorpusText.series(named: "a", csv: csv) }
  }

  @Test func windowsAreThePlacesOfTheirTimestamps() throws {
    var series = try CorpusText.series(named: "a/b.csv", csv: Self.csv)
    let json = #"{"a/b.csv": [["2014-04-01 00:00:00.000000", "2014-04-01 00:05:00.000000"]], "c.csv": []}"#
    let windows = try CorpusText.windows(json: Array(json.utf8))
    #expect(windows.keys.sorted() == ["a/b.csv", "c.csv"])
    try CorpusText.label(&series, windows["a/b.csv"] ?? [])
    #expect(series.windows == [0...1])
  }

  @Test func aWindowWithoutItsRowsIsAFault() throws {
    var series = try CorpusText.series(named: "a/b.csv", csv: Self.csv)
    #expect(throws: CorpusText.Fault.self) {
      try CorpusText.label(&series, [("2014-04-01 00:00:00", "2014-04-01 00:06:00")])
    }
  }

  @Test(arguments: ["", "[]", #"{"a": [["2014-04-01 00:00:00"]]}"#]) func otherWindowsAreAFault(_ json: String) {
    #expect(throws: CorpusText.Fault.self) { try CorpusText.windows(json: Array(json.utf8)) }
  }
}
