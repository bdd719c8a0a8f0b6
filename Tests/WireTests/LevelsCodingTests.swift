import FleetModel
import Testing

@testable import Wire

/// By which metrics and levels a handler judges, as consoles read it.
@Suite struct LevelsCodingTests {
  private static let settings: LevelSettings = {
    var depth = OpenMetric(
      "search_depth", bad: .low, aliases: ["search.depth"], levels: .init(medium: 5, high: 3, critical: 1),
      shown: .column, tellsRunaway: true)
    depth.line = 12
    depth.heading = "Depth"
    var cost = BuiltInMetric.costPerHour.metric
    cost.levels = .init(medium: 4, high: 8, critical: 8)
    let entries = [
      LevelTable.Entry(
        role: Glob("sales*"), agent: Glob("é\"*"), levels: [.errorRate: .init(medium: 0.02, high: 0.05, critical: 0.1)],
        open: ["search_depth": .init(medium: 4, high: 2, critical: 1)], line: 30),
      LevelTable.Entry(
        tier: Glob("backup"), levels: [.averageRating: .init(medium: 3.5, high: 3, critical: 2)], line: 34),
    ]
    return LevelSettings(
      metrics: MetricTable(declaring: [cost, depth], currency: "EUR"), levels: LevelTable(entries))
  }()

  private func decode(_ text: String) -> LevelSettings? { LevelsCoding.decode(Array(text.utf8)) }

  @Test func whatIsWrittenIsReadAsItWas() {
    let bytes = LevelsCoding.encode(Self.settings)
    #expect(LevelsCoding.decode(bytes) == Self.settings)
    #expect(LevelsCoding.digest(bytes).count == 16)
    #expect(LevelsCoding.digest(bytes) != LevelsCoding.digest(bytes.dropLast()))
  }

  @Test func theUsualOnesTakeNothing() {
    #expect(String(decoding: LevelsCoding.encode(LevelSettings()), as: UTF8.self) == "{}")
    #expect(decode("{}") == LevelSettings())
  }

  @Test func aTableThatIsCutShortIsNone() {
    let bytes = LevelsCoding.encode(Self.settings)
    for length in bytes.indices { #expect(LevelsCoding.decode(Array(bytes.prefix(length))) == nil) }
  }

  @Test(arguments: [
    "", "[]", "7", #"{"levels":3}"#, #"{"levels":[3]}"#, #"{"levels":[{}]}"#, #"{"metrics":{}}"#,
    #"{"currency":"123456789"}"#,
    #"{"levels":[{"of":{"error_rate":[0.1,0.2]}}]}"#, #"{"levels":[{"of":{"error_rate":[0.3,0.2,0.1]}}]}"#,
    #"{"levels":[{"of":{"error_rate":[0.1,0.2,7]}}]}"#, #"{"levels":[{"of":{"error_rate":["a",0.2,0.3]}}]}"#,
    #"{"levels":[{"of":{"error_rate":[0.1,0.2,0.3]},"role":7}]}"#, #"{"levels":[{"of":{"nothing":[1,2,3]}}]}"#,
    #"{"levels":[{"of":{"attempts_count":[1,2,3]}}]}"#, #"{"levels":[{"of":{"error_rate":[1e999,2,3]}}]}"#,
    #"{"metrics":[{"name":"error_rate","unit":"count","bad":"high","aliases":[],"shown":"detail"}]}"#,
    #"{"metrics":[{"name":"x","unit":"count","bad":"high","aliases":["role"],"shown":"detail"}]}"#,
    #"{"metrics":[{"name":"x","unit":"count","bad":"high","aliases":["x"],"shown":"detail"}]}"#,
    #"{"metrics":[{"name":"x","unit":"furlong","bad":"high","aliases":[],"shown":"detail"}]}"#,
    #"{"metrics":[{"name":"","unit":"count","bad":"high","aliases":[],"shown":"detail"}]}"#,
  ])
  func whatIsNoTableIsNone(text: String) {
    #expect(decode(text) == nil)
  }

  @Test func tooMuchIsNone() {
    let entry = #"{"of":{"error_rate":[0.1,0.2,0.3]}}"#
    func levels(_ count: Int) -> String {
      "{\"levels\":[" + Array(repeating: entry, count: count).joined(separator: ",") + "]}"
    }
    #expect(decode(levels(64))?.levels.entries.count == 64 && decode(levels(65)) == nil)
    let long = String(repeating: "a", count: Glob.longest + 1)
    #expect(decode(#"{"levels":[{"role":"\#(long)","of":{"error_rate":[0.1,0.2,0.3]}}]}"#) == nil)
    #expect(decode("{}" + String(repeating: " ", count: LevelsCoding.mostBytes)) == nil)
    let many = (0..<40).map {
      #"{"name":"m\#($0)","unit":"count","bad":"high","aliases":[],"shown":"detail"}"#
    }
    #expect(decode("{\"metrics\":[" + many.joined(separator: ",") + "]}") == nil)
  }
}
