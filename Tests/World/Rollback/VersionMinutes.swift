import FleetModel
import Insight
import Wire

/// What agents have told of versions, minute by minute, as the stream of events holds it: by it the numbers of a finding are
/// checked.
struct VersionMinutes {
  /// What was told of one version in one minute.
  fileprivate struct Sum {
    var messages = 0.0
    var failures = 0.0
  }

  /// The numbers that the words of a finding name.
  struct Claim: Equatable {
    var worse: String
    var better: String
    var times: Double
    var worseCounts: RateCounts
    var betterCounts: RateCounts
  }

  /// By minutes since 1970, then by agents: which versions were told, and the latest numbers.
  private var parts: [Int64: [AgentID: (versions: Set<String>, reports: [(rate: Double, messages: Double)])]] = [:]

  mutating func add(_ agent: AgentID, _ version: String, rate: Double, messages: Double, at instant: Instant) {
    let minute = instant.milliseconds / 60_000
    var part = parts[minute]?[agent] ?? ([], [])
    part.versions.insert(version)
    part.reports.append((rate, messages))
    parts[minute, default: [:]][agent] = part
  }

  /// Reads `version 1.4.2: error_rate is 3 times that of 1.4.1, 37 of 412 messages against 279 of 9310`.
  static func claim(_ words: String) -> Claim? {
    let parts = words.replacing(",", with: "").replacing(":", with: "").split(separator: " ").map(String.init)
    guard parts.count == 17, parts[0] == "version", parts[2] == "error_rate", let times = Double(parts[4]),
      let bad = Int(parts[9]), let ofBad = Int(parts[11]), let good = Int(parts[14]), let ofGood = Int(parts[16])
    else { return nil }
    return Claim(
      worse: parts[1], better: parts[8], times: times, worseCounts: RateCounts(failures: bad, of: ofBad),
      betterCounts: RateCounts(failures: good, of: ofGood))
  }

  /// Why a finding says more than the events do, or other numbers; nil if they bear it out.
  ///
  /// - Parameter missing: how many minutes of an agent may not have been counted, for a handler was away.
  func fault(of claim: Claim, missing: Int) -> String? {
    let (worse, better) = (claim.worseCounts, claim.betterCounts)
    let times = worse.rate / better.rate
    guard abs(claim.times - times) <= (times >= 10 ? 0.5 : 0.05) + 1e-9 else {
      return "it says \(claim.times) times, and its counts make \(times)"
    }
    guard times >= 1.5 else { return "it is \(times) times as bad, and that is not told" }
    let minutes = parts.keys.sorted()
    for (place, _) in minutes.enumerated() {
      var (bad, good) = (Sum(), Sum())
      for minute in minutes[...place].reversed() {
        let (left, right) = (sum(of: claim.worse, minute), sum(of: claim.better, minute))
        // Only minutes count in which both were heard.
        guard left.messages > 0, right.messages > 0 else { continue }
        bad.add(left)
        good.add(right)
        if bad.bears(worse, missing: missing), good.bears(better, missing: missing) { return nil }
        if bad.messages > Double(worse.trials) + Sum.most(missing) { break }
      }
    }
    return "no span of minutes has these counts"
  }

  /// Of agents that ran one version in all of the minute, as far as they said.
  private func sum(of version: String, _ minute: Int64) -> Sum {
    var sum = Sum()
    for part in parts[minute]?.values ?? [:].values where part.versions == [version] {
      let count = Double(part.reports.count)
      let messages = (part.reports.reduce(0) { $0 + $1.messages } / count).rounded()
      sum.messages += messages
      sum.failures += messages * part.reports.reduce(0) { $0 + $1.rate } / count
    }
    return sum
  }
}

extension VersionMinutes.Sum {
  mutating func add(_ other: Self) {
    messages += other.messages
    failures += other.failures
  }

  /// Of so many minutes of one agent, at the most.
  static func most(_ missing: Int) -> Double { Double(missing) * 250 }

  /// Whether these are such counts, but for what is missing. Rounding leaves less than a failure of each agent.
  func bears(_ counts: RateCounts, missing: Int) -> Bool {
    let rest = messages - Double(counts.trials)
    let failed = failures - Double(counts.failures)
    return rest >= -0.5 && rest <= Self.most(missing) + 0.5 && failed >= -6 && failed <= Self.most(missing) + 6
  }
}
