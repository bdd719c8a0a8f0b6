import FleetModel

/// Compares two settings in pairs of agents that change over:
///
/// ```text
///   round            first half               second half
///   pair 1    a other      b as before  |  a as before  b other         a fair coin of each pair and round
///   pair 2    c as before  d other      |  c other      d as before     says who is first
/// ```
/// How the agents of a pair differ all the time cancels out, and so does what a minute does to all of them. If the other
/// setting makes no difference, what is left has a fair coin's sign, whatever the losses are and however they change: so
/// evidence is taken pair by pair (``Wealth``).
///
/// Sizes may follow from what the round shows: the coin does not know them. A design of crossover trials (AB/BA: S. Senn,
/// "Cross-over Trials in Clinical Research", 2002) with inference by the draw alone (R. A. Fisher, 1935).
package struct Crossover: Equatable, Sendable {
  package struct Pair: Equatable, Sendable {
    package var first: AgentID
    package var second: AgentID
    /// The round with which it began.
    package var began: Int
    /// Losses: of the first and the second agent in the first half, then in the second half.
    package var sums: [Double]
    package var counts: [Int]

    package init(
      _ first: AgentID, _ second: AgentID, began: Int, sums: [Double] = [0, 0, 0, 0], counts: [Int] = [0, 0, 0, 0]
    ) {
      (self.first, self.second, self.began, self.sums, self.counts) = (first, second, began, sums, counts)
    }

    var agents: [AgentID] { [first, second] }
  }

  /// What whole rounds have shown.
  package struct Tally: Equatable, Sendable {
    /// Pairs and rounds.
    package var count = 0
    /// Of the losses with the other setting, and as before.
    package var other = 0.0
    package var before = 0.0
    /// Of how much less was lost with the other setting, without its sign.
    package var sizes = 0.0

    package init() {}

    /// Forgets half of it, so that the rest is of lately.
    mutating func halve() {
      (count, other, before, sizes) = (count / 2, other / 2, before / 2, sizes / 2)
    }

    /// How much less is lost with the other setting.
    package var gain: Double { count == 0 ? 0 : (before - other) / Double(count) }
    package var meanOther: Double { count == 0 ? 0 : other / Double(count) }
    package var meanBefore: Double { count == 0 ? 0 : before / Double(count) }
  }

  /// Tells its draws from those of others.
  package var number: Int
  /// Whether it goes on for ever and looks out for a change.
  package var looksOut: Bool
  package var pairs: [Pair]
  package var round = 0
  /// Of the round, the one that comes next.
  package var minute = 0
  package var better: Wealth
  package var worse: Wealth
  package var tally = Tally()

  static let mostPairs = 64

  package init(number: Int, looksOut: Bool, pairs: [Pair], better: Wealth, worse: Wealth) {
    (self.number, self.looksOut, self.pairs, self.better, self.worse) = (number, looksOut, pairs, better, worse)
  }

  init(number: Int, looksOut: Bool, pairs: [Pair]) {
    let wealth = Wealth(looksOut ? 0 : 1)
    self.init(number: number, looksOut: looksOut, pairs: pairs, better: wealth, worse: wealth)
  }

  // MARK: Who runs with what

  /// Which half of the round the next minute is in, 0 or 1.
  func half(of length: Int) -> Int { minute < length ? 0 : 1 }

  /// Those that run with the other setting in a half of a round, by pairs.
  func others(_ draw: SeededDraw, round: Int, half: Int) -> [AgentID] {
    pairs.map { draw.coin(round: round, of: $0.first) == (half == 0) ? $0.first : $0.second }
  }

  /// The same in the half before; of pairs that did not run yet nobody.
  func othersBefore(_ draw: SeededDraw, half: Int) -> [AgentID] {
    half == 1
      ? others(draw, round: round, half: 0)
      : zip(pairs, others(draw, round: round - 1, half: 1)).filter { $0.0.began < round }.map(\.1)
  }

  var agents: [AgentID] { pairs.flatMap(\.agents) }

  // MARK: What is lost

  /// Takes a minute.
  ///
  /// - Parameters:
  ///   - losses: of agents that told of it, 0…1.
  ///   - length: of a half, in minutes.
  ///   - settle: so many of its minutes do not count.
  /// - Returns: whether a round has ended with it.
  mutating func add(_ losses: [AgentID: Double], length: Int, settle: Int, _ draw: SeededDraw) -> Bool {
    let half = half(of: length)
    if minute - half * length >= settle {
      for place in pairs.indices {
        guard let first = losses[pairs[place].first], let second = losses[pairs[place].second] else { continue }
        pairs[place].sums[2 * half] += first
        pairs[place].sums[2 * half + 1] += second
        pairs[place].counts[2 * half] += 1
        pairs[place].counts[2 * half + 1] += 1
      }
    }
    minute += 1
    guard minute >= 2 * length else { return false }
    close(draw)
    return true
  }

  private mutating func close(_ draw: SeededDraw) {
    if looksOut { renew() }
    var gains: [Double] = []
    for place in pairs.indices {
      let means = zip(pairs[place].sums, pairs[place].counts).map { $0.1 == 0 ? nil : $0.0 / Double($0.1) }
      (pairs[place].sums, pairs[place].counts) = ([0, 0, 0, 0], [0, 0, 0, 0])
      guard let early = means[0], let earlyOther = means[1], let late = means[2], let lateOther = means[3] else {
        continue
      }
      let isFirst = draw.coin(round: round, of: pairs[place].first)
      let other = isFirst ? (early + lateOther) / 2 : (earlyOther + late) / 2
      let before = isFirst ? (earlyOther + late) / 2 : (early + lateOther) / 2
      tally.count += 1
      tally.other += other
      tally.before += before
      tally.sizes += abs(before - other)
      gains.append(before - other)
    }
    let size = tally.sizes / Double(max(1, tally.count))
    for gain in gains where size > 0 {
      better.bet(on: gain / size)
      worse.bet(on: -gain / size)
    }
    (round, minute) = (round + 1, 0)
  }

  private mutating func renew() {
    better.renew()
    worse.renew()
    guard tally.count >= Self.mostPairs else { return }
    tally.halve()
  }

  /// Forgets what was shown; who runs with what goes on.
  mutating func forget() {
    (better, worse, tally) = (Wealth(looksOut ? 0 : 1), Wealth(looksOut ? 0 : 1), Tally())
    for place in pairs.indices { (pairs[place].sums, pairs[place].counts) = ([0, 0, 0, 0], [0, 0, 0, 0]) }
  }

  // MARK: Pairs that come and go

  /// Takes out the pairs with an agent that may not be changed; gives those that are left of them.
  mutating func remove(where isGone: (AgentID) -> Bool) -> [AgentID] {
    var left: [AgentID] = []
    pairs.removeAll { pair in
      guard pair.agents.contains(where: isGone) else { return false }
      left += pair.agents.filter { !isGone($0) }
      return true
    }
    return left
  }
}
