import Testing
import World

@Suite struct FailoverScenarioTests {
  @Test(arguments: 0..<12 as Range<UInt64>) func nothingConfirmedIsLostOrDoneTwice(seed: UInt64) throws {
    var scenario = try FailoverScenario(seed: seed)
    try scenario.run()
    #expect(scenario.failovers > 0)
  }

  /// The check can fail: where no replica has to confirm, effects are had twice and fences come again.
  @Test func handlersThatWaitForNoReplicaBreakThePromise() throws {
    var violations: [String] = []
    for seed in 0..<80 as Range<UInt64> where violations.count < 2 {
      var scenario = try FailoverScenario(seed: seed, durability: .local)
      do {
        try scenario.run()
      } catch let violation as Violation {
        violations.append("\(violation)")
      }
    }
    #expect(!violations.isEmpty)
    #expect(violations.allSatisfy { $0.hasPrefix("done twice outside") || $0.hasPrefix("the fence") }, "\(violations)")
  }
}
