import Glibc
import Loop
import Redis
import RedisArguments
import TestSupport
import TestThreads
import Testing

/// Where the password comes from, and where it does not go.
@Suite(.threaded) struct PasswordTests {
  private let server: TestServer
  private let folder: TemporaryFolder
  private let place: String

  init() throws {
    server = try TestServer(password: "s3cret")
    folder = try TemporaryFolder()
    try server.add(1...3)
    place = "127.0.0.1:\(server.server.port)"
  }

  private func file(_ text: String, mode: mode_t = 0o600) throws -> String {
    let path = try folder.write(text, to: "password")
    chmod(path, mode)
    return path
  }

  private func status(_ options: [String], _ environment: [String: String] = [:]) throws -> Program.Result {
    try Program(["status"] + options, environment: ["VIGIA_REDIS": "redis://\(place)"].merging(environment) { $1 })
      .finish()
  }

  @Test func firstThatIsThereCounts() throws {
    let right = try file("s3cret\n")
    let wrong = try folder.write("wrong", to: "wrong")
    chmod(wrong, 0o600)
    for (options, environment, isRight) in [
      (["--password-file", right], [:], true),
      (["--password-file", right], ["VIGIA_REDIS": "redis://:wrong@\(place)", "VIGIA_REDIS_PASSWORD": "wrong"], true),
      ([], ["VIGIA_REDIS": "redis://:s3cret@\(place)", "VIGIA_REDIS_PASSWORD": "wrong"], true),
      ([], ["VIGIA_REDIS_PASSWORD": "s3cret", "VIGIA_REDIS_PASSWORD_FILE": wrong], true),
      ([], ["VIGIA_REDIS_PASSWORD_FILE": right], true),
      ([], ["VIGIA_REDIS": "redis://default:@\(place)", "VIGIA_REDIS_PASSWORD": "s3cret"], true),
      ([], ["VIGIA_REDIS": "redis://default:@\(place)"], false),
      ([], [:], false),
      (["--password-file", wrong], ["VIGIA_REDIS_PASSWORD": "s3cret"], false),
    ] as [([String], [String: String], Bool)] {
      let result = try status(options, environment)
      #expect((result.status == 0) == isRight, "\(options) \(environment) \(result.errors)")
      #expect(!result.errors.contains("s3cret") && !result.output.contains("s3cret"))
    }
  }

  @Test func fileThatOthersMayReadIsRefused() throws {
    for mode: mode_t in [0o644, 0o604, 0o602] {
      let path = try file("s3cret", mode: mode)
      let result = try status(["--password-file", path])
      #expect(result.status == 64)
      #expect(result.errors.contains("\(path) may be read or written by others than its owner and group: chmod o= it"))
    }
    #expect(try status(["--password-file", try file("s3cret", mode: 0o640)]).status == 0)
    for (text, words) in [
      ("", "is empty"), ("\n", "is empty"), (String(repeating: "x", count: 5000), "is longer than 4096 bytes"),
    ] {
      let result = try status(["--password-file", try file(text)])
      #expect(result.status == 64 && result.errors.contains(words) && !result.errors.contains("xxx"))
    }
    let none = try status(["--password-file", folder.file("none")])
    #expect(none.status == 64 && none.errors.contains("cannot be read: No such file or directory"))
    let place = try status(["--password-file", folder.path])
    #expect(place.status == 64 && place.errors.contains("is no file"))
  }

  @Test func endOfTheLineIsNoPartOfIt() throws {
    for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
      #expect(try status(["--password-file", try file(text)]).status == 0)
    }
    #expect(try status(["--password-file", try file("s3cret\n\n")]).status != 0)
  }

  /// Typed on the terminal, whatever the input is; it is not echoed, and can be mended.
  @Test func promptAsksOnTheTerminalWithoutEcho() throws {
    let program = try PtyProgram(["status", "--ask-password"], on: server.endpoint)
    try program.wait(for: "Password of Redis at \(place): ")
    program.type("wrong\u{15}s3crex\u{7F}t\r")
    #expect(try program.finish().exitCode == 0)
    #expect(program.text.contains("3 agents, 3 events") && !program.text.contains("s3c"))
    #expect(program.pty.modes == program.modesBefore)

    let left = try PtyProgram(["status", "--ask-password"], on: server.endpoint)
    try left.wait(for: "Password of Redis")
    left.type("s3\u{3}")
    #expect(try left.finish().exitCode == 130)
    #expect(left.pty.modes == left.modesBefore)
  }

  @Test func processListDoesNotShowIt() throws {
    let url = "redis://default:s3cret@\(place)/0"
    let programs = [
      try Program(["tail", "--redis", url]), try Program(["--redis=\(url)"], name: "vigia-handler"),
    ]
    defer { for program in programs { program.child.end(SIGKILL) } }
    for program in programs {
      let path = "/proc/\(program.child.pid)/cmdline"
      try server.wait { TemporaryFolder.text(of: path).contains("redis://default:******@\(place)/0") }
      #expect(!TemporaryFolder.text(of: path).contains("s3cret"))
    }
  }

  /// What another program of ours is told: the address without its password, and the password where no argument is.
  @Test func childrenAreToldByTheirEnvironment() throws {
    let options = try RedisOptions.parse(
      ["--redis", "rediss://a:b@h:1/2", "--password-file", "/run/secret", "--tls-ca", "/ca.pem"])
    var endpoint = Endpoint(address: .tcp(host: "h", port: 1), user: "a", password: "c", database: 2)
    endpoint.tls = TLSSettings(authority: "/ca.pem", name: "n", isInsecure: true)
    let told = Dictionary(uniqueKeysWithValues: options.environment(for: endpoint).map { ($0.name, $0.value) })
    #expect(
      told == [
        "VIGIA_REDIS": "rediss://a:@h:1/2", "VIGIA_SENTINEL_PASSWORD": "", "VIGIA_REDIS_PASSWORD": "",
        "VIGIA_REDIS_PASSWORD_FILE": "/run/secret",
        "VIGIA_TLS_CA": "/ca.pem", "VIGIA_TLS_CERT": "", "VIGIA_TLS_KEY": "", "VIGIA_TLS_NAME": "n",
        "VIGIA_TLS_INSECURE": "1",
      ])
  }

  @Test(arguments: [
    ("redis://:p@h:1", "redis://h:1"), ("redis://p@h", "redis://h"), ("redis://u:p@h/1", "redis://u:@h/1"),
    ("rediss://u:p@[::1]:1", "rediss://u:@[::1]:1"), ("unix://u:p@/a@b", "unix://u:@/a@b"), ("redis://h", "redis://h"),
    ("redis://u:p@q@h", "redis://u:@h"), ("nonsense", "nonsense"),
  ])
  func addressIsGivenWithoutItsPassword(_ url: String, _ bare: String) {
    #expect(Endpoint.withoutPassword(url) == bare)
  }
}
