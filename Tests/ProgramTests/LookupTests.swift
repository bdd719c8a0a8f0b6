import Glibc
import TestSupport
import TestThreads
import Testing

/// A host's name, and a name server that never answers.
@Suite(.threaded) struct LookupTests {
  /// A library that stands before the system's `getaddrinfo` and, for names, never comes back.
  private static let silentNameServer = """
    #include <netdb.h>
    #include <unistd.h>
    int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **list) {
      if (hints->ai_flags & AI_NUMERICHOST) return EAI_NONAME;
      for (;;) pause();
    }
    """

  /// Builds it into a folder of the test's own.
  private func build(in folder: String) throws -> String {
    let library = folder + "/silent.so"
    let compiler = try #require(popen("cc -shared -fPIC -x c -o \(library) -", "w"))
    fputs(Self.silentNameServer, compiler)
    try #require(pclose(compiler) == 0)
    return library
  }

  @Test func silentNameServerStopsNeitherKeysNorFrames() throws {
    var template = Array("/tmp/vigia-lookup-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      unlink(folder + "/silent.so")
      rmdir(folder)
    }
    let console = try PtyProgram(
      columns: 130,
      environment: ["LD_PRELOAD": try build(in: folder), "VIGIA_REDIS": "redis://redis.example:6379"])
    try console.wait(for: "connecting to redis.example:6379")
    console.type("?")
    try console.wait(for: "pause for a while")
    console.type("\u{1B}")
    try console.wait(for: "cannot resolve redis.example: no answer for 5 s")
    console.type("q")
    #expect(try console.finish().exitCode == 0)
  }
}
