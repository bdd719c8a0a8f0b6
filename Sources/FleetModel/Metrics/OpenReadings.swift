/// What one agent has reported of open metrics.
struct OpenReadings: Sendable {
  /// Metrics that it has reported a value of.
  private(set) var reported = OpenMetricSet()
  /// Those whose last number could not be a value.
  private(set) var suspects = OpenMetricSet()
  /// A cell for each that was reported, in the order of their places.
  private(set) var cells: [AgentActivity.Cell] = []

  /// Metrics that it has reported any number of, even one that cannot be a value.
  var mentioned: OpenMetricSet { reported.union(suspects) }

  /// Nil for one that it has not reported.
  subscript(place: MetricPlace) -> AgentActivity.Cell? {
    reported.contains(place) ? cells[reported.count(before: place)] : nil
  }

  mutating func setSuspect(_ place: MetricPlace, _ isSuspect: Bool) {
    if isSuspect { suspects.insert(place) } else { suspects.remove(place) }
  }

  /// Takes a value as the latest, unless a later one is known, and into its window.
  mutating func take(_ value: Double, of place: MetricPlace, at instant: Instant, series: inout SeriesStore) {
    let index = reported.count(before: place)
    if !reported.contains(place) {
      reported.insert(place)
      cells.insert(AgentActivity.Cell(), at: index)
    }
    if series.isKept {
      if cells[index].slot < 0 { cells[index].slot = series.allocate() }
      series.add(Float(value), to: &cells[index].open, of: cells[index].slot, at: instant)
    }
    if instant.milliseconds >= cells[index].at {
      cells[index].latest = Float(value)
      cells[index].at = instant.milliseconds
    }
  }

  /// Gives its windows back.
  mutating func release(to series: inout SeriesStore) {
    for index in cells.indices where cells[index].slot >= 0 {
      series.release(cells[index].slot)
      cells[index].slot = -1
      cells[index].open = SeriesStore.OpenBucket()
    }
  }

  mutating func leap(by step: TimeSpan) {
    for index in cells.indices { cells[index].at = (Instant(milliseconds: cells[index].at) + step).milliseconds }
  }

  /// What it takes, about, in bytes.
  var byteCount: Int { 64 + cells.count * MemoryLayout<AgentActivity.Cell>.stride }
}

/// The open metrics of all agents that report any.
struct OpenReadingStore: Sendable {
  private var readings: [OpenReadings] = []
  private var free: [Int32] = []
  private(set) var byteCount = 0

  /// Nothing stands at a negative slot.
  subscript(slot: Int32) -> OpenReadings { slot < 0 ? OpenReadings() : readings[Int(slot)] }

  /// What stands at a slot of one metric, without copying the others; nil if nothing does.
  func cell(_ place: MetricPlace, at slot: Int32) -> AgentActivity.Cell? { readings.span[Int(slot)][place] }

  mutating func allocate() -> Int32 {
    byteCount += OpenReadings().byteCount
    if let slot = free.popLast() { return slot }
    readings.append(OpenReadings())
    return Int32(readings.count - 1)
  }

  mutating func release(_ slot: Int32) {
    guard slot >= 0 else { return }
    byteCount -= readings[Int(slot)].byteCount
    readings[Int(slot)] = OpenReadings()
    free.append(slot)
  }

  /// Changes what stands at a slot, in place.
  mutating func update(_ slot: Int32, _ body: (inout OpenReadings) -> Void) {
    guard slot >= 0 else { return }
    byteCount -= readings[Int(slot)].byteCount
    body(&readings[Int(slot)])
    byteCount += readings[Int(slot)].byteCount
  }
}
