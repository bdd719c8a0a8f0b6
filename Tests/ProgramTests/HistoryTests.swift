import TestSupport
import TestThreads
import Testing

/// Seeded histories with the built programs, a server and two consoles on terminals: the short form of `vigia-bench
/// truth`.
@Suite(.threaded) struct HistoryTests {
  @Test(arguments: [2, 7, 11] as [UInt64])
  func screensStatusAndRedisSayWhatIsTrueAfterEachStep(seed: UInt64) throws {
    let world = try ProgramWorld(HistoryGenerator.history(seed: seed, shape: .real))
    try world.run()
    #expect(world.comparisons > 5)
  }
}
