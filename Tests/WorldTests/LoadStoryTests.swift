import Testing
import World

/// A role whose load is shared while handlers die, and people answer.
@Suite struct LoadStoryTests {
  @Test func eachChangeGoesOutOnceAndTheSlowOneEndsWithLess() throws {
    var changes = 0
    for seed in 0..<24 as Range<UInt64> {
      do {
        var story = try LoadStory(seed: seed)
        let report = try story.run()
        changes += report.changes
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(changes > 24 * 2, "\(changes)")
  }
}
