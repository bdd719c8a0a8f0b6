import Testing
import World

/// A role with two versions while handlers die, Redis refuses, what deploys hangs, and people interfere.
@Suite struct RollbackStoryTests {
  @Test func worseVersionIsFoundAndAgentsGoBackOnceAsTheyMay() throws {
    var (found, proposed, decided, errors) = (0, 0, 0, 0)
    for seed in 0..<16 as Range<UInt64> {
      do {
        var story = try RollbackStory(seed: seed)
        let report = try story.run()
        (found, proposed) = (found + report.found, proposed + report.proposed)
        (decided, errors) = (decided + report.decided, errors + report.falseAlarms)
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(found > 6 && proposed > 0 && decided > 2, "\(found) found, \(proposed) proposed, \(decided) decided")
    #expect(errors == 0)
  }

  /// If nothing fails, all agents leave the worse version, and findings have the very numbers of the events.
  @Test func ifNothingFailsAllLeaveTheWorseVersion() throws {
    var (found, rolledBack) = (0, 0)
    for seed in 100..<108 as Range<UInt64> {
      do {
        var story = try RollbackStory(seed: seed, isCalm: true)
        let report = try story.run()
        (found, rolledBack) = (found + report.found, rolledBack + report.rolledBack)
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(found > 2 && rolledBack > 4, "\(found) found, \(rolledBack) went back")
  }

  /// Automation is switched off between two agents of one step: the second one is told to be left alone, and not the first
  /// one again.
  @Test(arguments: [65, 85, 88, 103] as [UInt64]) func whoIsLeftAloneIsNamedItself(_ seed: UInt64) throws {
    var story = try RollbackStory(seed: seed)
    _ = try story.run()
  }
}
