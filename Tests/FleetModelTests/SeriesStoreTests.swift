import FleetModel
import Testing

@Suite struct SeriesStoreTests {
  private var store = SeriesStore()

  private func fine(_ slot: Int32, until milliseconds: Int64, count: Int) -> [Float?] {
    store.values(slot, .fine, until: Instant(milliseconds: milliseconds), count: count)
  }

  private func coarse(_ slot: Int32, until milliseconds: Int64, count: Int) -> [Float?] {
    store.values(slot, .coarse, until: Instant(milliseconds: milliseconds), count: count)
  }

  @Test mutating func newSlotIsAllGaps() {
    let slot = store.allocate()
    #expect(fine(slot, until: 1_000_000, count: 3) == [nil, nil, nil])
    #expect(fine(slot, until: 0, count: 2) == [nil, nil])
  }

  @Test mutating func bucketHoldsTheMeanOfItsSamples() {
    let slot = store.allocate()
    for (value, time) in [(1, 100_000), (2, 104_000), (6, 109_999)] as [(Float, Int64)] {
      store.add(value, to: slot, at: Instant(milliseconds: time))
    }
    store.add(10, to: slot, at: Instant(milliseconds: 110_000))
    #expect(fine(slot, until: 110_000, count: 2) == [3, 10])
    #expect(coarse(slot, until: 110_000, count: 1) == [4.75])
  }

  @Test mutating func silenceIsAGap() {
    let slot = store.allocate()
    store.add(1, to: slot, at: Instant(milliseconds: 100_000))
    store.add(2, to: slot, at: Instant(milliseconds: 130_000))
    #expect(fine(slot, until: 140_000, count: 5) == [1, nil, nil, 2, nil])
  }

  @Test mutating func nothingOfTheTurnBeforeShowsThrough() {
    let slot = store.allocate()
    for number in 0..<60 { store.add(1, to: slot, at: Instant(milliseconds: Int64(number) * 10_000)) }
    store.add(2, to: slot, at: Instant(milliseconds: 650_000))
    let values = fine(slot, until: 650_000, count: 60)
    #expect(values.count == 60)
    #expect(values.prefix(54).allSatisfy { $0 == 1 })
    #expect(values.suffix(6) == [nil, nil, nil, nil, nil, 2])
  }

  @Test mutating func jumpOfManyTurnsEmptiesAll() {
    let slot = store.allocate()
    for number in 0..<60 { store.add(1, to: slot, at: Instant(milliseconds: Int64(number) * 10_000)) }
    store.add(2, to: slot, at: Instant(milliseconds: 1_000_000_000))
    #expect(fine(slot, until: 1_000_000_000, count: 60).compactMap { $0 } == [2])
  }

  @Test mutating func lateSampleFallsIntoItsOwnBucket() {
    let slot = store.allocate()
    store.add(1, to: slot, at: Instant(milliseconds: 1_000_000))
    store.add(5, to: slot, at: Instant(milliseconds: 980_000))
    #expect(fine(slot, until: 1_000_000, count: 3) == [5, nil, 1])
  }

  @Test mutating func sampleOlderThanTheWindowIsLeftOut() {
    let slot = store.allocate()
    store.add(1, to: slot, at: Instant(milliseconds: 1_000_000))
    store.add(9, to: slot, at: Instant(milliseconds: 400_000))
    #expect(fine(slot, until: 1_000_000, count: 60).compactMap { $0 } == [1])
    #expect(coarse(slot, until: 1_000_000, count: 11).compactMap { $0 } == [9, 1])
  }

  @Test mutating func noMoreThanTheWindowIsGiven() {
    let slot = store.allocate()
    #expect(fine(slot, until: 1_000_000, count: 500).count == 60)
    #expect(fine(slot, until: 1_000_000, count: 0).isEmpty)
  }

  @Test mutating func slotGivenBackComesAgainEmpty() {
    let slot = store.allocate()
    let other = store.allocate()
    store.add(1, to: slot, at: Instant(milliseconds: 100_000))
    store.add(2, to: other, at: Instant(milliseconds: 100_000))
    store.release(slot)
    #expect(store.allocate() == slot)
    #expect(fine(slot, until: 100_000, count: 1) == [nil])
    #expect(fine(other, until: 100_000, count: 1) == [2])
    store.add(3, to: slot, at: Instant(milliseconds: 50_000))
    #expect(fine(slot, until: 100_000, count: 6) == [3, nil, nil, nil, nil, nil])
  }
}
