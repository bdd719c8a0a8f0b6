import FleetModel

/// Decides which samples of a metric are judged at all.
///
/// It leaves out numbers that nobody can have measured and times that do not go on, and notices if the metric changes its
/// unit. None of it is a finding.
package struct SampleGate: Sendable {
  /// What becomes of a sample.
  package enum Passage: Equatable, Sendable {
    /// It is not judged.
    case leaveOut
    /// It is judged.
    case judge
    /// It is judged, but time has leapt: what was true a moment ago says nothing about now.
    case resume
    /// Nothing learned before holds any more.
    case startOver
  }

  private var last: Instant?
  /// The usual step from sample to sample, in milliseconds.
  package private(set) var interval = 0.0
  private var older: UInt8 = 0
  private var units = UnitChange()

  /// So many samples in a row that are older than the last one mean that the clock was set back.
  private static let believed: UInt8 = 5
  /// A gap of so many usual steps is a leap, if it is also longer than an hour.
  private static let leap = 100.0

  package init() {}

  /// Judges one sample by its value and time.
  package mutating func admit(_ sample: Sample) -> Passage {
    guard sample.isPlausible else { return .leaveOut }
    guard let last else {
      self.last = sample.at
      return units.admit(sample.value) ?? .judge
    }
    guard sample.at > last else { return behind(sample, last) }
    older = 0
    self.last = sample.at
    let gap = Double((sample.at - last).milliseconds)
    let isLeap = interval > 0 && gap > Self.leap * interval && gap > 3_600_000
    if !isLeap { interval += (gap - interval) * (interval == 0 ? 1 : 0.05) }
    return units.admit(sample.value) ?? (isLeap ? .resume : .judge)
  }

  /// A sample that is not later than the one before.
  private mutating func behind(_ sample: Sample, _ last: Instant) -> Passage {
    guard sample.at < last else { return .leaveOut }
    older += 1
    guard older >= Self.believed else { return .leaveOut }
    older = 0
    self.last = sample.at
    return .resume
  }
}
