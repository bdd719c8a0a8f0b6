import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct AccessCommandTests {
  private func output(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Result {
    try Program(["acl", "print"] + arguments, environment: environment).finish()
  }

  @Test func userIsPrintedWithoutAServer() throws {
    let result = try output("publisher", "--for", "7.0")
    #expect(
      result
        == .init(
          0,
          "ACL SETUSER publisher reset on >PASSWORD resetchannels ~agentos:events &agent.* &agents.* +ping "
            + "+client|setname +publish +xadd\n"))
  }

  @Test func whatAnOldServerLeavesOpenIsSaidBesideTheUser() throws {
    let result = try output("operator", "ada", "--for", "6.2", "--prefix", "{x}")
    #expect(result.status == 0 && result.output.hasPrefix("ACL SETUSER ada reset on >PASSWORD resetchannels ~{x}:"))
    #expect(result.errors.hasPrefix("vigia: Redis before 7.0 cannot let keys be read only"))
  }

  @Test func passwordOfAFileIsPrintedAsItsDigest() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("secret\n", to: "password")
    let result = try output("viewer", "--for", "8.0", "--user-password-file", file, "--acl-file", "--user", "wall")
    #expect(
      result.output.hasPrefix(
        "user wall on #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b resetchannels %R~agentos:*"))
    #expect(!result.output.contains("secret") && result.errors == "")
    let empty = try output("viewer", "--for", "8.0", "--user-password-file", try folder.write("\n", to: "empty"))
    #expect(empty.status == 64 && empty.errors.contains("does not hold one line of 1 to 512 bytes"))
  }

  @Test func serversVersionIsAskedFor() throws {
    let server = try TestServer()
    let result = try Program.run("acl", "print", "handler", "--queues", "orders", on: server.endpoint)
    #expect(result.status == 0 && result.output.contains("~agentos:*"))
    if TestServer.countsEntries { #expect(result.output.contains(" %R~orders ")) }
    let fake = try FakeServer(loop: server.loop) { request in
      request[0] == "HELLO"
        ? "-ERR unknown command\r\n" : request[0] == "TIME" ? "*2\r\n$1\r\n1\r\n$1\r\n1\r\n" : "+OK\r\n"
    }
    let program = try Program(["acl", "print", "viewer"], on: fake.endpoint)
    try server.wait { !program.child.isRunning }
    let refused = program.finish()
    #expect(refused.status == 1 && refused.errors.contains("say it with --for 6.2, 7.0 or 8.0"), "\(refused)")
  }

  @Test(arguments: [
    (["cheese"], "there is no role \"cheese\"; there are viewer, operator"), (["operator"], "whose?"),
    (["viewer", "ada"], "viewer takes no name"), (["operator", "a b"], "a user's name has"),
    (["viewer", "--for", "6.0"], "--for: write a version from 6.2 on"), (["viewer", "--for", "x"], "--for: write"),
    (["viewer", "--queues", "s", "--for", "7"], "--queues goes with handler"),
    (["viewer", "--group", "--for", "7"], "--group goes with runtime"),
    (["handler", "--queues", "a b", "--for", "7"], "a key or pattern of channels has"),
    (["viewer", "--stream", "x)", "--for", "7"], "a key or pattern of channels has"),
    (["publisher", "--stream", "x", "--for", "7"], "--stream and --channels go with viewer"),
    (["viewer", "--user", "\u{1B}[2J", "--for", "7"], "a user's name has"),
  ])
  func wrongUsageIsNamed(_ arguments: [String], _ words: String) throws {
    let result = try Program(["acl", "print"] + arguments).finish()
    #expect(result.status == 64 && result.output == "" && result.errors.contains(words), "\(result)")
    #expect(!result.errors.contains("\u{1B}"))
  }
}
