import TestThreads
import Testing

@testable import Handler

/// How many entries leave at a time, by how long the last bite held the server up.
@Suite(.threaded) struct BiteSizeTests {
  @Test func quickBitesDoubleUpToTheMost() {
    var size = BiteSize()
    var seen: [Int64] = []
    for _ in 0..<5 {
      size.took(100, for: size.entries)
      seen.append(size.entries)
    }
    #expect(seen == [4000, 8000, 16_000, 32_000, 50_000])
  }

  @Test func slowBiteIsFollowedByOneThatFits() {
    var size = BiteSize()
    size.took(4000, for: 2000)
    #expect(size.entries == 1000)
    // One that was held up by something else costs no more than three quarters.
    size.took(1_000_000, for: 1000)
    #expect(size.entries == 250)
    for _ in 0..<9 { size.took(1_000_000, for: size.entries) }
    #expect(size.entries == BiteSize.least)
  }

  /// 2 ms in the end, whatever an entry takes: never as much as 5.
  @Test(arguments: [0.02, 0.05, 0.4, 3.0, 15.0])
  func bitesSettleBelowTheBound(microsecondsAnEntry: Double) {
    var size = BiteSize()
    var last = 0.0
    for round in 0..<12 {
      last = Double(size.entries) * microsecondsAnEntry
      if round > 5 { #expect(last <= 4000) }
      size.took(Int64(last), for: size.entries)
    }
    #expect(last >= min(1900, Double(BiteSize.most) * microsecondsAnEntry))
  }

  @Test func whatSaysNothingChangesNothing() {
    var size = BiteSize()
    size.took(1, for: 100)
    size.took(-5000, for: 2000)
    size.took(9999, for: 0)
    #expect(size == BiteSize())
    size.took(0, for: 2000)
    #expect(size.entries == 4000)
    size.took(.max, for: .max)
    #expect(size.entries == 2000)
  }
}
