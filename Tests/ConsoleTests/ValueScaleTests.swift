import Console
import Testing

@Suite struct ValueScaleTests {
  @Test func zeroIsPartOfAScaleUnlessValuesLieCloseTogether() {
    #expect(ValueScale(low: 3, high: 900, level: nil) == scale(0, 900, false))
    #expect(ValueScale(low: 800, high: 900, level: nil) == scale(800, 900, false))
  }

  @Test func levelIsShownIfItIsNear() {
    #expect(ValueScale(low: 100, high: 200, level: 300) == scale(0, 300, true))
    #expect(ValueScale(low: 10, high: 20, level: 300) == scale(10, 20, false))
  }

  @Test func equalValuesStandInTheMiddle() {
    #expect(ValueScale(low: 5, high: 5, level: nil) == scale(2.5, 7.5, false))
    #expect(ValueScale(low: 0, high: 0, level: nil) == scale(0, 0.5, false))
    #expect(ValueScale(low: -4, high: -4, level: nil) == scale(-6, -2, false))
  }

  private func scale(_ bottom: Double, _ top: Double, _ showsLevel: Bool) -> ValueScale {
    ValueScale(bottom: bottom, top: top, showsLevel: showsLevel)
  }
}
