import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Every program and every subcommand under the user that `vigia acl print` prints for it: nothing is denied that it
/// needs, and nothing is allowed that it does not.
@Suite(.threaded) struct AccessUserTests {
  @Test(arguments: AccessScene.Kind.allCases)
  func everythingDoesWithItsUser(kind: AccessScene.Kind) throws {
    let scene = try AccessScene(kind)
    let handler = try handler(scene)
    defer { handler.end() }
    try operate(scene)
    try look(scene)
    try mend(scene)
    try simulate(scene)
    var denials = try scene.denials()
    #expect(denials == [])
    try examine(scene)
    #expect(handler.isRunning)
    denials = try scene.denials()
    #expect(denials == [])
  }

  private func handler(_ scene: AccessScene) throws -> Child {
    let url = try scene.make("handler")
    let arguments = ["--prefix", scene.prefix, "--id", "h1"]
    let program = try Program(arguments, environment: ["VIGIA_REDIS": url], name: "vigia-handler")
    try scene.server.wait { (try? scene.server.call("GET", scene.keys.lease).bytes) != nil }
    try scene.server.wait {
      (try? scene.server.call("GET", scene.keys.lease).bytes.flatMap { LeaseCoding.decode($0) }?.isRecording) == true
    }
    #expect(program.errorsSoFar.contains("acting without") == false, "\(program.errorsSoFar)")
    return program.child
  }

  private func operate(_ scene: AccessScene) throws {
    let url = try scene.make("operator", "ada")
    _ = try scene.server.call("XADD", scene.keys.events, "*", "__data__", TestServer.event("a-1"))
    for arguments in [
      ["send", "pause", "a-1", "--arg", "for=10m"], ["send", "resume", "a-1"], ["automation", "on"], ["automation"],
    ] {
      let result = try scene.run(url, arguments)
      #expect(result.status == 0 && result.errors == "", "\(arguments): \(result)")
    }
    for command in ["approve", "reject"] {
      let result = try scene.run(url, command, "nobody")
      #expect(result.status == 1 && !result.errors.contains("NOPERM"), "\(result)")
    }
  }

  private func look(_ scene: AccessScene) throws {
    let url = try scene.make("viewer")
    let admin = "redis://127.0.0.1:\(scene.server.server.port)"
    let id = try scene.server.call("XADD", scene.keys.events, "*", "__data__", TestServer.event("a-1")).text ?? ""
    for arguments in [
      ["status", "--json"], ["status"], ["status", "--tmux"], ["tail", "--history", "1h", "--count", "1"], ["audit"],
      ["history", "a-1"], ["what-changed", "--from", "10m"], ["forecast"], ["forecast", "a-1"],
      ["forecast", "--backtest"], ["levels", "a-1"], ["budgets"], ["queues"], ["waiting"], ["maintenance"], ["tuning"],
      ["proposals"],
      ["automation"], ["runbook", "explain", id], ["runbook", "tally"], ["runbook", "suggest"], ["dead", "list"],
      ["dead", "show", "1-1"],
    ] {
      func both() throws -> (Program.Result, Program.Result) {
        (try scene.run(url, arguments), try scene.run(admin, arguments))
      }
      var (result, expected) = try both()
      // What the handler keeps may have come between the two; what is denied stays denied.
      for _ in 0..<5 where result.status != expected.status || result.output.isEmpty != expected.output.isEmpty {
        (result, expected) = try both()
      }
      #expect(result.status == expected.status && !result.errors.contains("NOPERM"), "\(arguments): \(result)")
      #expect(result.output.isEmpty == expected.output.isEmpty, "\(arguments): \(result)")
    }
    let console = try TmuxConsole(
      "console --read-only", on: nil, columns: 100, rows: 30,
      environment: "VIGIA_REDIS=\(url) VIGIA_PREFIX='\(scene.prefix)'")
    try console.wait { $0.contains { $0.contains("h1") } && $0.contains { $0.contains("a-1") } }
    #expect(try console.screen().contains { $0.contains("NOT SERVED") } == false)
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  private func mend(_ scene: AccessScene) throws {
    let url = try scene.make("maintainer", "eve")
    var ids: [String] = []
    for number in 1...2 {
      let reply = try scene.server.call(
        "XADD", scene.keys.dead, "*", "source", scene.keys.events, "id", "1-\(number)", "reason", "test", "__data__",
        TestServer.event("a-\(number)"))
      ids.append(reply.text ?? "")
    }
    for arguments in [["dead", "retry", ids[0]], ["dead", "drop", ids[1]], ["dead", "list"]] {
      let result = try scene.run(url, arguments)
      #expect(result.status == 0 && result.errors == "", "\(arguments): \(result)")
    }
    #expect(try scene.server.call("XLEN", scene.keys.dead).integer == 0)
  }

  private func simulate(_ scene: AccessScene) throws {
    let runtime = try scene.make("runtime")
    let result = try scene.run(
      runtime, "simulate", "--into-live", "--for", "1s", "--agents", "7", "--rate", "50", "--seed", "5")
    #expect(result.status == 0 && result.errors == "", "\(result)")
    let publisher = try UserClient(scene.server.loop, scene.make("publisher"))
    #expect(try publisher.call(["PUBLISH", "agent.metrics", TestServer.event("a-9")]).error == nil)
    #expect(try publisher.call(["XADD", scene.keys.events, "*", "__data__", TestServer.event("a-9")]).error == nil)
    let group = try UserClient(scene.server.loop, scene.make("runtime", "--group", "--user", "reader"))
    #expect(try group.call(["XGROUP", "CREATE", scene.keys.control, "runtime", "$"]).error == nil)
    for words in [["XREADGROUP", "GROUP", "runtime", "1", "STREAMS"], ["XREAD", "STREAMS"]] {
      let id = words[0] == "XREAD" ? "$" : ">"
      #expect(try group.call(words + [scene.keys.control, id]).error == nil)
    }
  }

  private func examine(_ scene: AccessScene) throws {
    let url = try scene.make("doctor")
    let result = try scene.run(url, "doctor", "--for", "doctor", "--json")
    let checks = try JSONValue.parse(Array(result.output.utf8))["checks"]?.list ?? []
    func verdict(_ topic: String) -> String? { checks.first { $0["topic"]?.text == topic }?["verdict"]?.text }
    #expect(verdict("server") == (scene.isOld ? "look" : "ok") && verdict("handler") == "ok", "\(result)")
    #expect(!checks.contains { $0["verdict"]?.text == "unknown" }, "\(result)")
    // ACL DRYRUN of the doctor's own is what 6.2 does not have.
    guard !scene.isOld else {
      _ = try scene.denials()
      return
    }
    for (role, user) in [
      ("console", "viewer"), ("operator", "ada"), ("handler", "handler"), ("publisher", "publisher"),
    ] {
      let tried = try scene.run(url, "doctor", "--for", role, "--user", user, "--json")
      let document = try JSONValue.parse(Array(tried.output.utf8))
      let rights = document["checks"]?.list?.first { $0["topic"]?.text == "rights" }
      // Another operator's own stream is not tried, nor may it be written.
      #expect(rights?["verdict"]?.text == "ok", "\(role): \(rights.map { "\($0)" } ?? "")")
    }
  }

  // MARK: No more

  @Test(arguments: AccessScene.Kind.allCases)
  func nobodyMayDoMoreThanItsPart(kind: AccessScene.Kind) throws {
    let scene = try AccessScene(kind)
    let old = scene.isOld
    #expect(try scene.writable(scene.make("viewer")) == [])
    let written = try scene.writable(scene.make("operator", "ada"))
    let own: Set = ["xadd commands", "xadd commands:ada"]
    #expect(written.isSuperset(of: own) && written.allSatisfy { $0.hasPrefix("xadd ") })
    // What 6.2 leaves open is said as it is printed.
    if !old { #expect(written == own, "\(written)") }
    #expect(!written.contains("xadd control") && !written.contains("xadd commands:eve"))
    #expect(try scene.writable(scene.make("publisher")) == ["xadd events"])
    #expect(try scene.writable(scene.make("runtime")) == (old ? [] : ["xadd events"]))
    #expect(try scene.writable(scene.make("doctor")) == [])
    if !old {
      let mended: Set = [
        "xadd events", "xadd commands", "xadd commands:ada", "xdel dead", "xtrim dead",
      ]
      #expect(try scene.writable(scene.make("maintainer", "ada")) == mended)
    }
  }

  @Test(arguments: AccessScene.Kind.allCases)
  func nobodyButTheHandlerSpeaksOnControlChannels(kind: AccessScene.Kind) throws {
    let scene = try AccessScene(kind)
    let channels = ["fleet.control.pause", "fleet.recorder"]
    for arguments in [["viewer"], ["operator", "ada"], ["publisher"], ["runtime"], ["doctor"]] {
      let words = try scene.rules(arguments)
      #expect(try scene.server.call(all: words).error == nil)
      let client = try UserClient(scene.server.loop, scene.url(words[2]))
      for channel in channels {
        #expect(try client.call(["PUBLISH", channel, "{}"]).error?.code == "NOPERM", "\(arguments) \(channel)")
      }
      #expect(try client.call(["XADD", scene.keys.control, "0-0", "f", "v"]).error?.code == "NOPERM", "\(arguments)")
      let mayCommand = arguments[0] == "operator"
      let error = try client.call(["XADD", scene.keys.commands, "0-0", "f", "v"]).error
      #expect((error?.code == "NOPERM") == !mayCommand, "\(arguments)")
    }
    let handler = try UserClient(scene.server.loop, scene.make("handler"))
    #expect(try handler.call(["PUBLISH", channels[0], "{}"]).error == nil)
    for words in [
      ["FLUSHALL"], ["CONFIG", "GET", "*"], ["ACL", "LIST"], ["SHUTDOWN", "NOSAVE"],
    ] {
      #expect(try handler.call(words).error?.code == "NOPERM", "\(words)")
    }
  }
}
