import FleetModel

/// Compares the versions of one role's agents, minute by minute.
///
/// ```text
///   agents' minutes ─▶ the last three minutes, still open ─▶ a minute closes ─▶ each two versions in it ─▶ RateTest
///                                                                             └▶ counts by version and agent
/// ```
/// Only versions that ran side by side are compared: what the load of a minute does to all of them makes no difference.
///
/// The chance that versions are told apart that do not differ is ``alpha`` at the most, of all metrics and of all pairs
/// of up to four versions together: each test has its part of it (Bonferroni).
struct RoleVersions: Sendable {
  /// Of one role, for as long as it has no more than ``mostVersions`` versions.
  static let alpha = 0.01
  /// The longest unheard leave first.
  static let mostVersions = 4
  /// A difference of less is not told, however sure it is.
  static let leastTimes = 1.5
  /// Each is told once in so long.
  static let toldAgain = TimeSpan.hours(24)

  /// What is kept of one agent's minute.
  struct Part: Sendable {
    let agent: Int
    let version: ExactText
    /// By the places of the metrics; nil for one that was not reported.
    let counts: [RateCounts?]
  }

  private struct OpenMinute {
    let begin: Instant
    var parts: [Part]
    /// A straggler closes an agent's minute a second time.
    var agents: Set<Int>
  }

  private struct Version {
    let name: ExactText
    var heardAt: Instant
    /// When it was told last to be worse than another one, by metrics.
    var toldAt: [MetricID: Instant] = [:]
  }

  private struct Pair: Hashable {
    let left: ExactText
    let right: ExactText
  }

  private struct Comparison {
    var test = RateTest()
    /// Of the left version and the right one.
    var tallies = (left: VersionTally(), right: VersionTally())
  }

  private let metrics: [MetricID]
  private var open: [OpenMinute] = []
  private var closedUpTo: Instant?
  private var versions: [Version] = []
  /// By the places of the metrics.
  private var comparisons: [Pair: [Comparison]] = [:]
  private(set) var heardAt = Instant.epoch

  /// Minutes that wait for agents that come late, and agents of one of them.
  private static let mostOpen = 3
  private static let mostParts = 2048
  /// A minute that is further back means that the clock was set back.
  private static let setBack = TimeSpan.minutes(10)

  init(_ metrics: [MetricID]) { self.metrics = metrics }

  /// What the evidence must reach.
  var threshold: Double {
    let pairs = Self.mostVersions * (Self.mostVersions - 1) / 2
    return Double(pairs * max(1, metrics.count)) / Self.alpha
  }

  /// Takes an agent's minute; gives what the minutes come to that close by it.
  mutating func add(_ part: Part, at begin: Instant) -> [VersionDifference] {
    if let closedUpTo, closedUpTo - begin > Self.setBack { (open, self.closedUpTo) = ([], nil) }
    guard closedUpTo.map({ begin > $0 }) ?? true else { return [] }
    heardAt = begin
    let index = open.firstIndex { $0.begin == begin }
    if let index {
      if open[index].parts.count < Self.mostParts, open[index].agents.insert(part.agent).inserted {
        open[index].parts.append(part)
      }
      return []
    }
    open.append(OpenMinute(begin: begin, parts: [part], agents: [part.agent]))
    open.sort { $0.begin < $1.begin }
    guard open.count > Self.mostOpen else { return [] }
    let oldest = open.removeFirst()
    closedUpTo = oldest.begin
    return close(oldest)
  }

  private mutating func close(_ minute: OpenMinute) -> [VersionDifference] {
    let byVersion = Dictionary(grouping: minute.parts, by: \.version)
    note(byVersion.keys.sorted(), at: minute.begin)
    let present = versions.map(\.name).filter { byVersion[$0] != nil }.sorted()
    guard present.count > 1 else { return [] }
    var found: [VersionDifference] = []
    for (index, left) in present.enumerated() {
      for right in present[(index + 1)...] {
        found += compare(
          Pair(left: left, right: right), byVersion[left] ?? [], byVersion[right] ?? [], at: minute.begin)
      }
    }
    return found
  }

  /// Takes note of who was heard. Of more versions at once than are compared the last by name stay, minute after minute.
  private mutating func note(_ names: [ExactText], at begin: Instant) {
    for index in versions.indices where names.contains(versions[index].name) { versions[index].heardAt = begin }
    for name in names where !versions.contains(where: { $0.name == name }) {
      versions.append(Version(name: name, heardAt: begin))
      guard versions.count > Self.mostVersions,
        let oldest = versions.min(by: { ($0.heardAt, $0.name) < ($1.heardAt, $1.name) })?.name
      else { continue }
      versions.removeAll { $0.name == oldest }
      comparisons = comparisons.filter { $0.key.left != oldest && $0.key.right != oldest }
    }
  }

  private mutating func compare(
    _ pair: Pair, _ left: [Part], _ right: [Part], at begin: Instant
  ) -> [VersionDifference] {
    var all = comparisons.removeValue(forKey: pair) ?? metrics.map { _ in Comparison() }
    defer { comparisons[pair] = all }
    return metrics.indices.compactMap { place in
      let (left, right) = (Self.counts(of: place, left), Self.counts(of: place, right))
      guard !left.isEmpty, !right.isEmpty else { return nil }
      all[place].test.add(Self.sum(left), Self.sum(right))
      all[place].tallies.left.add(left)
      all[place].tallies.right.add(right)
      return difference(all[place], pair, metrics[place]).flatMap { told($0, at: begin) }
    }
  }

  private static func counts(of place: Int, _ parts: [Part]) -> [(agent: Int, counts: RateCounts)] {
    parts.compactMap { part in part.counts[place].map { (agent: part.agent, counts: $0) } }
  }

  private static func sum(_ parts: [(agent: Int, counts: RateCounts)]) -> RateCounts {
    parts.reduce(RateCounts()) { $0 + $1.counts }
  }

  /// The difference, if it is sure, large enough, and not one agent's alone.
  private func difference(_ comparison: Comparison, _ pair: Pair, _ metric: MetricID) -> VersionDifference? {
    guard comparison.test.evidence >= threshold else { return nil }
    let (left, right) = comparison.tallies
    let isLeftWorse = left.sum.rate > right.sum.rate
    let (worse, better) = isLeftWorse ? (left, right) : (right, left)
    guard let rest = worse.sumWithoutWorst, better.agentCount > 1,
      rest.rate >= Self.leastTimes * better.sum.rate, worse.sum.rate >= Self.leastTimes * better.sum.rate
    else { return nil }
    return VersionDifference(
      metric: metric, worse: (isLeftWorse ? pair.left : pair.right).text,
      better: (isLeftWorse ? pair.right : pair.left).text,
      worseCounts: worse.sum, betterCounts: better.sum)
  }

  /// The difference, unless its version was told to be worse a short while ago.
  private mutating func told(_ difference: VersionDifference, at begin: Instant) -> VersionDifference? {
    guard let index = versions.firstIndex(where: { $0.name.text.isExactly(difference.worse) }) else { return nil }
    if let told = versions[index].toldAt[difference.metric], (begin - told).magnitude < Self.toldAgain { return nil }
    versions[index].toldAt[difference.metric] = begin
    return difference
  }
}
