import FleetModel
import Testing

@testable import Insight

@Suite struct WealthTests {
  /// What one ends with who bets on gains of a fair coin's sign, and the most on the way.
  private static func walk(_ rounds: Int, _ random: inout SeededRandom) -> (last: Double, most: Double) {
    var wealth = Wealth()
    var most = wealth.value
    for round in 0..<rounds {
      // Sizes may follow from anything but the coin.
      let size = round.isMultiple(of: 5) ? 1.0 : 0.3
      wealth.bet(on: random.next() & 1 == 0 ? size : -size)
      most = max(most, wealth.value)
    }
    return (wealth.value, most)
  }

  @Test func fairCoinMakesNobodyRich() {
    var random = SeededRandom(seed: 1)
    let walks = (0..<4000).map { _ in Self.walk(200, &random) }
    // By Ville's inequality 200 at the most are expected; a mean of 1 is what a fair game leaves.
    #expect(walks.count { $0.most >= 20 } <= 200)
    #expect(walks.count { $0.most >= 20 } >= 50)
  }

  @Test func whoIsRightGrowsRich() {
    var wealth = Wealth()
    for _ in 0..<5 { wealth.bet(on: 1) }
    #expect(wealth.value > 7 && wealth.value < 20)
    wealth.bet(on: 1)
    wealth.bet(on: 1)
    #expect(wealth.value > 20)
    #expect(wealth.isSound)
  }

  @Test func changeIsFoundHoweverLateItComes() {
    var wealth = Wealth(0)
    for _ in 0..<500 {
      wealth.renew()
      wealth.bet(on: -1)
    }
    #expect(wealth.value < 10)
    var rounds = 0
    while wealth.value < 50, rounds < 100 {
      wealth.renew()
      wealth.bet(on: 1)
      rounds += 1
    }
    #expect(rounds < 10)
  }

  @Test func noGainIsTooLargeAndNoWealth() {
    var wealth = Wealth()
    for _ in 0..<10_000 { wealth.bet(on: 1e300) }
    #expect(wealth.isSound && wealth.value.isFinite)
    for _ in 0..<10_000 { wealth.bet(on: -.infinity) }
    #expect(wealth.isSound && wealth.value >= 0)
    #expect(!Wealth(parts: [1, .nan, 1, 1]).isSound && !Wealth(parts: [1]).isSound)
    #expect(!Wealth(parts: [1, -1, 1, 1]).isSound)
  }
}
