import FleetModel
import Testing

@Suite struct AgentDirectoryTests {
  private func position(_ id: [UInt8], in directory: AgentDirectory) -> Int? {
    id.withUnsafeBytes { directory.position(of: $0) }
  }

  private func insert(_ id: [UInt8], at position: Int, into directory: inout AgentDirectory) {
    id.withUnsafeBytes { directory.insert($0, at: position) }
  }

  private func remove(_ id: [UInt8], from directory: inout AgentDirectory) {
    id.withUnsafeBytes { directory.remove($0) }
  }

  @Test func emptyDirectoryKnowsNobody() {
    let directory = AgentDirectory(seed: 1)
    #expect(position([], in: directory) == nil)
    #expect(position(Array("a".utf8), in: directory) == nil)
  }

  @Test func removedAgentIsGoneAndItsPositionServesAnother() {
    var directory = AgentDirectory(seed: 1)
    insert([1], at: 0, into: &directory)
    insert([2], at: 1, into: &directory)
    remove([1], from: &directory)
    #expect(position([1], in: directory) == nil)
    #expect(position([2], in: directory) == 1)
    insert([3], at: 0, into: &directory)
    #expect(position([3], in: directory) == 0)
    #expect(position([1], in: directory) == nil)
  }

  @Test func removingTwiceOrSomebodyUnknownChangesNothing() {
    var directory = AgentDirectory(seed: 1)
    insert([1], at: 0, into: &directory)
    remove([2], from: &directory)
    remove([1], from: &directory)
    remove([1], from: &directory)
    insert([1], at: 4, into: &directory)
    #expect(position([1], in: directory) == 4)
  }

  @Test(arguments: [0, 1, 0x5DEE_CE66, UInt64.max])
  func tenThousandIdsAreEachFound(seed: UInt64) {
    var directory = AgentDirectory(seed: seed)
    let ids = (0..<10_000).map { Array("agent-\($0)".utf8) }
    for (place, id) in ids.enumerated() { insert(id, at: place, into: &directory) }
    #expect(ids.indices.allSatisfy { position(ids[$0], in: directory) == $0 })
    #expect(position(Array("agent-10000".utf8), in: directory) == nil)
    for id in ids.prefix(9_000) { remove(id, from: &directory) }
    #expect(ids.prefix(9_000).allSatisfy { position($0, in: directory) == nil })
    #expect(ids.indices.suffix(1_000).allSatisfy { position(ids[$0], in: directory) == $0 })
  }

  @Test func comingAndGoingForLongLeavesTheOthersFound() {
    var directory = AgentDirectory(seed: 7)
    insert(Array("stays".utf8), at: 0, into: &directory)
    for round in 0..<5_000 {
      let id = Array("guest-\(round)".utf8)
      insert(id, at: 1, into: &directory)
      #expect(position(id, in: directory) == 1)
      remove(id, from: &directory)
    }
    #expect(position(Array("stays".utf8), in: directory) == 0)
    #expect(position(Array("guest-4999".utf8), in: directory) == nil)
  }

  @Test func emptyAndLongIdsAreIdsLikeOthers() {
    var directory = AgentDirectory(seed: 1)
    let long = [UInt8](repeating: 0x41, count: 4096)
    insert([], at: 0, into: &directory)
    insert(long, at: 1, into: &directory)
    #expect(position([], in: directory) == 0)
    #expect(position(long, in: directory) == 1)
    #expect(position(Array(long.dropLast()), in: directory) == nil)
    #expect(position(Array(long.dropLast()) + [0x42], in: directory) == nil)
  }

  @Test func idsThatBeginAlikeOrDifferInZeroBytesAreTold() {
    var directory = AgentDirectory(seed: 0)
    let ids: [[UInt8]] = (0...24).map { [UInt8](repeating: 0, count: $0) }
    for (place, id) in ids.enumerated() { insert(id, at: place, into: &directory) }
    for (place, id) in ids.enumerated() { #expect(position(id, in: directory) == place) }
    #expect(position([UInt8](repeating: 0, count: 25), in: directory) == nil)
  }

  @Test func idsNeedNotBeText() {
    var directory = AgentDirectory(seed: 1)
    insert([0xFF, 0xFE], at: 0, into: &directory)
    #expect(position([0xFF, 0xFE], in: directory) == 0)
    #expect(position(Array("\u{FFFD}\u{FFFD}".utf8), in: directory) == nil)
  }
}
