import FleetModel
import Testing
import Wire

@Suite struct TuningCodingTests {
  private static let at = Instant(milliseconds: 1_795_334_400_123)

  @Test func whatIsWrittenIsRead() throws {
    let question = TuningReport.Question(proposal: ProposalID("rule/handler/tuning/1/a"), agent: "a")
    for (run, question) in [(nil, nil), ("tuning/support/1795334400000", nil), (nil, question)] {
      var report = TuningReport(words: "tries timeout_s 25 instead of 20", at: Self.at, run: run, question: question)
      report.isIdle = run == nil && question == nil
      let state: JSONValue = ["seed": 7, "parameters": [["name": "timeout_s"]]]
      let read = try #require(TuningCoding.decode(TuningCoding.encode(report, state: state)))
      #expect(read.report == report && read.state == state)
    }
  }

  @Test(arguments: [
    "", "7", "[]", "{}", #"{"words":"w","at":1795334400000}"#, #"{"words":1,"at":1795334400000,"state":{}}"#,
    #"{"words":"w","at":"soon","state":{}}"#, #"{"words":"w","state":{}}"#,
  ])
  func whatIsNoneIsNone(text: String) {
    #expect(TuningCoding.decode(Array(text.utf8)) == nil)
  }

  @Test func textsAreBounded() throws {
    let long = String(repeating: "é", count: 3000)
    let text = #"{"words":"\#(long)","at":1795334400000,"run":"\#(long)","proposal":"\#(long)","agent":"a","state":{}}"#
    let read = try #require(TuningCoding.decode(Array(text.utf8)))
    let bytes = read.report.words.utf8.count
    #expect(bytes <= TextBound.words && bytes > TextBound.words / 2)
    #expect(read.report.question == nil && read.report.run == nil)
    let huge = String(repeating: "x", count: TuningCoding.mostBytes)
    #expect(TuningCoding.decode(Array(#"{"words":"\#(huge)","at":1795334400000,"state":{}}"#.utf8)) == nil)
  }

  @Test func toolsPrintItWithItsRole() {
    let json = TuningCoding.json(TuningReport(words: "w", at: Self.at), role: "support")
    #expect(
      String(decoding: json.encoded, as: UTF8.self)
        == #"{"role":"support","at":"2026-11-22T08:00:00.123Z","words":"w"}"#)
  }

  @Test func cutAnywhereItIsNone() {
    let bytes = TuningCoding.encode(TuningReport(words: "w", at: Self.at), state: ["seed": 1])
    for length in 0..<bytes.count { #expect(TuningCoding.decode(Array(bytes[..<length])) == nil) }
  }
}
