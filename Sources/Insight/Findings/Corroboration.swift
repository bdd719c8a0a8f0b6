import FleetModel

/// Whether what was found about one agent is enough for an automatic action. One finding never is: it takes two metrics
/// within ten minutes, or the same metric twice within thirty.
package struct Corroboration: Equatable, Sendable {
  private struct Last: Equatable {
    var metric: MetricID
    var at: Instant
  }

  /// The latest finding of each metric.
  private var lasts: [Last] = []

  package static let together = TimeSpan.minutes(10)
  package static let again = TimeSpan.minutes(30)
  /// As many metrics as a fleet has.
  private static let most = 32

  package init() {}

  /// Takes note of a finding that was made at `instant`; true if it is not the only word.
  package mutating func note(_ finding: Finding, at instant: Instant) -> Bool { note(finding.metric, at: instant) }

  /// Takes note that something was found in a metric at `instant`; true if it is not the only word.
  mutating func note(_ metric: MetricID, at instant: Instant) -> Bool {
    let isEnough = lasts.contains { last in
      let apart = (instant - last.at).magnitude
      return apart <= (last.metric == metric ? Self.again : Self.together)
    }
    lasts.removeAll { $0.metric == metric }
    lasts.append(Last(metric: metric, at: instant))
    if lasts.count > Self.most { lasts.removeFirst() }
    return isEnough
  }
}
