import FleetModel
import Testing
import Wire

@Suite struct SpendingCodingTests {
  @Test func whatIsWrittenIsReadAsItWas() {
    let spending = Spending(
      day: BudgetDay(from: 29_921_700, until: 29_923_140), minute: 29_922_123, role: "sales",
      cost: .init(used: 41.5, rate: 3.25, told: 1, most: 50),
      tokens: .init(used: 7))
    #expect(SpendingCoding.decode(SpendingCoding.encode(spending)) == spending)
  }

  @Test func whatOlderHandlersWroteIsADayInUTC() {
    let old = Array(#"{"day":20779,"minute":29922123,"cost":{"used":1}}"#.utf8)
    #expect(SpendingCoding.decode(old)?.day == BudgetDay(from: 29_921_760, until: 29_923_200))
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"from":5,"until":5,"minute":5}"#, #"{"from":1,"until":9999,"minute":5}"#,
    #"{"from":-1,"until":9,"minute":5}"#, #"{"from":1e10,"until":1e30,"minute":5}"#, #"{"day":1}"#,
    #"{"day":-1,"minute":3}"#, #"{"day":1e30,"minute":3}"#,
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
