import Testing

@testable import FleetModel

/// Days in time zones.
@Suite struct ZoneTests {
  private static let lisbon = "WET0WEST,M3.5.0/1,M10.5.0"
  private static let havana = "CST5CDT,M3.2.0/0,M11.1.0/1"
  private static let santiago = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
  private static let dublin = "IST-1GMT0,M10.5.0,M3.5.0/1"
  private static let jerusalem = "IST-2IDT,M3.4.4/26,M10.5.0"

  /// Minutes since the epoch: 29577600 is 2026-03-28T00:00Z.
  @Test(
    arguments: [
      // Summer begins on 2026-03-29 and ends on 2026-10-25, at 01:00Z.
      (lisbon, 29_577_600, 29_577_600, 29_579_040), (lisbon, 29_579_040, 29_579_040, 29_580_420),
      (lisbon, 29_580_419, 29_579_040, 29_580_420), (lisbon, 29_580_420, 29_580_420, 29_581_860),
      (lisbon, 29_881_500, 29_881_380, 29_882_880), (dublin, 29_881_500, 29_881_380, 29_882_880),
      // Clocks leave out the midnight of 2026-03-08 there, and go over that of 2026-11-01 twice.
      (havana, 29_549_100, 29_549_100, 29_550_480), (havana, 29_549_099, 29_547_660, 29_549_100),
      (havana, 29_892_000, 29_891_760, 29_893_260),
      // They leave out the first hour of 2026-09-06, which begins at 04:00Z.
      (santiago, 29_811_120, 29_811_120, 29_812_500), (jerusalem, 29_577_600, 29_577_420, 29_578_860),
      ("<+0545>-5:45", 29_577_600, 29_577_255, 29_578_695), ("UTC0", 0, 0, 1440), ("UTC0", 1439, 0, 1440),
    ] as [(String, Int64, Int64, Int64)])
  func aDayBeginsAtLocalMidnight(rule: String, minute: Int64, from: Int64, until: Int64) throws {
    let zone = try #require(Zone(name: "X", rule: rule))
    #expect(zone.day(of: minute) == BudgetDay(from: from, until: until))
  }

  @Test(arguments: [lisbon, havana, santiago, dublin, jerusalem, "<+14>-14", "<-12>12"])
  func daysFollowEachOtherWithoutAGap(rule: String) throws {
    let zone = try #require(Zone(name: "X", rule: rule))
    var minute: Int64 = 29_500_000
    for _ in 0..<400 {
      let day = zone.day(of: minute)
      #expect(day.contains(minute) && (1380...1500).contains(day.until - day.from))
      #expect(zone.day(of: day.until - 1) == day)
      minute = day.until
    }
  }

  @Test(arguments: [
    "", "X", "WET", "WET0WEST,", "WET0WEST,M3.5.0", "WET0WEST,M13.5.0,M1.1.0", "WET0WEST,M3.6.0,M1.1.0", "<WET0",
    "WET99", "WET0WEST,J0,J5", "WET0WEST,M3.5.0/200,M10.5.0", "WET0WEST,M3.5.0,M10.5.0,M11.1.1", "WET9999999999999999",
  ])
  func whatIsNoRuleIsNone(rule: String) { #expect(Zone(name: "X", rule: rule) == nil) }

  // MARK: Files

  /// A file with two changes, each of a second version's form.
  private static func file(
    changes: [(at: Int64, type: UInt8)], offsets: [Int32], rule: String, version: UInt8 = UInt8(ascii: "2"),
    leaps: Int32 = 0
  ) -> [UInt8] {
    func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    func head(_ times: Int, _ types: Int) -> [UInt8] {
      Array("TZif".utf8) + [version] + Array(repeating: 0, count: 15) + bytes(Int32(0)) + bytes(Int32(0)) + bytes(leaps)
        + bytes(Int32(times)) + bytes(Int32(types)) + bytes(Int32(4))
    }
    let types = offsets.flatMap { bytes($0) + [0, 0] } + Array("XXX\u{0}".utf8)
    let kinds = changes.map(\.type)
    guard version >= UInt8(ascii: "2") else {
      return head(changes.count, offsets.count) + changes.flatMap { bytes(Int32($0.at)) } + kinds + types
    }
    return head(0, 1) + bytes(Int32(0)) + [0, 0] + Array("XXX\u{0}".utf8) + head(changes.count, offsets.count)
      + changes.flatMap { bytes($0.at) } + kinds + types + Array("\n\(rule)\n".utf8)
  }

  private static let changes: [(at: Int64, type: UInt8)] = [(-86_400, 1), (1_774_742_400, 2)]
  private static let offsets: [Int32] = [0, 3600, 7200]

  @Test(arguments: [UInt8(ascii: "2"), UInt8(ascii: "4"), 0]) func aFileSaysWhenTimeChanges(version: UInt8) throws {
    let bytes = Self.file(changes: Self.changes, offsets: Self.offsets, rule: "", version: version)
    let zone = try #require(Zone(name: "X", file: bytes))
    #expect(zone.day(of: 1_774_720_000 / 60) == BudgetDay(from: 29_577_540, until: 29_578_980))
    // From then on it is two hours.
    #expect(zone.day(of: 29_579_040) == BudgetDay(from: 29_578_980, until: 29_580_360))
    #expect(zone.day(of: 40_000_000).from % 1440 == 1320)
  }

  @Test func afterItsLastChangeTheRuleCounts() throws {
    let bytes = Self.file(changes: [(0, 1)], offsets: [0, 0], rule: Self.lisbon)
    let zone = try #require(Zone(name: "X", file: bytes))
    #expect(zone.day(of: 29_580_420) == BudgetDay(from: 29_580_420, until: 29_581_860))
  }

  @Test func aFileThatIsCutOrWrongIsNone() {
    let whole = Self.file(changes: Self.changes, offsets: Self.offsets, rule: Self.lisbon)
    #expect(Zone(name: "X", file: whole) != nil)
    for length in 0..<whole.count { #expect(Zone(name: "X", file: Array(whole[..<length])) == nil) }
    for index in whole.indices {
      for byte in [0, 0x7F, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[index] = byte
        _ = Zone(name: "X", file: bytes)?.day(of: 29_580_420)
      }
    }
    let (changes, offsets) = (Self.changes, Self.offsets)
    #expect(Zone(name: "X", file: Self.file(changes: changes, offsets: [0, 3600], rule: "")) == nil)
    #expect(Zone(name: "X", file: Self.file(changes: changes.reversed(), offsets: offsets, rule: "")) == nil)
    #expect(Zone(name: "X", file: Self.file(changes: changes, offsets: [0, 1, 1 << 30], rule: "")) == nil)
    #expect(Zone(name: "X", file: Self.file(changes: changes, offsets: offsets, rule: "?")) == nil)
  }

  @Test(arguments: [
    ("Europe/Lisbon", true), ("America/Argentina/Buenos_Aires", true), ("Etc/GMT+5", true), ("UTC", true), ("", false),
    ("../../etc/passwd", false), ("/etc/passwd", false), ("Europe/", false), ("a/./b", false), ("Zürich", false),
    ("a b", false), ("a\u{0}b", false),
  ])
  func namesStayWithinTheFolder(name: String, isName: Bool) { #expect(Zone.isName(name) == isName) }
}
