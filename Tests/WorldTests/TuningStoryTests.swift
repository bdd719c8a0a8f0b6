import Testing
import World

/// A role whose parameters are tuned while handlers die, Redis refuses, agents leave, and people interfere.
@Suite struct TuningStoryTests {
  @Test func oneChangeIsTriedAtATimeAndAllGoesBack() throws {
    var (tried, adopted) = (0, 0)
    var ends: Set<TuningStory.End> = []
    for seed in 0..<16 as Range<UInt64> {
      do {
        var story = try TuningStory(seed: seed)
        let report = try story.run()
        (tried, adopted) = (tried + report.tried, adopted + report.adopted)
        ends.insert(report.end)
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(tried > 16 && adopted > 0 && ends.count == 3, "\(tried) tried, \(adopted) adopted, \(ends)")
  }

  /// Where nothing fails agents run with what stands all the time, and the bound of what it costs is checked throughout.
  @Test func whereNothingFailsAgentsRunWithWhatStands() throws {
    var (tried, cost) = (0, 0.0)
    for seed in 100..<108 as Range<UInt64> {
      do {
        var story = try TuningStory(seed: seed, isCalm: true)
        let report = try story.run()
        (tried, cost) = (tried + report.tried, max(cost, report.cost))
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(tried > 8 && cost > 0.2, "\(tried) tried, cost \(cost)")
  }
}
