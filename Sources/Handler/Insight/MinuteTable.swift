import Insight
import Loop

/// Open minutes by number, each on a cache line of its own, so that a sample needs one line and not two.
///
/// It grows by blocks, so that nothing is ever moved. Memory: 256 KiB a block of 4,096 minutes.
struct MinuteTable: ~Copyable {
  private var blocks: [UnsafeMutablePointer<OpenMinute>] = []

  private static let blockCount = 4096

  deinit { for block in blocks { UnsafeMutableRawPointer(block).deallocate() } }

  var count: Int { blocks.count * Self.blockCount }

  /// - Precondition: `number` is in `0..<count`.
  subscript(number: Int) -> OpenMinute {
    unsafeAddress { UnsafePointer(address(of: number)) }
    unsafeMutableAddress { address(of: number) }
  }

  private func address(of number: Int) -> UnsafeMutablePointer<OpenMinute> {
    blocks[number / Self.blockCount] + number % Self.blockCount
  }

  /// Has the processor begin to fetch a minute that is needed soon.
  func fetch(_ number: Int) { CacheLine.fetch(address(of: number)) }

  /// Makes room for so many.
  mutating func grow(to count: Int) {
    while self.count < count {
      let bytes = Self.blockCount * MemoryLayout<OpenMinute>.stride
      let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: CacheLine.bytes)
      let block = memory.bindMemory(to: OpenMinute.self, capacity: Self.blockCount)
      block.initialize(repeating: OpenMinute(), count: Self.blockCount)
      blocks.append(block)
    }
  }
}
