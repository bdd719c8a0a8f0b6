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

  /// A fine bucket that samples still fall into, kept by its owner until it is full of time: only then is it written.
  package struct OpenBucket: Sendable {
    var number: Int64 = .min
    var mean: Float = 0
    var count: Int32 = 0
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

  /// Adds a sample to an open bucket; one that its time has passed over is written first.
  mutating func add(_ value: Float, to open: inout OpenBucket, of slot: Int32, at instant: Instant) {
    let number = max(0, instant.milliseconds / Self.fineSpan.milliseconds)
    guard number == open.number else {
      guard number > open.number else { return add(value, to: slot, at: instant) }
      if open.count > 0 { write(open, to: slot) }
      open = OpenBucket(number: number, mean: value, count: 1)
      return
    }
    open.count += 1
    open.mean += (value - open.mean) / Float(open.count)
  }

  private mutating func write(_ open: OpenBucket, to slot: Int32) {
    let start = Instant(milliseconds: open.number * Self.fineSpan.milliseconds)
    let weight = UInt16(clamping: open.count)
    add(open.mean, slot, .fine, at: start, weight: weight)
    add(open.mean, slot, .coarse, at: start, weight: weight)
  }

  /// Adds a sample to both windows.
  package mutating func add(_ value: Float, to slot: Int32, at instant: Instant) {
    add(value, slot, .fine, at: instant, weight: 1)
    add(value, slot, .coarse, at: instant, weight: 1)
  }

  /// The last `count` buckets up to `now`, oldest first; nil is a gap. An open bucket counts as if it were written.
  package func values(
    _ slot: Int32, _ resolution: Resolution, until now: Instant, count: Int, open: OpenBucket = OpenBucket()
  ) -> [Float?] {
    let last = now.milliseconds / resolution.span.milliseconds
    let head = heads[Int(slot) * 2 + (resolution == .fine ? 0 : 1)]
    let count = min(count, Self.bucketCount)
    let openNumber = open.count > 0 ? open.number * Self.fineSpan.milliseconds / resolution.span.milliseconds : .min
    return (0..<count).map { position in
      let number = last - Int64(count - 1 - position)
      var (mean, weight): (Float, Float) = (0, 0)
      if number <= head, number > head - Int64(Self.bucketCount), number >= 0 {
        let index = bucket(slot, resolution, number)
        (mean, weight) = (means[index], Float(counts[index]))
      }
      if number == openNumber {
        mean += (open.mean - mean) * Float(open.count) / (weight + Float(open.count))
        weight += Float(open.count)
      }
      return weight > 0 ? mean : nil
    }
  }

  private mutating func add(
    _ value: Float, _ slot: Int32, _ resolution: Resolution, at instant: Instant, weight: UInt16
  ) {
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
    let total = Int(counts[index]) + Int(weight)
    means[index] += (value - (counts[index] == 0 ? 0 : means[index])) * Float(weight) / Float(total)
    if counts[index] == 0 { means[index] = value }
    counts[index] = UInt16(clamping: total)
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
