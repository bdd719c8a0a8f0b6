import FleetModel
import TestSupport
import Testing

@testable import Insight

@Suite struct RankHeapTests {
  /// What a plain list of the same agents says: more health, then less load, then the lesser id.
  private struct PlainList {
    var entries: [Int: RankHeap.Entry] = [:]

    func best(besides position: Int?) -> AgentID? {
      entries.values.filter { $0.position != position }.min { $0.isBetter(than: $1) }?.id
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func bestIsThatOfAPlainList(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var (heap, plain) = (RankHeap([]), PlainList())
    for _ in 0..<2000 {
      let position = Int.random(in: 0..<40, using: &random)
      let rank = SpecialistRank(
        health: Double.random(in: 0...1, using: &random), load: Double(Int.random(in: 0...3, using: &random)))
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        heap.remove(position)
        plain.entries[position] = nil
      case 1:
        heap.rate(position, rank)
        plain.entries[position]?.rank = rank
      default:
        let entry = RankHeap.Entry(rank: rank, id: AgentID("agent-\(position)"), position: position)
        heap.set(entry)
        plain.entries[position] = entry
      }
      #expect(heap.entries.count == plain.entries.count)
      let besides: Int? = Int.random(in: 0..<41, using: &random)
      #expect(heap.best(besides: besides) == plain.best(besides: besides))
      #expect(heap.best(besides: nil) == plain.best(besides: nil))
      let first = heap.entries.first?.position
      #expect(heap.best(besides: first) == plain.best(besides: first))
    }
  }

  @Test func healthByTheTenthComesFirstThenLoadThenTheID() {
    func entry(_ health: Double, _ load: Double, _ id: String) -> RankHeap.Entry {
      RankHeap.Entry(rank: SpecialistRank(health: health, load: load), id: AgentID(id), position: 0)
    }
    #expect(entry(0.96, 9, "b").isBetter(than: entry(0.9, 0, "a")))
    #expect(entry(0.91, 1, "b").isBetter(than: entry(0.94, 2, "a")))
    #expect(entry(0.91, 1, "a").isBetter(than: entry(0.94, 1, "ab")))
    #expect(!entry(1, 1, "a").isBetter(than: entry(1, 1, "a")))
  }
}
