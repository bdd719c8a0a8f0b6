import Testing

@testable import Execution

@Suite struct ShardAssignmentTests {
  private typealias Effect = ShardAssignment.Effect

  private static let all = Set(0..<8)

  /// Takes inputs one after the other at one moment, and keeps all that they were answered with.
  private static func effects(
    _ assignment: inout ShardAssignment, at time: Int64, _ inputs: ShardAssignment.Input...
  ) -> [Effect] {
    inputs.flatMap { assignment.take($0, at: time) }
  }

  private static func handlers(_ ids: String...) -> [String: Set<Int>] {
    Dictionary(uniqueKeysWithValues: ids.map { ($0, all) })
  }

  /// One that leads all eight shards alone.
  private static func leader(_ id: String, at time: Int64 = 0) -> ShardAssignment {
    var assignment = ShardAssignment(id: id, count: 8)
    _ = effects(&assignment, at: time, .able(all), .present(handlers(id)))
    for shard in all { _ = assignment.take(.holder(shard: shard, id), at: time) }
    return assignment
  }

  /// Where `h2` is first among `h1` and `h2`.
  private static let ofSecond = RendezvousOrder.leaders(of: 8, among: handlers("h1", "h2")).indices.filter {
    RendezvousOrder.leaders(of: 8, among: handlers("h1", "h2"))[$0] == "h2"
  }

  // MARK: The order

  @Test func shardsSpreadEvenlyOverTheHandlers() {
    for count in 1...8 {
      let ids = (1...count).map { "h\($0)" }
      let leaders = RendezvousOrder.leaders(of: 8, among: Dictionary(uniqueKeysWithValues: ids.map { ($0, Self.all) }))
      let most = (8 + count - 1) / count
      for id in ids { #expect(leaders.count { $0 == id } <= most) }
      #expect(leaders.allSatisfy { $0 != nil })
    }
  }

  /// With room for each, only those of the handler that ended move: the others' room grows, and is not full.
  @Test func mostShardsStayIfOneHandlerEnds() {
    let ids = (1...4).map { "h\($0)" }
    let shards = Set(0..<64)
    let before = RendezvousOrder.leaders(of: 64, among: Dictionary(uniqueKeysWithValues: ids.map { ($0, shards) }))
    let rest = ids.dropLast()
    let after = RendezvousOrder.leaders(of: 64, among: Dictionary(uniqueKeysWithValues: rest.map { ($0, shards) }))
    let moved = (0..<64).count { before[$0] != "h4" && before[$0] != after[$0] }
    #expect(moved <= 16, "\(moved) of 64")
  }

  @Test func shardGoesToNobodyWhoCouldNotLeadIt() {
    let leaders = RendezvousOrder.leaders(of: 4, among: ["h1": [0, 1], "h2": [1, 2], "h3": []])
    #expect(leaders[0] == "h1" && leaders[2] == "h2" && leaders[3] == nil)
    #expect(RendezvousOrder.leaders(of: 4, among: [:]) == [nil, nil, nil, nil])
  }

  /// While a server is gone nobody could lead its shards; those of other servers stay where they are.
  @Test(arguments: 0..<8) func noShardMovesWhereOthersCannotBeLed(_ first: Int) {
    let ids = ["h1", "h2", "h3"]
    let gone: Set<Int> = [first, (first + 1) % 8, (first + 3) % 8]
    let before = RendezvousOrder.leaders(of: 8, among: Dictionary(uniqueKeysWithValues: ids.map { ($0, Self.all) }))
    let rest = Self.all.subtracting(gone)
    let without = RendezvousOrder.leaders(of: 8, among: Dictionary(uniqueKeysWithValues: ids.map { ($0, rest) }))
    // Not all of them know of it at once.
    let known = RendezvousOrder.leaders(of: 8, among: ["h1": Self.all, "h2": rest, "h3": rest])
    for shard in rest { #expect(without[shard] == before[shard] && known[shard] == before[shard]) }
    for shard in gone { #expect(without[shard] == nil && known[shard] == "h1") }
  }

  // MARK: Who asks

  @Test func firstAsksAtOnceAndOthersOnceNobodyHasLedForAWhile() {
    var assignment = ShardAssignment(id: "h1", count: 8)
    _ = Self.effects(&assignment, at: 0, .able(Self.all), .present(Self.handlers("h1", "h2")))
    for shard in Self.all { _ = assignment.take(.holder(shard: shard, nil), at: 0) }
    #expect(Self.ofSecond.count == 4)
    for shard in Self.all { #expect(assignment.isAdmitted(shard) != Self.ofSecond.contains(shard)) }
    _ = assignment.take(.woken, at: 1499)
    #expect(!assignment.isAdmitted(Self.ofSecond[0]))
    _ = assignment.take(.woken, at: 1500)
    #expect(Self.all.allSatisfy { assignment.isAdmitted($0) })
    // The first has come after all.
    for shard in Self.ofSecond { _ = assignment.take(.holder(shard: shard, "h2"), at: 1600) }
    _ = assignment.take(.present(["h2": Self.all, "h3": Self.all]), at: 1700)
    #expect(Self.ofSecond.contains { !assignment.isAdmitted($0) })
  }

  /// Nobody has to find out first that it is dead: the lease's end is enough.
  @Test func whoeverIsNextToTheLeaderMayAskAsSoonAsItsLeaseEnds() {
    var assignment = ShardAssignment(id: "h1", count: 8)
    _ = Self.effects(&assignment, at: 0, .able(Self.all), .present(Self.handlers("h1", "h2")))
    for shard in Self.all { _ = assignment.take(.holder(shard: shard, "h2"), at: 0) }
    #expect(Self.all.allSatisfy { assignment.isAdmitted($0) })
  }

  @Test func withoutAListOfHandlersItAsksOnceNobodyHasLedForAWhile() {
    var assignment = ShardAssignment(id: "h1", count: 8)
    #expect(Self.effects(&assignment, at: 0, .able(Self.all), .holder(shard: 3, nil)) == [])
    #expect(Self.effects(&assignment, at: 1500, .woken) == [.admit(shard: 3, true)])
  }

  @Test func whoEndsAsksForNothing() {
    var assignment = Self.leader("h1")
    #expect(Self.effects(&assignment, at: 10, .ending) == Self.all.sorted().map { .admit(shard: $0, false) })
    for shard in Self.all { #expect(assignment.take(.released(shard: shard), at: 10) == []) }
    #expect(assignment.take(.woken, at: 60_000) == [])
  }

  // MARK: Who hands over

  @Test func shardsAreHandedOverOneByOneToOneThatHasLivedForAWhile() {
    var assignment = Self.leader("h1")
    #expect(Self.effects(&assignment, at: 1000, .present(Self.handlers("h1", "h2"))) == [])
    #expect(Self.effects(&assignment, at: 5999, .present(Self.handlers("h1", "h2"))) == [])
    let (first, second) = (Self.ofSecond[0], Self.ofSecond[1])
    #expect(
      Self.effects(&assignment, at: 6000, .present(Self.handlers("h1", "h2")))
        == [.admit(shard: first, false), .handOver(shard: first)])
    #expect(Self.effects(&assignment, at: 7000, .present(Self.handlers("h1", "h2"))) == [])
    #expect(Self.effects(&assignment, at: 7100, .handedOver(shard: first)) == [])
    #expect(Self.effects(&assignment, at: 7200, .holder(shard: first, "h2")).contains(.admit(shard: first, true)))
    #expect(Self.effects(&assignment, at: 8099, .present(Self.handlers("h1", "h2"))) == [])
    #expect(
      Self.effects(&assignment, at: 8100, .woken) == [.admit(shard: second, false), .handOver(shard: second)])
  }

  @Test func shardIsNotHandedBackToTheDeadHandlerThatItWasTakenFrom() {
    var assignment = ShardAssignment(id: "h1", count: 8)
    let shard = Self.ofSecond[0]
    for time in stride(from: Int64(0), to: 10_000, by: 1000) {
      _ = Self.effects(
        &assignment, at: time, .able(Self.all), .present(Self.handlers("h1", "h2")), .holder(shard: shard, "h2"))
    }
    // It is killed; its lease ends before it is gone from the list.
    _ = assignment.take(.holder(shard: shard, nil), at: 12_500)
    _ = assignment.take(.holder(shard: shard, "h1"), at: 12_510)
    #expect(assignment.take(.present(Self.handlers("h1", "h2")), at: 12_900) == [])
    #expect(!assignment.take(.present(Self.handlers("h1")), at: 13_100).contains(.handOver(shard: shard)))
  }

  @Test func oneThatComesAndGoesGetsNothing() {
    var assignment = Self.leader("h1")
    for time in stride(from: Int64(1000), to: 30_000, by: 1000) {
      let isThere = time % 4000 != 0
      let effects = assignment.take(.present(isThere ? Self.handlers("h1", "h2") : Self.handlers("h1")), at: time)
      #expect(effects == [])
    }
  }

  @Test func orderThatHoldsForAMomentOnlyMovesNothing() {
    var assignment = Self.leader("h1")
    _ = Self.effects(&assignment, at: 0, .present(Self.handlers("h1", "h2", "h3")))
    // Long known, and third for all of them until the second is missing for a while.
    let both = RendezvousOrder.leaders(of: 8, among: Self.handlers("h1", "h2", "h3"))
    let kept = both.indices.filter { both[$0] == "h1" }
    for shard in Self.all.subtracting(kept) { _ = assignment.take(.holder(shard: shard, both[shard]), at: 1) }
    for second in 1...60 {
      let ids = second.isMultiple(of: 6) ? Self.handlers("h1", "h3") : Self.handlers("h1", "h2", "h3")
      #expect(
        Self.effects(&assignment, at: Int64(second) * 1000, .present(ids), .woken).allSatisfy { effect in
          if case .handOver = effect { false } else { true }
        })
    }
  }

  @Test func oldListHandsNothingOver() {
    var assignment = Self.leader("h1")
    _ = assignment.take(.present(Self.handlers("h1", "h2")), at: 1000)
    #expect(assignment.take(.woken, at: 6000) == [])
  }

  /// Who was to take it cannot, whatever it says: the shard comes back, and stays.
  @Test func shardThatNobodyTookStaysForAWhile() {
    var assignment = Self.leader("h1")
    let first = Self.ofSecond[0]
    func present(_ time: Int64) -> [Effect] { assignment.take(.present(Self.handlers("h1", "h2")), at: time) }
    _ = present(1000)
    #expect(present(6000).contains(.handOver(shard: first)))
    #expect(assignment.take(.handedOver(shard: first), at: 6100) == [])
    #expect(assignment.take(.woken, at: 7599).contains(.admit(shard: first, true)) == false)
    #expect(assignment.take(.woken, at: 7600).contains(.admit(shard: first, true)))
    _ = assignment.take(.holder(shard: first, "h1"), at: 7700)
    var handedOver: Set<Int> = []
    for time in stride(from: Int64(8000), to: 67_000, by: 1000) {
      for case .handOver(let shard) in present(time) {
        handedOver.insert(shard)
        _ = assignment.take(.handedOver(shard: shard), at: time)
        _ = assignment.take(.holder(shard: shard, "h2"), at: time)
      }
    }
    #expect(handedOver == Set(Self.ofSecond.dropFirst()))
    #expect(present(68_000).contains(.handOver(shard: first)))
  }

  @Test func handOverThatNeverEndsHoldsUpNoOther() {
    var assignment = Self.leader("h1")
    func present(_ time: Int64) -> [Effect] { assignment.take(.present(Self.handlers("h1", "h2")), at: time) }
    for time in stride(from: Int64(1000), to: 26_000, by: 1000) { _ = present(time) }
    _ = present(26_001)
    #expect(present(27_100).contains { if case .handOver = $0 { true } else { false } })
  }

  // MARK: All together

  /// Handlers that come, are killed and end, around a table of leases; by a seed. Each shard is led soon again, whatever
  /// the list of handlers says, and at rest everything is where the order wants it.
  @Test(arguments: 1...30) func eachShardIsLedSoonAgain(_ seed: Int) throws {
    var world = AssignmentWorld(seed: UInt64(seed))
    try world.run()
  }
}
