import FleetModel
import Testing

@testable import Wire

/// Versions that were named worse, as Redis holds them.
@Suite struct WorseVersionCodingTests {
  private static let now = Instant(milliseconds: 1_763_000_000_000)

  private static func version(_ worse: String, step: WorseVersion.Step? = nil) -> WorseVersion {
    WorseVersion(
      role: "sales \"é\"", worse: worse, better: "1.4.1", metric: "error_rate", words: "version \(worse): …",
      namedAt: now, step: step)
  }

  @Test func whatIsWrittenIsRead() {
    var third = Self.version("1.4.4")
    third.close()
    let step = WorseVersion.Step(["ü/7", "b"], at: Self.now + .seconds(1))
    let versions = [Self.version("1.4.2"), Self.version("1.4.3", step: step), third]
    let bytes = WorseVersionCoding.encode(versions)
    #expect(WorseVersionCoding.decode(bytes) == versions)
    for length in 0..<bytes.count { #expect(WorseVersionCoding.decode(Array(bytes.prefix(length))) == nil) }
    #expect(WorseVersionCoding.decode(WorseVersionCoding.encode([])) == [])
  }

  @Test func theLatestAreKept() {
    let all = (0..<100).map { Self.version("v\($0)") }
    #expect(WorseVersionCoding.decode(WorseVersionCoding.encode(all)) == all.suffix(WorseVersion.most))
  }

  /// A handler that takes over must not begin anew because somebody chose long words that JSON writes in six bytes each.
  @Test func theLongestIsRead() {
    func text(_ count: Int) -> String { String(repeating: "\u{1}", count: count) }
    let agents = (0..<32).map { _ in AgentID(text(128)) }
    let all = (0..<WorseVersion.most).map { _ in
      WorseVersion(
        role: text(128), worse: text(128), better: text(128), metric: text(256), words: text(400), namedAt: Self.now,
        step: .init(agents, at: Self.now))
    }
    #expect(WorseVersionCoding.decode(WorseVersionCoding.encode(all)) == all)
  }

  @Test func unknownMembersArePassedOverAndWhatIsNoVersionIsLeftOut() {
    let good = #"{"role":"r","worse":"2","better":"1","metric":"m","detail":"d","named":"2026-11-22T08:00:00.000Z"}"#
    let long = String(repeating: "x", count: 129)
    let text =
      "[\(good.dropLast()),\"new\":[1]},{},7,null,\(good.replacing(#""r""#, with: "\"\(long)\"")),"
      + "\(good.replacing(#""2""#, with: "3")),\(good.replacing("2026", with: "soon"))]"
    let read = WorseVersionCoding.decode(Array(text.utf8))
    #expect(read?.map(\.worse) == ["2"] && read?.first?.step == nil && read?.first?.isClosed == false)
  }

  @Test(arguments: ["", "{}", "7", "\"x\"", "[", "nonsense"]) func whatIsNoListIsNone(_ text: String) {
    #expect(WorseVersionCoding.decode(Array(text.utf8)) == nil)
  }

  @Test func whatIsTooLongIsNotRead() {
    #expect(WorseVersionCoding.decode(Array("[\(String(repeating: " ", count: 2 << 20))]".utf8)) == nil)
  }
}
