/// The fleet as a whole: sums and means over the agents' fresh values, sampled every ten seconds.
package struct FleetTotals: Sendable {
  package static let span = TimeSpan.seconds(10)
  package static let sampleCount = 360

  /// One sample.
  package struct Sample: Equatable, Sendable {
    package var at: Instant
    /// Mean over agents, weighted by their traffic if they report it; 0…1.
    package var errorRate: Double?
    /// Sum, messages a minute.
    package var traffic: Double?
    /// Mean over agents, 1…5.
    package var rating: Double?
    /// Sum.
    package var queue: Double?
  }

  /// Oldest first, an hour or more.
  package private(set) var samples: [Sample] = []

  package init() {}

  /// Whether the present ten seconds have no sample yet.
  func isDue(at now: Instant) -> Bool {
    guard let last = samples.last else { return true }
    return last.at.milliseconds / Self.span.milliseconds < now.milliseconds / Self.span.milliseconds
  }

  mutating func add(_ sample: Sample) {
    samples.append(sample)
    if samples.count > 2 * Self.sampleCount { samples.removeFirst(Self.sampleCount) }
  }

  /// A value of the last samples, oldest first, each at its time; nil if there is none.
  func values(_ pick: (Sample) -> Double?, count: Int, until now: Instant) -> [Float?] {
    let last = now.milliseconds / Self.span.milliseconds
    var values = [Float?](repeating: nil, count: count)
    for sample in samples.suffix(count) {
      let age = last - sample.at.milliseconds / Self.span.milliseconds
      if age >= 0, age < Int64(count) { values[count - 1 - Int(age)] = pick(sample).map { Float($0) } }
    }
    return values
  }

  /// The fleet's present sums and means.
  package static func measure(_ fleet: borrowing Fleet) -> Sample { fleet.running.sample(fleet.agents, at: fleet.now) }
}
