import FleetModel
import Testing

/// What an agent uses a day, minute by minute.
@Suite struct SpendingTests {
  private static let midnight = Instant(milliseconds: 1_795_305_600_000)

  private static let day = Zone.utc.day(of: midnight)

  private static func minute(
    _ number: Int64, cost: Double? = nil, tokens: Double? = nil, rate: Double? = nil
  ) -> Spending.Minute {
    Spending.Minute(midnight + .minutes(number), costAnHour: cost, tokens: tokens, tokensAMinute: rate)
  }

  @Test func costIsAddedUpOverTheMinutesThatItStandsFor() {
    var spending = Spending()
    #expect(spending.add(Self.minute(0, cost: 60), in: Self.day) && spending.cost.used == 1)
    #expect(spending.add(Self.minute(1, cost: 120), in: Self.day) && spending.cost.used == 3)
    // Nothing was reported for two minutes: the rate counts for them.
    #expect(spending.add(Self.minute(4, cost: 60), in: Self.day) && spending.cost.used == 6)
    // Nobody knows what an agent did that was not heard for an hour.
    #expect(spending.add(Self.minute(64, cost: 60), in: Self.day) && spending.cost.used == 11)
  }

  @Test func tokensAreThoseOfTheCallsOrElseTheRate() {
    var spending = Spending()
    #expect(spending.add(Self.minute(0, tokens: 500, rate: 9000), in: Self.day) && spending.tokens.used == 500)
    #expect(spending.add(Self.minute(1, rate: 200), in: Self.day) && spending.tokens.used == 700)
    #expect(spending.cost == Spending.Use())
  }

  @Test func aMinuteCountsOnceAndOneThatIsOlderNever() {
    var spending = Spending()
    #expect(
      spending.add(Self.minute(5, cost: 60), in: Self.day) && !spending.add(Self.minute(5, cost: 60), in: Self.day))
    #expect(!spending.add(Self.minute(4, cost: 60), in: Self.day) && spending.cost.used == 1)
  }

  @Test func aDayBeginsAtMidnight() {
    var spending = Spending()
    #expect(spending.add(Self.minute(-1, cost: 600), in: Zone.utc.day(of: Self.midnight - .minutes(1))) == true)
    spending.cost.told = 2
    #expect(spending.cost.used == 10 && spending.add(Self.minute(0, cost: 60), in: Self.day))
    #expect(spending.cost.used == 1 && spending.cost.told == 0 && spending.cost.rate > 0)
    #expect(spending.day == Self.day)
  }

  @Test func whatWillHaveBeenUsedGoesByTheRate() {
    var spending = Spending()
    for number in 0..<120 as Range<Int64> { _ = spending.add(Self.minute(number, cost: 60), in: Self.day) }
    #expect(abs(spending.cost.rate - 60) < 1)
    #expect(abs(spending.cost.projected(at: Self.midnight + .hours(2), in: Self.day) - 1440) < 30)
  }

  @Test(arguments: [Double.nan, .infinity, -1, 1e300]) func impossibleNumbersAreNone(value: Double) {
    var spending = Spending()
    #expect(
      !spending.add(Self.minute(0, cost: value, tokens: value, rate: value), in: Self.day) && spending == Spending())
    for number in 1..<100 as Range<Int64> {
      _ = spending.add(Self.minute(number, cost: 1e15, tokens: 1e15), in: Self.day)
    }
    #expect(spending.cost.used <= 1e15 && spending.tokens.used <= 1e15)
  }
}
