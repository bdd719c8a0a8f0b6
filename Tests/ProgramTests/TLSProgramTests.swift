import FleetModel
import Glibc
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// The programs against a server that speaks TLS.
@Suite(.threaded) struct TLSProgramTests {
  private let server: TLSServer
  private let trusting: [String]

  init() throws {
    server = try TLSServer(password: "s3cret")
    trusting = ["--redis", "rediss://localhost:\(server.port)", "--tls-ca", server.authority.certificate]
  }

  private let password = ["VIGIA_REDIS_PASSWORD": "s3cret"]

  @Test func statusIsToldOverTLS() throws {
    try server.plain.add(1...3)
    let told = try Program(["status"] + trusting, environment: password).finish()
    #expect(told.status == 0 && told.output.contains("3 agents, 3 events"))
    #expect(!told.output.contains("NOT VERIFIED"))
    // By variables, as a container has them.
    let variables = ["VIGIA_REDIS": server.url, "VIGIA_TLS_CA": server.authority.certificate].merging(password) { $1 }
    #expect(try Program(["status"], environment: variables).finish().output == told.output)
    let numeric = ["--redis", "rediss://127.0.0.1:\(server.port)", "--tls-ca", server.authority.certificate]
    #expect(try Program(["status"] + numeric, environment: password).finish().status == 0)
  }

  @Test func serverThatIsNotVerifiedIsSaidSoEverywhere() throws {
    try server.plain.add(1...3)
    let insecure = ["--redis", server.url, "--tls-insecure"]
    let told = try Program(["status"] + insecure, environment: password).finish()
    #expect(told.status == 0 && told.output.contains("\nTLS NOT VERIFIED  anybody may be between"))
    let json = try Program(["status", "--json"] + insecure, environment: password).finish()
    #expect(json.output.contains("\"tls_not_verified\":true"))
    let segment = try Program(["status", "--tmux"] + insecure, environment: password).finish()
    #expect(segment.output.hasPrefix("#[fg=red,bold]TLS NOT VERIFIED#[default]"))
    let console = try PtyProgram(["console"] + insecure, environment: password)
    try console.wait(for: "TLS NOT VERIFIED")
    try console.wait(for: "live")
    console.type("q")
    _ = try console.finish()
  }

  @Test func certificateThatIsNotTakenIsSaidWithTheRemedy() throws {
    let result = try Program(["status", "--redis", server.url], environment: password).finish()
    #expect(result.status == 4)
    #expect(
      result.errors == """
        vigia: Redis at localhost:\(server.port) cannot be reached: the server's certificate is from an authority that is \
        not trusted: CN = authority; name the authority's certificate with --tls-ca

        """)
    let plain = try Program(["status", "--redis", "redis://localhost:\(server.port)"], environment: password).finish()
    #expect(plain.status == 4 && plain.errors.contains("use rediss:// for it"))
    let none = try Program(
      ["status", "--redis", "rediss://localhost:\(server.plain.server.port)", "--tls-insecure"], environment: password
    ).finish()
    #expect(none.status == 4 && none.errors.contains("if this port speaks no TLS, use redis:// for it"))
  }

  @Test func consoleAndHandlerRunOverTLS() throws {
    let handler = try Program(["--id", "h1"] + trusting, environment: password, name: "vigia-handler")
    defer { handler.child.end(SIGKILL) }
    let console = try PtyProgram(["console"] + trusting, environment: password)
    try console.wait(for: "live")
    // Of a line that changes only what is new in it is written.
    try console.wait { server.plainLease?.contains("h1") ?? false }
    #expect(!console.text.contains("NOT VERIFIED") && !handler.errorsSoFar.contains("NOT VERIFIED"))
    try server.plain.add(1...3)
    try console.wait(for: "50%")
    let sent = try Program(["send", "pause", "1", "--reason", "test"] + trusting, environment: password).finish()
    #expect(sent.status == 0, "\(sent.errors)\(sent.output)")
    // A server that comes back is found again, by both.
    try server.plain.restart()
    try console.wait(for: "NO LINK")
    let start = console.output.count
    try console.wait(for: "live", from: start)
    try console.wait { server.plainLease?.contains("h1") ?? false }
    console.type("q")
    _ = try console.finish()
  }

  @Test func handlerThatVerifiesNobodySaysSoInItsLogAndOnScreens() throws {
    let insecure = ["--redis", server.url, "--tls-insecure"]
    let handler = try Program(["--id", "h1"] + insecure, environment: password, name: "vigia-handler")
    defer { handler.child.end(SIGKILL) }
    try server.plain.wait { server.plainLease?.contains("TLS NOT VERIFIED") ?? false }
    #expect(handler.errorsSoFar.contains("TLS NOT VERIFIED: whoever is between"))
    #expect(!handler.errorsSoFar.contains("s3cret"))
    let told = try Program(["status"] + trusting, environment: password).finish()
    #expect(told.output.contains("handler     TLS NOT VERIFIED"))
  }

  @Test(arguments: [
    (["--tls-ca", "x"], "--tls-ca is of use with TLS only"), (["--tls-insecure"], "--tls-insecure is of use with TLS"),
    (["--redis", "rediss://h", "--tls-key", "k"], "name that with --tls-cert"),
    (["--redis", "rediss://h", "--tls-insecure", "--tls-ca", "x"], "--tls-insecure takes any certificate"),
    (["--password-file", "x", "--ask-password"], "exclude each other"),
  ])
  func optionsThatDoNotFitEachOtherAreRefused(_ options: [String], _ words: String) throws {
    for name in ["vigia", "vigia-handler"] {
      let result = try Program((name == "vigia" ? ["status"] : []) + options, name: name).finish()
      #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
    }
  }
}

extension TLSServer {
  /// The handler's lease, read without TLS.
  var plainLease: String? { (try? plain.call("GET", "agentos:handler"))?.text }
}
