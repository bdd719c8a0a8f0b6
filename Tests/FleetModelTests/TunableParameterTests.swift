import FleetModel
import Testing

@Suite struct TunableParameterTests {
  private static func parameter(
    _ name: String = "timeout_s", _ minimum: Double = 5, _ maximum: Double = 60, step: Double = 5, value: Double = 20
  ) -> TunableParameter? {
    TunableParameter(name: name, minimum: minimum, maximum: maximum, step: step, value: value)
  }

  @Test func boundsHold() {
    #expect(Self.parameter() != nil)
    #expect(Self.parameter(step: 55) != nil && Self.parameter(value: 5) != nil && Self.parameter(value: 60) != nil)
    #expect(Self.parameter("a", 5, 5) == nil && Self.parameter("a", 6, 5) == nil)
    #expect(Self.parameter(step: 0) == nil && Self.parameter(step: -1) == nil && Self.parameter(step: 56) == nil)
    #expect(Self.parameter(value: 4.9) == nil && Self.parameter(value: 60.1) == nil)
    for bad in [Double.nan, .infinity, -.infinity] {
      #expect(Self.parameter("a", bad) == nil && Self.parameter("a", 5, bad) == nil)
      #expect(Self.parameter(step: bad) == nil && Self.parameter(value: bad) == nil)
    }
    // The range, or the number of steps, is beyond all numbers.
    let greatest = Double.greatestFiniteMagnitude
    #expect(Self.parameter("a", -greatest, greatest, step: 1e300, value: 0) == nil)
    #expect(Self.parameter("a", 0, 1e300, step: .leastNonzeroMagnitude, value: 0) == nil)
  }

  @Test(arguments: ["", "Timeout", "time out", "zeitüber", "a/b", String(repeating: "a", count: 41)])
  func nameIsNone(_ name: String) { #expect(Self.parameter(name) == nil) }

  @Test(arguments: ["a", "model.temperature_2", String(repeating: "a", count: 40)])
  func nameIsOne(_ name: String) { #expect(Self.parameter(name) != nil) }

  @Test func nearestIsAWholeStepWithinTheBounds() throws {
    let timeout = try #require(Self.parameter())
    #expect(timeout.nearest(22) == 20 && timeout.nearest(23) == 25)
    #expect(timeout.nearest(-1) == 5 && timeout.nearest(1e9) == 60)
    #expect(timeout.nearest(.infinity) == 60 && timeout.nearest(-.infinity) == 5 && timeout.nearest(.nan) == 20)
  }

  @Test func lastStepThatIsWholeIsTheGreatestSetting() throws {
    let odd = try #require(Self.parameter("a", 0, 10, step: 3, value: 10))
    #expect(odd.nearest(10) == 9 && odd.stepped(9, by: 1) == nil && odd.stepped(6, by: 1) == 9)
  }

  @Test func settingsAreAsPeopleWriteThem() throws {
    let share = try #require(Self.parameter("routing_share", 0.2, 2, step: 0.1, value: 1))
    #expect(share.nearest(0.31) == 0.3 && share.nearest(1.73) == 1.7 && share.nearest(2) == 2)
    #expect(share.stepped(1, by: 1) == 1.1 && share.stepped(1, by: -1) == 0.9 && share.stepped(0.2, by: -1) == nil)
    #expect(share.stepped(2, by: 1) == nil && share.stepped(1.9, by: 1) == 2)
    // 0.1 and 0.2 are no sums of powers of two; a third is no decimal at all.
    let third = try #require(Self.parameter("a", 0, 1, step: 1.0 / 3, value: 0))
    #expect(abs(third.nearest(0.7) - 2.0 / 3) < 1e-12 && third.nearest(1) <= 1)
  }
}
