import FleetModel
import Testing
import Wire

@Suite struct SpendingCodingTests {
  @Test func whatIsWrittenIsReadAsItWas() {
    let spending = Spending(
      day: 20_779, minute: 29_922_123, role: "sales", cost: .init(used: 41.5, rate: 3.25, told: 1, most: 50),
      tokens: .init(used: 7))
    #expect(SpendingCoding.decode(SpendingCoding.encode(spending)) == spending)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"day":1}"#, #"{"day":-1,"minute":3}"#, #"{"day":1e30,"minute":3}"#,
    #"{"day":1,"minute":3,"cost":{"used":-1}}"#, #"{"day":1,"minute":3,"cost":{"used":1e99}}"#,
    #"{"day":1,"minute":3,"cost":7}"#,
  ])
  func whatIsNoneIsNone(text: String) {
    #expect(SpendingCoding.decode(Array(text.utf8)) == nil)
  }

  @Test func whatWasToldIsWithinItsLevels() {
    let text = #"{"day":1,"minute":3,"cost":{"used":1,"told":99}}"#
    #expect(SpendingCoding.decode(Array(text.utf8))?.cost.told == Budget.levels.count)
  }
}
