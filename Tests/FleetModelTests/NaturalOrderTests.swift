import FleetModel
import Testing

@Suite struct NaturalOrderTests {
  @Test(arguments: [
    ("agent-2", "agent-10"), ("a", "a1"), ("a1", "a1b"), ("a1b", "a2"), ("a9", "a10"), ("x-1-9", "x-1-10"), ("9", "a"),
    ("a-", "a0"), ("a", "b"), ("A", "a"), ("", "0"), ("0", "00"), ("a01", "a1"), ("007", "8"), ("a", "á"),
    (String(repeating: "9", count: 20), "1" + String(repeating: "0", count: 20)),
  ])
  func firstComesBeforeSecond(first: String, second: String) {
    #expect(NaturalOrder(first) < NaturalOrder(second))
    #expect(!(NaturalOrder(second) < NaturalOrder(first)))
    #expect(NaturalOrder(first) != NaturalOrder(second))
  }

  @Test func sortsALongListAsPeopleDo() {
    let names = (0..<300).map { "agent-\($0)" }
    #expect(names.sorted { NaturalOrder($0) < NaturalOrder($1) } == names)
    #expect(names.reversed().sorted { NaturalOrder($0) < NaturalOrder($1) } == names)
  }

  @Test func onlyTheSameBytesAreEqual() {
    #expect(NaturalOrder("a1") == NaturalOrder("a1"))
    #expect(NaturalOrder("é") != NaturalOrder("e\u{301}"))
  }
}
