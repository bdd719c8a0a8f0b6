import FleetModel

/// Watches one metric of one agent as its samples come, and says when something is wrong.
///
/// Three detectors judge each sample by what came before it; the strongest speaks, and what the others say adds a little.
/// Work for each sample is constant, and so is memory: `MetricWatch.byteCount`.
package struct MetricWatch: Sendable {
  /// What one sample comes to.
  package struct Judgement: Equatable, Sendable {
    /// How unusual the sample is; 1 and more is a finding.
    package var score = 0.0
    package var finding: Finding?
  }

  package let metric: MetricID
  private var gate = SampleGate()
  private var range = RangeExcess()
  private var season = SeasonResidual()
  private var spread = SpreadChange()
  private var refractory = Refractory()
  /// A slow mean, in the metric's unit.
  private var level = 0.0
  private var count: UInt32 = 0

  /// By how much the metric changes from sample to sample at present.
  var step: Double { spread.step }

  /// Nothing is said about the first samples.
  package static let warmUp = 150
  /// What one of these takes.
  package static let byteCount = MemoryLayout<MetricWatch>.stride
  /// The share that one sample has in the slow mean.
  private static let weightOfSample = 0.003
  /// A span counts at least as this share of the level.
  private static let floor = 0.0081
  /// What the weaker scores add to the strongest.
  private static let weightOfRest = 0.18

  package init(_ metric: MetricID) {
    self.metric = metric
  }

  /// Judges a sample, and learns it. Samples that `SampleGate` leaves out score 0.
  package mutating func judge(_ sample: Sample) -> Judgement {
    switch gate.admit(sample) {
    case .leaveOut: return Judgement()
    case .startOver: restart()
    case .resume: spread = SpreadChange()
    case .judge: break
    }
    let before = range.range
    let scores = learn(sample)
    let strongest = max(scores.range, scores.season, scores.change.score)
    let sum = scores.range + scores.season + scores.change.score
    let score = refractory.pass(strongest + Self.weightOfRest * min(strongest, sum - strongest))
    guard count > Self.warmUp else { return Judgement() }
    guard score >= 1 else { return Judgement(score: score) }
    return Judgement(score: score, finding: finding(sample, scores, before, score))
  }

  /// What each detector says of a sample.
  private struct Scores {
    var range: Double
    var season: Double
    var change: SpreadChange.Change
  }

  private mutating func learn(_ sample: Sample) -> Scores {
    count = count == .max ? count : count + 1
    level += max(Self.weightOfSample, 1 / Double(count)) * (sample.value - level)
    let floor = Self.floor * abs(level)
    return Scores(
      range: range.score(sample.value, floor: floor),
      season: season.score(sample, interval: gate.interval, level: level, floor: floor),
      change: spread.judge(sample.value, floor: floor / 2))
  }

  private func finding(_ sample: Sample, _ scores: Scores, _ before: UsualRange, _ score: Double) -> Finding {
    var facts = Finding.Facts(value: sample.value, usual: season.expected, low: before.low, high: before.high)
    var since = sample.at
    // A value outside of its range needs the fewest words.
    var kind = scores.range >= min(1, scores.season) ? FindingKind.outOfRange : .offSeason
    if kind == .offSeason { facts.value = season.recent }
    switch scores.change {
    case .rougher(let change) where scores.range < 1 && change > scores.season:
      kind = .unsteady
      (facts.value, facts.usual) = (spread.step, spread.usualStep)
    case .stuck(let samples) where max(scores.range, scores.season) < 1:
      kind = .stuck
      facts.count = samples
      since = sample.at - TimeSpan(milliseconds: Int64(min(1e12, gate.interval * Double(samples - 1))))
    case .none, .rougher, .stuck: break
    }
    return Finding(kind, metric: metric, since: since, strength: score, facts: facts)
  }

  private mutating func restart() {
    let gate = gate
    self = MetricWatch(metric)
    self.gate = gate
  }
}
