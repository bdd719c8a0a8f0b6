import FleetModel

/// One version of a role's agents that fails more often than another.
package struct VersionDifference: Equatable, Sendable {
  package var metric: MetricID
  package var worse: String
  package var better: String
  /// What was counted of each lately, in minutes in which both were heard.
  package var worseCounts: RateCounts
  package var betterCounts: RateCounts

  package init(
    metric: MetricID, worse: String, better: String, worseCounts: RateCounts, betterCounts: RateCounts
  ) {
    (self.metric, self.worse, self.better) = (metric, worse, better)
    (self.worseCounts, self.betterCounts) = (worseCounts, betterCounts)
  }

  /// How many times as often.
  package var times: Double { worseCounts.rate / betterCounts.rate }

  /// `version 1.4.2: error_rate is 3 times that of 1.4.1, 37 of 412 messages against 279 of 9310`.
  package func words(named name: String) -> String {
    let (bad, good) = (worseCounts, betterCounts)
    let counts = "\(bad.failures) of \(bad.trials) messages against \(good.failures) of \(good.trials)"
    let times = times >= 10 ? times.rounded() : (times * 10).rounded() / 10
    return "version \(worse): \(name) is \(times.plain) times that of \(better), \(counts)"
  }

  /// The same as a finding about an agent of the worse version.
  package func finding(at instant: Instant) -> Finding {
    Finding(
      .version, metric: metric, since: instant, strength: times / RoleVersions.leastTimes,
      facts: Finding.Facts(value: worseCounts.rate, usual: betterCounts.rate, count: worseCounts.trials))
  }
}
