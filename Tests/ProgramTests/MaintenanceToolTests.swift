import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia maintenance`, from what the handler stores.
@Suite(.threaded) struct MaintenanceToolTests {
  private let server: TestServer
  private let keys = Keys()

  init() throws { server = try TestServer() }

  private func run(_ arguments: String...) throws -> Program.Result {
    try Program(arguments, on: server.endpoint).finish()
  }

  private func store(
    _ agent: AgentID, in span: TimeSpan, _ phase: MaintenanceWindow.Phase, _ origin: MaintenanceWindow.Origin,
    _ change: (inout MaintenanceWindow) -> Void = { _ in }
  ) throws {
    let now = try server.time()
    var window = MaintenanceWindow(
      id: "w1", agent: agent, backup: "agent-8", origin: origin, at: now + span, phase: phase, since: now)
    change(&window)
    _ = try server.call("HSET", keys.maintenance, agent.bytes, MaintenanceCoding.encode(window))
  }

  @Test func nextWindowComesFirstAndSteersNoTerminal() throws {
    #expect(try run("maintenance") == .init(0, "no maintenance is planned\n"))
    let crosses = try server.time() + .minutes(40)
    try store(
      "agent-3", in: .minutes(10) + .seconds(30), .proposed,
      .forecast(.init(metric: "queue_size", crossesAt: crosses, earliest: crosses)))
    try store("agent\u{1B}[2J", in: TimeSpan(milliseconds: -180_000), .drain, .person("ana\u{202E}@ops")) {
      $0.cancelledBy = "bob"
    }
    let result = try run("maintenance")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.status == 0 && lines.count == 3)
    #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
    #expect(lines[1].hasPrefix("drain ") && lines[1].contains("3m ago") && lines[1].contains("agent^[[2J"))
    #expect(lines[1].hasSuffix("; cancelled by bob"))
    #expect(
      lines[2].hasPrefix("proposed ")
        && lines[2].split(separator: " ").dropFirst(1).prefix(4) == ["in", "10m", "agent-3", "agent-8"])
    #expect(lines[2].contains("queue_size is forecast to cross its level at \(crosses.linkText)"))
    let json = try JSONValue.parse(Array(run("maintenance", "list", "--json").output.utf8))
    let windows = json["windows"]?.list ?? []
    #expect(windows.map { $0["phase"]?.text } == ["drain", "proposed"])
    #expect(windows.last?["agent"] == "agent-3" && windows.last?["forecast"]?["metric"] == "queue_size")
  }

  @Test func windowThatWaitsSaysWhy() throws {
    try store("agent-7", in: TimeSpan(milliseconds: -130_000), .planned, .person("ana@ops")) {
      $0.wait = .init(why: "agent-8 is \u{1B}[2Jsilent", since: $0.at)
    }
    let line = try #require(try run("maintenance").output.split(separator: "\n").last)
    #expect(line.hasPrefix("planned ") && line.hasSuffix(" planned by ana@ops; waits: agent-8 is ^[[2Jsilent"))
    let window = try JSONValue.parse(Array(run("maintenance", "--json").output.utf8))["windows"]?.list?.first
    #expect(window?["wait"]?["why"] == "agent-8 is \u{1B}[2Jsilent" && window?["wait"]?["since"] == window?["at"])
  }

  @Test func planAndCancelAreCommandsLikeAnyOther() throws {
    let planned = try run(
      "maintenance", "plan", "agent-7", "--at", "2h", "--for", "30m", "--backup", "agent-9", "--wait", "1s")
    #expect(planned.status == 3)
    #expect(try run("maintenance", "cancel", "agent-7", "--wait", "1s").status == 3)
    let entries = try server.call("XRANGE", keys.commands, "-", "+").elements ?? []
    let commands = try entries.map { entry in
      let payload = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value ?? []
      return try payload.withUnsafeBytes { try CommandCoding.decode($0) }
    }
    #expect(commands.map(\.action) == [.planMaintenance, .cancelMaintenance])
    #expect(commands.first?.arguments == ["at": "2h", "for": "30m", "backup": "agent-9"])
    #expect(commands.allSatisfy { $0.targets == ["agent-7"] })
  }

  @Test func wrongUseAndGarbageAreSaid() throws {
    #expect(try run("maintenance", "plan").status == 64)
    #expect(try run("maintenance", "plan", "agent-7", "--for", "soon").status == 64)
    #expect(try run("maintenance", "plan", "").errors.contains("an agent's id is empty"))
    _ = try server.call("HSET", keys.maintenance, "agent-7", "{")
    let garbage = try run("maintenance")
    #expect(garbage.status == 1 && garbage.errors == "vigia: maintenance: 1 stored value could not be read\n")
  }
}
