import Testing
import Wire

@testable import Redis

@Suite struct ClusterMapTests {
  private static func node(_ host: Reply, _ port: Int64, _ id: String = "") -> Reply {
    .array([host, .integer(port), .string(Array(id.utf8)), .array([])])
  }

  private static func text(_ text: String) -> Reply { .string(Array(text.utf8)) }

  @Test func ownerOfASlotIsTheFirstNodeOfItsStretch() {
    let map = ClusterMap(
      .array([
        .array([.integer(0), .integer(99), Self.node(Self.text("10.0.0.1"), 7000, "a"), Self.node(.null, 7001, "b")]),
        .array([.integer(100), .integer(16383), Self.node(Self.text(""), 7002, "c")]),
      ]))
    #expect(map.owner(of: 99) == .init(host: "10.0.0.1", port: 7000, id: Array("a".utf8)))
    // Nobody's name stands for the host that was asked.
    #expect(map.owner(of: 100) == .init(host: nil, port: 7002, id: Array("c".utf8)))
    #expect(map.nodes.map(\.port) == [7000, 7001, 7002])
  }

  @Test(
    arguments: [
      .null, .integer(3), .error(ServerError("ERR")), .array([]), .array([.null, .integer(1)]),
      .array([.array([.integer(0), .integer(16384), node(.null, 1)])]),
      .array([.array([.integer(-1), .integer(3), node(.null, 1)])]),
      .array([.array([.integer(9), .integer(3), node(.null, 1)])]),
      .array([.array([.integer(0), .integer(9), node(.null, 0)])]),
      .array([.array([.integer(0), .integer(9), node(.null, 65536)])]),
      .array([.array([.integer(0), .integer(9), node(text("?"), 1)])]),
      .array([.array([.integer(0), .integer(9), node(text("a\u{1B}[2Jb"), 1)])]),
      .array([.array([.integer(0), .integer(9), .string([0xFF])])]),
    ] as [Reply])
  func whatIsNotUnderstoodNamesNobody(_ reply: Reply) {
    let map = ClusterMap(reply)
    #expect(map.owner(of: 0) == nil && map.nodes.isEmpty)
  }

  @Test func nodesHaveABound() {
    let stretches = (0..<1000).map { index -> Reply in
      .array([.integer(Int64(index)), .integer(Int64(index)), Self.node(.null, Int64(1 + index))])
    }
    let map = ClusterMap(.array(stretches))
    #expect(map.nodes.count == ClusterMap.mostNodes)
    #expect(map.owner(of: 999)?.port == 1000)
  }
}
