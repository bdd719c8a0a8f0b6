/// The last reports of all agents: they tell whether a single agent has stopped, or nothing comes from any of them.
///
/// The source counts as dead if nobody has been heard for so long that one of those who were heard last should have
/// been: for half the time after which that one would be silent. An agent that reports seldom is no sign that others do
/// not come through, and one that had stopped before is none either.
struct SourcePulse: Sendable {
  private struct Report: Sendable {
    var at: Int64 = .min
    var interval: Int32 = 0
    var position: Int32 = -1
  }

  private static let count = 8

  private var reports = InlineArray<8, Report>(repeating: Report())
  private var next = 0
  /// When anybody reported last, in milliseconds; `.min` if nobody has.
  private(set) var last: Int64 = .min

  /// - Parameter interval: how far apart the agent reports, in milliseconds; 0 if that is not known.
  @inline(__always)
  mutating func note(_ position: Int, interval: Int32, at instant: Instant) {
    reports[next] = Report(at: instant.milliseconds, interval: interval, position: Int32(truncatingIfNeeded: position))
    next = next &+ 1 < Self.count ? next &+ 1 : 0
    if instant.milliseconds > last { last = instant.milliseconds }
  }

  /// Whether so much time has passed since the last report that it is worth while to ask ``hasStopped(at:besides:least:)``.
  @inline(__always)
  func isOverdue(at instant: Instant, least: TimeSpan) -> Bool {
    last != .min && instant.milliseconds &- last >= least.milliseconds / 2
  }

  /// Whether nothing comes from any agent.
  ///
  /// - Parameters:
  ///   - position: an agent that is left out: what is asked is whether only it has stopped.
  ///   - least: the time before which nobody is silent.
  func hasStopped(at now: Instant, besides position: Int? = nil, least: TimeSpan) -> Bool {
    var others: [Report] = []
    for index in reports.indices where reports[index].at != .min && Int(reports[index].position) != position {
      others.append(reports[index])
    }
    guard let last = others.map(\.at).max() else { return false }
    return others.contains { report in
      guard report.interval > 0 else { return false }
      let half = max(3 * Int64(report.interval), least.milliseconds) / 2
      return last &- report.at <= half && now.milliseconds &- last >= half
    }
  }

  /// The clock was set anew.
  mutating func leap(by step: TimeSpan) {
    for index in reports.indices where reports[index].at != .min {
      reports[index].at = (Instant(milliseconds: reports[index].at) + step).milliseconds
    }
    if last != .min { last = (Instant(milliseconds: last) + step).milliseconds }
  }
}
