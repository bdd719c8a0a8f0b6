import Redis
import TestSupport
import Testing
import World

@Suite struct ModelTests {
  @Test func theModelAnswersAsARealServerDoes() throws {
    let server = try TestServer()
    var comparison = try ModelComparison(seed: 1) { words in
      try server.call(all: words.map { $0 as any RequestArgument })
    }
    #expect(try comparison.run(3000) == 3000)
  }
}
