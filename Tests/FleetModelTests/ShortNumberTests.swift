import FleetModel
import Testing

/// Amounts that people read.
@Suite struct ShortNumberTests {
  @Test(
    arguments: [
      (0, "0"), (0.004, "0"), (0.424, "0.42"), (5, "5"), (9.994, "9.99"), (9.996, "10"), (41.52, "41.5"),
      (99.96, "100"), (812.4, "812"), (1000, "1000"), (9999.4, "9999"), (9999.6, "10 k"), (12_345, "12.3 k"),
      (999_600, "1 M"), (1_630_000, "1.63 M"), (37_300_000, "37.3 M"), (2e9, "2 G"), (1e15, "1000 T"),
      (-37_300_000, "-37.3 M"), (-0.5, "-0.5"), (1e300, "very high"), (-.infinity, "very low"), (.nan, "not a number"),
    ] as [(Double, String)])
  func anAmountHasThreeDigitsThatCountAndAUnit(value: Double, text: String) { #expect(value.short == text) }
}
