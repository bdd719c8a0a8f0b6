import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@Suite(.threaded) struct SendTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// The one command in the stream, as a handler would read it.
  private func command() throws -> Command {
    var found: Command?
    try server.loop.wait {
      guard let reply = try? server.call("XRANGE", "agentos:commands", "-", "+"),
        let payload = reply.elements?.last?.elements?[1].elements?[1].bytes
      else { return false }
      found = try? CommandCoding.decode(payload)
      return found != nil
    }
    return try #require(found)
  }

  private func audit(_ command: Command, _ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "")
    throws
  {
    let line = AuditLine(
      origin: .command(command.id), phase: phase, action: command.action.rawValue, target: target, detail: detail,
      at: command.issuedAt)
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", AuditCoding.encode(line))
  }

  /// Has agents speak for themselves, as the latest events tell.
  private func hear(_ agents: String...) throws {
    for agent in agents { _ = try server.call("XADD", "agentos:events", "*", "__data__", TestServer.event(agent)) }
  }

  @Test func commandIsWrittenAsTheWireSays() throws {
    let program = try Program(
      ["send", "pause", "a", "b", "--arg", "for=5m", "--reason", "errors", "--wait", "1s"], on: server.endpoint)
    let command = try command()
    #expect(command.action == .pause && command.targets == ["a", "b"] && command.arguments == ["for": "5m"])
    #expect(command.reason == "errors" && command.operator.contains("@"))
    #expect(command.expiresAt - command.issuedAt == .seconds(60))
    #expect(command.id.text.utf8.count == 36 && Array(command.id.text)[14] == "7")
    #expect(program.finish().status == 3)
  }

  @Test func noAnswerTellsWhetherAHandlerLives() throws {
    try hear("a")
    let alone = try Program.run("send", "resume", "a", "--wait", "1s", on: server.endpoint)
    #expect(alone.status == 3 && alone.output == "sent       resume a\n")
    // How many of its 60 seconds are left depends on the machine.
    #expect(alone.errors.hasPrefix("vigia: no answer: no handler is alive; the command expires in 5"))
    let lease = Lease(id: "h1", fence: 1, isRecording: true, since: .epoch)
    _ = try server.call("SET", "agentos:handler", LeaseCoding.encode(lease))
    let heard = try Program.run("send", "resume", "a", "--wait", "1s", on: server.endpoint)
    #expect(heard.errors.hasPrefix("vigia: no answer: handler h1 is alive; the command expires in 5"))
  }

  @Test func eachStepIsALine() throws {
    try hear("a", "東京")
    let program = try Program(["send", "pause", "a", "東京"], on: server.endpoint)
    let command = try command()
    try audit(command, .received)
    try audit(command, .succeeded, "a", "running -> paused")
    try audit(command, .succeeded, "東京", "\u{1B}[2J")
    try audit(command, .succeeded)
    #expect(
      program.finish()
        == .init(
          0,
          """
          sent       pause a 東京
          received
          succeeded  a: running -> paused
          succeeded  東京: ^[[2J
          succeeded

          """))
  }

  @Test func otherCommandsAreNotWaitedFor() throws {
    let program = try Program(["send", "pause", "a", "--wait", "2s"], on: server.endpoint)
    var other = try command()
    other.id = CommandID("another")
    try audit(other, .succeeded)
    #expect(program.finish().status == 3)
  }

  @Test(arguments: [AuditLine.Phase.rejected, .failed, .expired, .unknown])
  func whatIsNotDoneIsOne(_ phase: AuditLine.Phase) throws {
    let program = try Program(["send", "pause", "a"], on: server.endpoint)
    try audit(try command(), phase, .none, "no such agent")
    let result = program.finish()
    #expect(result.status == 1)
    #expect(result.output.hasSuffix("no such agent\n"))
  }

  @Test func obedienceIsWaitedForWhereAsked() throws {
    let program = try Program(["send", "pause", "a", "b", "--until", "obeyed", "--json"], on: server.endpoint)
    let command = try command()
    try audit(command, .obeyed, "a")
    try audit(command, .succeeded)
    try audit(command, .obeyed, "b")
    let result = program.finish()
    #expect(result.status == 0)
    let phases = try result.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8))["phase"]?.text }
    #expect(phases == ["sent", "obeyed", "succeeded", "obeyed"])
  }

  @Test func whatReachesNoRuntimeIsObeyedWhenItSucceeded() throws {
    let program = try Program(
      ["send", "ack", "--arg", "alert=escalation/a", "--until", "obeyed"], on: server.endpoint)
    try audit(try command(), .succeeded)
    #expect(program.finish().status == 0)
  }

  // MARK: Agents that nobody has heard of

  /// What `vigia send pause` says about agents before it sends the command.
  private func warning(_ agents: String...) throws -> String {
    let before = try server.call("XLEN", "agentos:commands").integer ?? 0
    // As JSON the missing answer is told on stdout.
    let result = try Program(["send", "pause"] + agents + ["--json", "--wait", "1s"], on: server.endpoint).finish()
    #expect(try server.call("XLEN", "agentos:commands") == .integer(before + 1), "it is sent all the same")
    return result.errors
  }

  @Test func commandForAnAgentThatNobodyHasHeardOfIsSentWithAWarning() throws {
    #expect(try warning("sales-1") == "warning: nobody has heard of agent sales-1\n")
    #expect(try warning("x\u{1B}[2J") == "warning: nobody has heard of agent x^[[2J\n")
    try hear("a")
    #expect(
      try warning("b", "a", "c", "d", "e", "f") == "warning: nobody has heard of agents b, c, d and 2 more\n")
  }

  @Test func whoeverSpokeHasAProfileOrARecordIsKnown() throws {
    try hear("spoke")
    _ = try server.call("XADD", "agentos:events", "*", "__data__", "nonsense")
    _ = try server.call("HSET", "agentos:profiles", "profiled", #"{"entity_id":"profiled"}"#)
    _ = try server.call("HSET", "agentos:agent:recorded", "state", "running")
    #expect(try warning("spoke", "profiled", "recorded") == "")
  }

  @Test func orderAboutNoAgentWarnsOfNobody() throws {
    let program = try Program(["send", "automation", "--arg", "mode=on", "--wait", "1s"], on: server.endpoint)
    _ = try command()
    #expect(!program.finish().errors.contains("nobody has heard"))
  }

  // MARK: Orders of many agents

  private func commands(_ count: Int) throws -> [Command] {
    var found: [Command] = []
    try server.loop.wait {
      let entries = (try? server.call("XRANGE", "agentos:commands", "-", "+"))?.elements ?? []
      found = entries.compactMap { entry in
        entry.elements?.last?.pairs.first.flatMap { try? CommandCoding.decode($0.value) }
      }
      return found.count == count
    }
    return found
  }

  private func answer(_ command: Command, _ phase: AuditLine.Phase) throws {
    let line = AuditLine(
      origin: .command(command.id), batch: command.batch, phase: phase, action: command.action.rawValue,
      at: command.issuedAt)
    _ = try server.call("XADD", "agentos:audit", "*", "__data__", AuditCoding.encode(line))
  }

  @Test func orderOfManyAgentsGoesOutInPartsAndIsWaitedForAsOne() throws {
    let agents = (1...2500).map { "agent-\($0)" }
    let program = try Program(["send", "pause"] + agents, on: server.endpoint)
    let parts = try commands(3)
    #expect(parts.map(\.targets.count) == [1000, 1000, 500])
    #expect(parts.flatMap(\.targets).map(\.description) == agents)
    #expect(parts.map { $0.batch?.part } == [1, 2, 3] && parts.allSatisfy { $0.batch?.parts == 3 })
    let batch = try #require(parts.first?.batch?.id)
    #expect(parts.allSatisfy { $0.batch?.id == batch })
    #expect(Set(parts.map(\.id)).count == 3 && !parts.map(\.id).contains(batch))
    for part in [2, 0, 1] { try answer(parts[part], .succeeded) }
    let result = program.finish()
    #expect(result.status == 0)
    let first = result.output.split(separator: "\n").first
    #expect(first == "sent       pause 2500 agents, as 3 commands; undo command_id=\(batch) takes all of them back")
  }

  @Test func oneFailedPartIsTheWholesFailureAndAllAreWaitedFor() throws {
    let program = try Program(["send", "pause"] + (1...1001).map { "agent-\($0)" }, on: server.endpoint)
    let parts = try commands(2)
    try answer(parts[0], .failed)
    try answer(parts[1], .succeeded)
    let result = program.finish()
    #expect(result.status == 1)
    #expect(result.output.hasSuffix("failed\nsucceeded\n"))
  }
}
