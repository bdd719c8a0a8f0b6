/// Rolling windows of many metrics in two dense arrays: a slot holds one metric of one agent.
///
/// ```
/// slot    [ fine: 60 buckets of 10 s | coarse: 60 buckets of 1 min ]      mean and count a bucket
/// ```
/// A bucket that nothing fell into has count 0 and shows as a gap. Buckets are addressed by time, so that nothing has
/// to be shifted; those that time has passed over are emptied when the slot is next written.
package struct SeriesStore: Sendable {
  package static let bucketCount = 60
  /// Spans of one bucket.
  package static let fineSpan = TimeSpan.seconds(10)
  package static let coarseSpan = TimeSpan.minutes(1)

  /// Which of a slot's two windows.
  package enum Resolution: Sendable {
    case fine, coarse
    package var span: TimeSpan { self == .fine ? SeriesStore.fineSpan : SeriesStore.coarseSpan }
    fileprivate var offset: Int { self == .fine ? 0 : SeriesStore.bucketCount }
  }

  private var means: [Float] = []
  private var counts: [UInt16] = []
  /// The latest bucket number written, two a slot.
  private var heads: [Int64] = []
  private var free: [Int32] = []

  package init() {}

  /// A new slot, or one that was given back.
  package mutating func allocate() -> Int32 {
    if let slot = free.popLast() { return slot }
    let slot = Int32(heads.count / 2)
    means.append(contentsOf: repeatElement(0, count: 2 * Self.bucketCount))
    counts.append(contentsOf: repeatElement(0, count: 2 * Self.bucketCount))
    heads.append(contentsOf: [.min, .min])
    return slot
  }

  package mutating func release(_ slot: Int32) {
    for index in base(slot)..<base(slot) + 2 * Self.bucketCount { counts[index] = 0 }
    heads[Int(slot) * 2] = .min
    heads[Int(slot) * 2 + 1] = .min
    free.append(slot)
  }

  /// Adds a sample to both windows.
  package mutating func add(_ value: Float, to slot: Int32, at instant: Instant) {
    add(value, slot, .fine, at: instant)
    add(value, slot, .coarse, at: instant)
  }

  /// The last `count` buckets up to `now`, oldest first; nil is a gap.
  package func values(_ slot: Int32, _ resolution: Resolution, until now: Instant, count: Int) -> [Float?] {
    let last = now.milliseconds / resolution.span.milliseconds
    let head = heads[Int(slot) * 2 + (resolution == .fine ? 0 : 1)]
    let count = min(count, Self.bucketCount)
    return (0..<count).map { position in
      let number = last - Int64(count - 1 - position)
      guard number <= head, number > head - Int64(Self.bucketCount), number >= 0 else { return nil }
      let index = bucket(slot, resolution, number)
      return counts[index] > 0 ? means[index] : nil
    }
  }

  private mutating func add(_ value: Float, _ slot: Int32, _ resolution: Resolution, at instant: Instant) {
    let number = max(0, instant.milliseconds / resolution.span.milliseconds)
    let headIndex = Int(slot) * 2 + (resolution == .fine ? 0 : 1)
    let head = heads[headIndex]
    if number > head {
      // With nothing written yet the slot is empty as it is.
      if head != .min { empty(slot, resolution, after: head, through: number) }
      heads[headIndex] = number
    } else if number <= head - Int64(Self.bucketCount) {
      return
    }
    let index = bucket(slot, resolution, number)
    let count = counts[index]
    means[index] = count == 0 ? value : means[index] + (value - means[index]) / Float(count + 1)
    if count < .max - 1 { counts[index] = count + 1 }
  }

  private mutating func empty(_ slot: Int32, _ resolution: Resolution, after head: Int64, through number: Int64) {
    let first = max(head + 1, number - Int64(Self.bucketCount) + 1)
    for passed in first...number { counts[bucket(slot, resolution, passed)] = 0 }
  }

  private func bucket(_ slot: Int32, _ resolution: Resolution, _ number: Int64) -> Int {
    base(slot) + resolution.offset + Int(number % Int64(Self.bucketCount))
  }

  private func base(_ slot: Int32) -> Int { Int(slot) * 2 * Self.bucketCount }
}
