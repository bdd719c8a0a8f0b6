import FleetModel
import TestSupport
import Testing
import Wire

@Suite struct LoadCodingTests {
  private var whole: LoadStanding {
    var standing = LoadStanding()
    standing.moves = [
      .init(agent: "support-3", to: 0.8, command: CommandID("0a1b"), until: .at(60)),
      .init(agent: "support-4", to: 1.25, command: CommandID("2c3d"), until: .at(61)),
    ]
    standing.question = .init(
      id: ProposalID("rule/handler/load/1/support-5"), agent: "support-5", from: 1, to: 0.7, until: .at(600))
    return standing
  }

  @Test func whatIsUnderWayComesBackAsItWas() {
    var asked = whole
    asked.moves = []
    var sent = whole
    sent.question = nil
    for standing in [whole, asked, sent] { #expect(LoadCoding.decode(LoadCoding.encode(standing)) == standing) }
  }

  @Test(arguments: [
    "", "{", "[]", "7", "{}", #"{"moves":[]}"#, #"{"moves":[{"agent":"a"}]}"#, #"{"moves":7,"question":"x"}"#,
    #"{"moves":[{"agent":"","to":1,"command":"c","until":1}]}"#,
    #"{"moves":[{"agent":"a","to":1e999,"command":"c","until":1}]}"#,
    #"{"moves":[{"agent":"a","to":1,"command":"","until":1}]}"#,
    #"{"question":{"proposal":"p","agent":"a","from":"1","to":2,"until":1}}"#,
  ])
  func whatNamesNothingUnderWayIsNone(text: String) { #expect(LoadCoding.decode(Array(text.utf8)) == nil) }

  @Test func aValueThatIsCutIsNone() {
    let encoded = LoadCoding.encode(whole)
    for length in 0..<encoded.count { #expect(LoadCoding.decode(Array(encoded.prefix(length))) == nil) }
  }

  @Test func noMoreMovesAreReadThanAreMade() {
    var many = LoadStanding()
    for number in 0..<LoadStanding.mostMoves + 40 {
      many.moves.append(
        .init(agent: AgentID("a-\(number)"), to: 1, command: CommandID("c\(number)"), until: .at(1)))
    }
    #expect(LoadCoding.decode(LoadCoding.encode(many))?.moves.count == LoadStanding.mostMoves)
  }

  @Test func hugeValuesAreNotRead() {
    let move = #"{"moves":[{"agent":"a","to":1,"command":"c","until":1}]"#
    #expect(LoadCoding.decode(Array("\(move)}".utf8)) != nil)
    let text = "\(move),\"x\":\"" + String(repeating: "y", count: 600_000)
    #expect(LoadCoding.decode(Array((text + "\"}").utf8)) == nil)
  }
}
