import FleetModel
import Insight
import Loop
import Testing

@testable import Handler

@Suite struct MinuteTableTests {
  /// Each of many minutes, some in other blocks than others, keeps what is added to it while the table grows.
  @Test func eachMinuteKeepsWhatIsAddedToIt() {
    var table = MinuteTable()
    for number in stride(from: 0, to: 20_000, by: 7) {
      table.grow(to: number + 1)
      #expect(table[number].rollup == nil)
      _ = table[number].add(Sample(Double(number), at: .at(1)))
    }
    #expect(table.count >= 20_000)
    for number in 0..<20_000 {
      #expect(table[number].rollup?.sum == (number % 7 == 0 ? Double(number) : nil))
    }
  }

  @Test func minuteHasACacheLineOfItsOwn() {
    #expect(MemoryLayout<OpenMinute>.stride == CacheLine.bytes)
  }
}
