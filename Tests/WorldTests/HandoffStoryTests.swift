import Testing
import World

/// Conversations that change hands and wait for people, while handlers die, Redis refuses, and people and agents interfere.
@Suite struct HandoffStoryTests {
  @Test(arguments: [false, true]) func eachRequestHasOneEnd(isCalm: Bool) throws {
    var (requests, accepted, proposed, commands) = (0, 0, 0, 0)
    for seed in 0..<16 as Range<UInt64> {
      do {
        var story = try HandoffStory(seed: seed, isCalm: isCalm)
        let report = try story.run()
        (requests, accepted) = (requests + report.requests, accepted + report.accepted)
        (proposed, commands) = (proposed + report.proposed, commands + report.commands)
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
      }
    }
    #expect(requests > 100 && accepted > 20, "\(requests) requests, \(accepted) accepted")
    #expect(proposed > 0 && commands > 50, "\(proposed) proposed, \(commands) commands")
  }
}
