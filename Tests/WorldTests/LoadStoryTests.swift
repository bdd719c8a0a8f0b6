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

  /// Who was told of its change again and again, and had it never done, would rest for many minutes.
  @Test func afterADryRunChangesComeAtOnce() throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let found = try LoadDryRun(seed: seed).run(seconds: 60)
      #expect(found.told > 4 && found.given > 0, "seed \(seed): \(found)")
    }
  }
}
