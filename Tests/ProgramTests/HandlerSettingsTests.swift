import Glibc
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia-handler` and its configuration file.
@Suite(.threaded) struct HandlerSettingsTests {
  private let folder: TemporaryFolder
  private var file: String { folder.file("handler.toml") }

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String) throws { try folder.write(text, to: "handler.toml") }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Result {
    try Program(arguments, environment: environment, name: "vigia-handler").finish()
  }

  /// The first line of stderr.
  private func complaint(_ result: Program.Result) -> Substring { result.errors.prefix { $0 != "\n" } }

  @Test func goodFileIsOK() throws {
    try write("parallel = 8\n[actuators.scale]\nkind = 'http'\nurl = 'http://x/{env.PLACE}'\n")
    let environment = ["PLACE": "here", "VIGIA_HANDLER_CONFIG": file]
    #expect(try run("--check", "--config", file, environment: environment) == .init(0, "ok\n"))
    #expect(try run("--check", environment: environment) == .init(0, "ok\n"))
  }

  @Test func badFileIsWrongUsage() throws {
    try write("parallel = 0\n")
    let problem = "Error: \(file):1: parallel: is the number 0; expected a whole number from 1 to 1024"
    for result in [try run("--check", "--config", file), try run("--config", file)] {
      #expect(result.status == 64 && complaint(result) == problem)
    }
    let missing = try run("--config", folder.file("none.toml"))
    #expect(missing.status == 64)
    #expect(complaint(missing) == "Error: \(folder.file("none.toml")): cannot be read: No such file or directory")
    let variable = try run(environment: ["VIGIA_HANDLER_CONFIG": file])
    #expect(variable.status == 64 && complaint(variable) == problem)
  }

  /// As a password file and the token of /metrics are.
  @Test(arguments: [
    ("[grafana]\nurl = 'http://x'\ntoken_file = 'FILE'", "3: grafana.token_file"),
    ("[notify.ops]\nkind = 'slack'\nurl_file = 'FILE'", "3: notify.ops.url_file"),
    ("[archive]\nurl = 'http://x'\npassword_file = 'FILE'", "3: archive.password_file"),
    ("[heartbeat]\nurl_file = 'FILE'", "2: heartbeat.url_file"),
  ])
  func secretThatOthersMayReadIsRefused(_ text: String, _ place: String) throws {
    try folder.write("http://there/secret\n", to: "secret")
    let secret = folder.file("secret")
    try write(text.replacing("FILE", with: secret))
    for mode in [0o644, 0o602] as [mode_t] {
      chmod(secret, mode)
      let result = try run("--check", "--config", file)
      let problem = "names a secret that others may read or write; chmod o= the file"
      #expect(result.status == 64 && complaint(result) == "Error: \(file):\(place): \(problem)")
    }
    chmod(secret, 0o640)
    #expect(try run("--check", "--config", file) == .init(0, "ok\n"))
  }

  @Test func wrongOptionsAreNamed() throws {
    #expect(
      complaint(try run("--check")) == "Error: --check needs --config FILE, $VIGIA_HANDLER_CONFIG or --runbook FILE")
    for number in ["0", "1025"] {
      let result = try run("--parallel", number)
      #expect(result.status == 64 && complaint(result) == "Error: --parallel is not one of 1…1024")
    }
    #expect(try run("--log", "xml").status == 64)
    #expect(try run("--log-level", "loud").status == 64)
  }

  /// One line of the log after another, until there is one that holds a text.
  private func wait(for text: String, in program: Program, _ server: TestServer) throws {
    try server.wait { program.errorsSoFar.contains(text) }
  }

  @Test func fileIsReadAgainOnSIGHUP() throws {
    let server = try TestServer()
    try write("[log]\nformat = 'text'\n")
    let program = try Program(["--id", "h1", "--config", file], on: server.endpoint, name: "vigia-handler")
    try wait(for: " info active fence=1\n", in: program, server)

    try write("[log]\nformat = 'csv'\n")
    program.child.signal(SIGHUP)
    let problem = "\(file):2: log.format: is the text 'csv'; expected one of 'text', 'json'"
    try wait(
      for: " error settings not changed: the file is wrong error=\"\(problem)\"\n", in: program, server)

    try write("restart_limit = '1s'\n[log]\nformat = 'json'\n")
    program.child.signal(SIGHUP)
    try wait(
      for: #""level":"info","message":"settings read again","files":"\#(file)"}"#, in: program, server)
    // The handler is the same one, and goes by what it has read.
    #expect(try Program.run("send", "restart", "a", "--wait", "30s", on: server.endpoint).status == 0)
    try server.wait {
      (try? server.call("XRANGE", "agentos:audit", "-", "+"))?.elements?.contains { entry in
        entry.elements?.last?.pairs.contains {
          String(decoding: $0.value, as: UTF8.self).contains("not confirmed within 1s")
        } == true
      } == true
    }
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  @Test func changedRunbookIsReadAgainAndABadOneChangesNothingAndSaysSo() throws {
    let server = try TestServer()
    try write("")
    let program = try Program(["--id", "h1", "--runbook", file], on: server.endpoint, name: "vigia-handler")
    try wait(for: " info active fence=1\n", in: program, server)
    try write("[[rules]]\nid = 'a'\n")
    try wait(for: "settings not changed: the file is wrong", in: program, server)
    // Every console is told, by the audit.
    try server.wait {
      (try? server.call("XRANGE", "agentos:audit", "-", "+"))?.elements?.contains { entry in
        entry.elements?.last?.pairs.contains {
          String(decoding: $0.value, as: UTF8.self).contains("rules[0].on: is missing")
        } == true
      } == true
    }
    try write("[[rules]]\nid = 'a'\non = 'agent.x'\ndo = [{ action = 'pause' }]\n")
    try wait(for: " info settings read again files=", in: program, server)
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  private func lease(_ server: TestServer) throws -> Lease? {
    try server.call("GET", "agentos:handler").bytes.flatMap { LeaseCoding.decode($0) }
  }

  @Test func runbookThatWasNotTakenIsToldByLeaseStatusAndConsoleUntilOneIs() throws {
    let server = try TestServer()
    try write("")
    let program = try Program(["--id", "h1", "--runbook", file], on: server.endpoint, name: "vigia-handler")
    try wait(for: " info active fence=1\n", in: program, server)
    #expect(try lease(server)?.fault == nil)
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "live  automation dry")

    try write("[[rules]]\nid = 'a'\n")
    program.child.signal(SIGHUP)
    let fault = "runbook not taken: line 1: rules[0].on: is missing"
    try server.wait { (try? lease(server)?.fault?.hasPrefix(fault)) == true }
    // It holds as long as the lease is renewed.
    func left() -> Int64 { (try? server.call("PTTL", "agentos:handler").integer) ?? 0 }
    try server.wait { left() < 2000 }
    try server.wait { left() > 2200 }
    #expect(try lease(server)?.fault?.hasSuffix(" (\(file))") == true)
    try console.wait(for: "runbook not taken: line 1")
    #expect(try Program.run("status", on: server.endpoint).output.contains("\nhandler     \(fault)"))
    let json = try JSONValue.parse(Array(try Program.run("status", "--json", on: server.endpoint).output.utf8))
    #expect(json["handler"]?["fault"]?.text?.hasPrefix(fault) == true)

    try write("[[rules]]\nid = 'a'\non = 'agent.x'\ndo = [{ action = 'pause' }]\n")
    program.child.signal(SIGHUP)
    try server.wait { (try? lease(server).map { $0.fault == nil }) == true }
    try console.wait { !$0.contains { $0.contains("not taken: line") && $0.contains("Z") } }
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  @Test func settingsThatWereNotTakenAreNamedAsSuch() throws {
    let server = try TestServer()
    try write("")
    let program = try Program(["--id", "h1", "--config", file], on: server.endpoint, name: "vigia-handler")
    try wait(for: " info active fence=1\n", in: program, server)
    try write("\nparallel = 0\n")
    program.child.signal(SIGHUP)
    try server.wait { (try? lease(server)?.fault?.hasPrefix("settings not taken: line 2: parallel: ")) == true }
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }

  @Test func commandLineComesBeforeTheFile() throws {
    let server = try TestServer()
    try write("[log]\nformat = 'text'\nlevel = 'error'\n")
    let program = try Program(
      ["--id", "h1", "--config", file, "--log", "json", "--log-level", "info"], on: server.endpoint,
      name: "vigia-handler")
    try wait(for: #""level":"info","message":"active","fence":"1"}"#, in: program, server)
    program.child.signal(SIGTERM)
    #expect(program.finish().status == 0)
  }
}
