import FleetModel
import Testing

@Suite struct StringSwappingTests {
  @Test(arguments: [("", ""), ("_", " "), ("brute_force_é_", "brute force é "), ("plain", "plain")])
  func eachOccurrenceIsSwappedAndNothingElse(text: String, expected: String) {
    #expect(text.swapping("_", for: " ") == expected)
  }
}
