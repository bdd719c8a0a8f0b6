/// Rolling windows of many metrics: a slot holds one metric of one agent.
///
/// ```
/// slot    fine: 60 buckets of 10 s        coarse: 60 buckets of 1 min        mean and count a bucket
/// ```
/// A bucket that nothing fell into has count 0 and shows as a gap.
package struct SeriesStore: Sendable {
  package static let bucketCount = Window.bucketCount
  /// Spans of one bucket.
  package static let fineSpan = TimeSpan.seconds(10)
  package static let coarseSpan = TimeSpan.minutes(1)
  /// Fine buckets in a coarse one.
  private static let ratio = coarseSpan.milliseconds / fineSpan.milliseconds

  /// Which of a slot's two windows.
  package enum Resolution: Sendable {
    case fine, coarse
    package var span: TimeSpan { self == .fine ? SeriesStore.fineSpan : SeriesStore.coarseSpan }
    fileprivate var offset: Int { self == .fine ? 0 : 1 }
  }

  /// The buckets that samples still fall into, kept by their owner until they are full of time and only then written: a
  /// window lies far off in memory.
  package struct OpenBucket: Sendable {
    /// The fine bucket's number.
    fileprivate var number: Int64 = .min
    fileprivate var fine = Mean()
    /// The fine buckets before it of the same minute.
    fileprivate var minute = Mean()
  }

  fileprivate struct Mean {
    var value: Float = 0
    var count: Int32 = 0

    mutating func add(_ other: Mean) {
      count += other.count
      value += (other.value - value) * Float(other.count) / Float(max(1, count))
    }

    mutating func add(_ sample: Float) {
      count += 1
      value += (sample - value) / Float(count)
    }
  }

  /// Whether samples are kept at all.
  let isKept: Bool
  /// Two a slot: fine and coarse.
  private var windows: [Window] = []
  private var free: [Int32] = []

  package init(isKept: Bool = true) {
    self.isKept = isKept
  }

  /// What the slots that are in use take, about.
  var byteCount: Int { (windows.count - 2 * free.count) * MemoryLayout<Window>.stride }

  /// A new slot, or one that was given back.
  package mutating func allocate() -> Int32 {
    if let slot = free.popLast() { return slot }
    windows.append(Window())
    windows.append(Window())
    return Int32(windows.count / 2 - 1)
  }

  package mutating func release(_ slot: Int32) {
    for resolution in [Resolution.fine, .coarse] { windows[index(slot, resolution)] = Window() }
    free.append(slot)
  }

  /// Adds a sample to an open bucket; one that its time has passed over is written first.
  mutating func add(_ value: Float, to open: inout OpenBucket, of slot: Int32, at instant: Instant) {
    let number = max(0, instant.milliseconds / Self.fineSpan.milliseconds)
    if number != open.number {
      guard number > open.number else { return add(value, to: slot, at: instant) }
      if open.fine.count > 0 { write(&open, to: slot, next: number) }
      open.number = number
      open.fine = Mean()
    }
    open.fine.add(value)
  }

  private mutating func write(_ open: inout OpenBucket, to slot: Int32, next number: Int64) {
    windows[index(slot, .fine)].add(open.fine, to: open.number)
    open.minute.add(open.fine)
    let minute = open.number / Self.ratio
    guard minute != number / Self.ratio else { return }
    windows[index(slot, .coarse)].add(open.minute, to: minute)
    open.minute = Mean()
  }

  /// Adds a sample to both windows.
  package mutating func add(_ value: Float, to slot: Int32, at instant: Instant) {
    let milliseconds = max(0, instant.milliseconds)
    let sample = Mean(value: value, count: 1)
    for resolution in [Resolution.fine, .coarse] {
      windows[index(slot, resolution)].add(sample, to: milliseconds / resolution.span.milliseconds)
    }
  }

  /// The last `count` buckets up to `now`, oldest first; nil is a gap. An open bucket counts as if it were written.
  package func values(
    _ slot: Int32, _ resolution: Resolution, until now: Instant, count: Int, open: OpenBucket = OpenBucket()
  ) -> [Float?] {
    let last = now.milliseconds / resolution.span.milliseconds
    let count = min(count, Self.bucketCount)
    let openNumber =
      open.fine.count > 0 ? open.number * Self.fineSpan.milliseconds / resolution.span.milliseconds : .min
    let window = index(slot, resolution)
    return (0..<count).map { position in
      let number = last - Int64(count - 1 - position)
      var mean = windows[window].mean(number)
      if number == openNumber {
        if resolution == .coarse { mean.add(open.minute) }
        mean.add(open.fine)
      }
      return mean.count > 0 ? mean.value : nil
    }
  }

  private func index(_ slot: Int32, _ resolution: Resolution) -> Int { Int(slot) * 2 + resolution.offset }
}

/// One window: buckets addressed by time, so that nothing has to be shifted. Those that time has passed over are emptied
/// when a later one is written. All of it stands together in memory: if many agents are followed, each write meets a
/// window that no cache holds.
private struct Window: Sendable {
  static let bucketCount = 60

  /// The latest bucket number written.
  private var head: Int64 = .min
  private var counts = InlineArray<60, UInt8>(repeating: 0)
  private var means = InlineArray<60, Float>(repeating: 0)

  func mean(_ number: Int64) -> SeriesStore.Mean {
    guard number <= head, number > head - Int64(Self.bucketCount), number >= 0 else { return SeriesStore.Mean() }
    let place = Self.place(number)
    return SeriesStore.Mean(value: means[place], count: Int32(counts[place]))
  }

  mutating func add(_ mean: SeriesStore.Mean, to number: Int64) {
    if number > head {
      // With nothing written yet the window is empty as it is.
      if head != .min { empty(through: number) }
      head = number
    } else if number <= head - Int64(Self.bucketCount) {
      return
    }
    let place = Self.place(number)
    var sum = SeriesStore.Mean(value: means[place], count: Int32(counts[place]))
    if sum.count == 0 { sum.value = mean.value }
    sum.add(mean)
    means[place] = sum.value
    counts[place] = UInt8(clamping: sum.count)
  }

  private mutating func empty(through number: Int64) {
    for passed in max(head + 1, number - Int64(Self.bucketCount) + 1)...number { counts[Self.place(passed)] = 0 }
  }

  private static func place(_ number: Int64) -> Int { Int(number % Int64(bucketCount)) }
}
