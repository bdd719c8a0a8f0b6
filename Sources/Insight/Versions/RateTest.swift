/// Whether two groups fail at the same rate, asked again with every minute: a sequential test of which one may look at the
/// result at any time.
///
/// ```text
///   a minute     left  k of n      right  k of n        for each odds ratio d:  M[d] *= how much likelier d makes it
///   each hour    M[d] += a share of what was put aside  so that a difference that begins late is found as well
///   evidence     the sum of all M[d] and of what is put aside:  1 at the beginning
/// ```
/// If the groups fail at one rate in every minute, whichever it is and however it changes from minute to minute, the
/// evidence is a supermartingale that begins at 1. So the chance that it ever reaches `1/alpha` is `alpha` at the most
/// (Ville's inequality). It holds for one minute since for every common rate
/// ```text
///   E[ product of p(y | own rate) / p(y | mean of the rates) ] <= 1
/// ```
/// R. Turner, A. Ly, P. Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional
/// stopping", 2021, theorem 1. The mixture over odds ratios is that of the mixture sequential probability ratio test
/// (H. Robbins, 1970). The level of the rates is guessed from earlier minutes alone, and a wrong guess costs power and no
/// error.
///
/// It takes messages for independent of each other once their group and minute are known. Messages of one agent are more
/// alike than that: who names a group must also ask whether one agent alone makes the difference.
package struct RateTest: Sendable {
  /// The odds ratios that are weighed: those of the right group to the left one.
  private static let differences = [1.5, 2, 4, 8].flatMap { [$0, 1 / $0] }
  /// Of the weight so much begins with the first minute, the rest later: the share of the hour `j` is `1/(j(j+1))` of it.
  private static let first = 0.5
  private static let hour = 60
  /// Rates below are as good as none.
  private static let leastRate = 1e-5

  /// The M of each difference.
  private var weights = [ScaledNumber](
    repeating: ScaledNumber(first / Double(differences.count)), count: differences.count)
  private var minutes = 0
  private var hours = 0.0
  /// What is put aside.
  private var rest = 1 - first
  /// What was counted of both lately, by which the level of the rates is guessed.
  private var recent = Recent()

  package init() {}

  /// Takes a minute in which both groups were heard; another says nothing.
  package mutating func add(_ left: RateCounts, _ right: RateCounts) {
    guard left.trials > 0, right.trials > 0 else { return }
    if let level = recent.sum { weigh(left, right, level: level.rate) }
    recent.add(left + right)
  }

  /// The evidence against one rate for both; 1 at the beginning.
  package var evidence: Double { weights.reduce(ScaledNumber(rest), +).value }

  private mutating func weigh(_ left: RateCounts, _ right: RateCounts, level: Double) {
    let level = min(max(level, Self.leastRate), 1 - Self.leastRate)
    let share = Double(left.trials) / (Double(left.trials) + Double(right.trials))
    for (index, ratio) in Self.differences.enumerated() {
      // The larger group is near the level of both.
      let odds = level / (1 - level) / (share + (1 - share) * ratio)
      let (leftRate, rightRate) = (odds / (1 + odds), odds * ratio / (1 + odds * ratio))
      let mean = share * leftRate + (1 - share) * rightRate
      weights[index] =
        weights[index] * Self.gain(left, leftRate, mean) * Self.gain(right, rightRate, mean)
    }
    minutes += 1
    if minutes % Self.hour == 0 { beginAnew() }
  }

  /// How many times as likely the counts are by a rate as by the mean of both.
  private static func gain(_ counts: RateCounts, _ rate: Double, _ mean: Double) -> ScaledNumber {
    ScaledNumber(rate / mean).power(counts.failures)
      * ScaledNumber((1 - rate) / (1 - mean)).power(counts.trials - counts.failures)
  }

  /// Puts a share of the rest on each difference: the test of one who begins to look now.
  private mutating func beginAnew() {
    hours += 1
    let share = min(rest, (1 - Self.first) / (hours * (hours + 1)))
    guard share > 0 else { return }
    rest -= share
    let part = ScaledNumber(share / Double(weights.count))
    for index in weights.indices { weights[index] = weights[index] + part }
  }

  /// Counts of the last 12 to 24 hours of minutes.
  private struct Recent: Sendable {
    private var before = RateCounts()
    private var now = RateCounts()
    private var minutes = 0

    private static let half = 720

    /// Nil before the first.
    var sum: RateCounts? {
      let sum = before + now
      return sum.trials == 0 ? nil : sum
    }

    mutating func add(_ counts: RateCounts) {
      if minutes == Self.half { (before, now, minutes) = (now, RateCounts(), 0) }
      now = now + counts
      minutes += 1
    }
  }
}
