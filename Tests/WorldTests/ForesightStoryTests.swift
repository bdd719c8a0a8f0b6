import Testing
import World

@Suite struct ForesightStoryTests {
  @Test(arguments: 0..<4 as Range<UInt64>) func whatIsFoundIsPublishedOnceHoweverOftenHandlersDie(seed: UInt64) throws {
    let story = try ForesightStory(seed: seed)
    #expect(try story.run() > 20)
  }
}
