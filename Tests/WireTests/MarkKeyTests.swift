import FleetModel
import Testing
import Wire

@Suite struct MarkKeyTests {
  private let keys = Keys()

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test(arguments: ["agent-1", "a.b:c~d+e", "", "{x}[y]\"z\""])
  func ordinaryIDKeepsItsKey(id: String) {
    #expect(keys.mark(CommandID("c1"), AgentID(id)) == MarkKey(keys.mark("c1/\(id)")))
    #expect(IdempotencyKey.make(CommandID("c1"), AgentID(id)) == "c1/\(id)")
  }

  @Test(arguments: [
    ("agent/ö 1", "agent%2F%C3%B6%201"), ("a\nb", "a%0Ab"), ("\u{7F}", "%7F"), ("50%", "50%25"), ("%ff", "%25ff"),
  ])
  func otherIDsArePercentEncodedAndKeepTheFormerKeyBesides(id: String, part: String) {
    let mark = keys.mark(CommandID("c1"), AgentID(id))
    #expect(text(mark.key) == "agentos:mark:c1/\(part)")
    #expect(mark.former.map(text) == "agentos:mark:c1/\(id)")
    #expect(mark.spellings.count == 2)
  }

  @Test func noTwoIDsShareAPart() {
    let ids: [[UInt8]] = [
      [0xFF], Array("%ff".utf8), Array("%FF".utf8), Array("%25ff".utf8), Array("%25FF".utf8), Array("a/b".utf8),
      Array("a%2Fb".utf8), Array(String(repeating: "a", count: 128).utf8),
      Array(String(repeating: "a", count: 129).utf8), Array(String(repeating: "\u{1}", count: 43).utf8),
      Array(AgentID(String(repeating: "a", count: 129)).keyPart.utf8),
    ]
    #expect(Set(ids.map { AgentID(bytes: $0).keyPart }).count == ids.count)
  }

  @Test func longIDIsADigest() {
    let id = AgentID(String(repeating: "a", count: 512))
    #expect(id.keyPart == "%sha256-471be6558b665e4f6dd49f1184814d1491b0315d466beea768c153cc5500c836")
    #expect(AgentID(String(repeating: "\u{1}", count: 42)).keyPart.utf8.count == 126)
    #expect(AgentID(String(repeating: "\u{1}", count: 43)).keyPart.utf8.count == 72)
  }

  @Test func idempotencyKeyFitsAHeaderWhateverItIsMadeOf() {
    let long = String(repeating: "\u{7}", count: 512)
    for id in ["c1", "rule/block/1-0/a\nb/do/0", "rule/\(String(repeating: "x", count: 200))/1-0/\(long)/do/0"] {
      let key = IdempotencyKey.make(CommandID(id), AgentID(long))
      #expect(key.utf8.count <= 255 && key.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }
    #expect(IdempotencyKey.header("c1/agent/ö 1") == "c1/agent/ö 1")
    #expect(IdempotencyKey.header("c1/a\nb") == "c1/a%0Ab")
  }
}
