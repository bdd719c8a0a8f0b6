import TestSupport
import TestThreads
import Testing

/// Which server tests run on.
@Suite(.threaded) struct TestServerTests {
  @Test func namedServerOrItsFolderIsTheOnlyOne() throws {
    #expect(try TestServer.searchPath(nil) == "/usr/bin:/usr/local/bin")
    #expect(try TestServer.searchPath("/usr/bin") == "/usr/bin")
    #expect(try TestServer.searchPath("/usr/bin/redis-server") == "/usr/bin")
  }

  @Test(arguments: ["", "/no/such/folder", "/usr/bin/no-redis", "/etc/redis-server", "/etc"])
  func placeWithoutAServerIsAnErrorInsteadOfAnotherServer(place: String) {
    let error = #expect(throws: TestServer.NoServer.self) { try TestServer.searchPath(place) }
    #expect(error?.description == "VIGIA_TEST_REDIS: no redis-server that can be executed at \(place)")
  }

  @Test func fileThatCannotBeExecutedIsNone() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "redis-server")
    #expect(throws: TestServer.NoServer.self) { try TestServer.searchPath(file) }
  }
}
