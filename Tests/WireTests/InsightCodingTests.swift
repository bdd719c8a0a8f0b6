import FleetModel
import Testing

@testable import Wire

@Suite struct InsightCodingTests {
  private static var full: AgentInsight {
    var insight = AgentInsight(at: Instant(milliseconds: 1_763_000_000_123))
    insight.health = 0.42
    insight.isCritical = true
    insight.reasons = ["error_rate is 0.31; its own normal is 0.02"]
    insight.findings = [
      AgentInsight.Found(
        metric: "queue_size", kind: "out_of_range", words: "queue_size is 812 \u{1B}[31m", since: insight.at,
        at: insight.at)
    ]
    insight.forecasts = [
      AgentInsight.Coming(
        metric: "queue_size", value: 80, level: 300, madeAt: insight.at, crossesAt: insight.at + .minutes(20),
        confidence: 0.75, known: 2, radius: 9.5)
    ]
    insight.changes = [AgentInsight.Change(kind: "version", detail: "2.1.0", at: insight.at)]
    return insight
  }

  @Test func whatIsWrittenIsReadAsItWas() {
    #expect(InsightCoding.decode(InsightCoding.encode(Self.full)) == Self.full)
    let empty = AgentInsight(at: .epoch)
    #expect(InsightCoding.decode(InsightCoding.encode(empty)) == empty)
  }

  @Test(arguments: ["", "7", "[]", "{}", #"{"at":true}"#, #"{"at":"yesterday"}"#])
  func whatIsNoObjectWithATimeIsNone(text: String) {
    #expect(InsightCoding.decode(Array(text.utf8)) == nil)
  }

  @Test func elementsThatAreMalformedAreLeftOut() {
    let text = """
      {"at":"2026-11-22T08:00:00.000Z","health":7,"critical":"yes","reasons":[1,"slow"],"findings":[{},3],
       "forecasts":[{"metric":"m","value":1,"level":1e999,"made":0,"crosses":0,"confidence":0.5}],
       "changes":[{"kind":"version","detail":"2","at":"2026-11-22T07:00:00.000Z"},null]}
      """
    let insight = InsightCoding.decode(Array(text.utf8))
    #expect(insight?.health == nil)
    #expect(insight?.isCritical == false)
    #expect(insight?.reasons == ["slow"])
    #expect(insight?.findings == [])
    #expect(insight?.forecasts == [])
    #expect(insight?.changes.map(\.detail) == ["2"])
  }

  @Test func listsAndWordsAreBounded() {
    var insight = AgentInsight(at: .epoch)
    insight.reasons = Array(repeating: String(repeating: "x", count: 5000), count: 100)
    let read = InsightCoding.decode(InsightCoding.encode(insight))
    #expect(read?.reasons.count == AgentInsight.mostReasons)
    #expect(read?.reasons.allSatisfy { $0.utf8.count <= TextBound.words } == true)
  }

  @Test func theLatestChangeBeforeATroubleIsNamedIfItIsNotLongAgo() {
    let trouble = Self.full.at + .minutes(4)
    #expect(Self.full.change(before: trouble)?.ago == .minutes(4))
    #expect(Self.full.change(before: Self.full.at - .seconds(1)) == nil)
    #expect(Self.full.change(before: Self.full.at + .hours(7)) == nil)
  }
}
