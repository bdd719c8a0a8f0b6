import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// The first and the last line say what is so, also of what is not heard of.
@Suite struct TruthTests {
  private func reporting(_ agents: Int, errors: Double = 0.01, until end: Int64 = 60) throws -> Scene {
    var scene = Scene(columns: 200, rows: 50)
    for second in stride(from: Int64(0), through: end, by: 10) {
      for number in 1...agents {
        try scene.model.fleet.apply(
          "metrics", "agent-\(number)", #"{"error_rate":\#(errors),"messages_per_minute":43}"#, at: .at(second))
      }
    }
    scene.goLive(at: .at(end + 1))
    return scene
  }

  private func head(_ scene: inout Scene) -> String { scene.draw().lines().first ?? "" }

  private func role(_ scene: inout Scene) -> Character? { scene.draw().roleLines().first?.dropFirst().first }

  private func pause(_ agent: AgentID, at second: Int64, in scene: inout Scene) {
    var record = AgentRecord()
    (record.state, record.version, record.pausedBy) = (.paused, 1, "ana@ops")
    (record.pausedAt, record.pausedUntil) = (.at(second), .at(second + 900))
    record.updatedAt = .at(second)
    for target in [agent, .none] {
      scene.model.fleet.apply(
        AuditLine(
          origin: .command(CommandID("c1")), phase: .succeeded, action: "pause", target: target, operator: "ana@ops",
          detail: "paused for 15m", after: target == .none ? nil : record, at: .at(second)))
    }
  }

  @Test func fleetThatHasStoppedToReportIsNotWell() throws {
    var scene = try reporting(5, errors: 0.45)
    scene.tick(.at(89))
    #expect(!head(&scene).contains("silent"))
    scene.tick(.at(360))
    #expect(head(&scene).hasPrefix(" 5 of 5 agents silent for 5m 5 alerts open"))
    #expect(role(&scene) == role(of: .bad))
    scene.tick(.at(100_000))
    #expect(head(&scene).contains("5 of 5 agents silent for 1d") && !head(&scene).contains("well"))
  }

  private func role(of role: Role) -> Character? {
    var grid = Grid(size: Size(rows: 1, columns: 1), glyphs: .unicode)
    grid.draw("x", in: grid.bounds, role: role)
    return grid.roleLines().first?.first
  }

  @Test func someThatHaveStoppedAreNotAllWell() throws {
    var scene = try reporting(5)
    for second in stride(from: Int64(70), through: 300, by: 10) {
      try scene.model.fleet.apply("metrics", "agent-1", #"{"error_rate":0.01}"#, at: .at(second))
    }
    scene.tick(.at(301))
    #expect(head(&scene).hasPrefix(" ▲ 4 of 5 agents silent"))
  }

  @Test func pausedAgentIsNotMissed() throws {
    var scene = try reporting(1)
    pause("agent-1", at: 61, in: &scene)
    scene.tick(.at(200))
    #expect(!head(&scene).contains("silent"))
  }

  @Test func fleetThatNeverReportedIsNotCalledSilentAndNotWell() throws {
    var scene = Scene()
    try scene.model.fleet.apply("feedback", "agent-1", #"{"rating":5}"#, at: .at(0))
    scene.goLive(at: .at(200))
    #expect(head(&scene).hasPrefix(" all well"))
    scene.tick(.at(400))
    #expect(head(&scene).hasPrefix(" no news: no event for 6m; no open alerts"))
  }

  @Test func nobodyIsSilentWhileEventsStandUnread() throws {
    var scene = try reporting(5)
    _ = scene.model.update(.behind(true))
    scene.tick(.at(400))
    #expect(!head(&scene).contains("silent"))
    _ = scene.model.update(.behind(false))
    scene.tick(.at(401))
    #expect(head(&scene).contains("5 of 5 agents silent"))
  }

  @Test func quietAlertIsShownWithItsLastValueAndIsNoAllClear() throws {
    var scene = try reporting(2, errors: 0.01)
    try scene.model.fleet.apply("metrics", "agent-3", #"{"error_rate":0.38}"#, at: .at(60))
    for second in stride(from: Int64(70), through: 780, by: 10) {
      for number in 1...2 {
        try scene.model.fleet.apply("metrics", "agent-\(number)", #"{"error_rate":0.01}"#, at: .at(second))
      }
    }
    scene.tick(.at(781))
    #expect(head(&scene).contains("agent-3 last errors 38%, quiet for 12m"))
    #expect(scene.statusText().contains("1 alert (1 quiet)"))
    #expect(scene.draw().lines().contains { $0.contains("agent-3") && $0.contains("1q") })
  }

  @Test func pausedAgentKeepsItsAlertItsPlaceAndWhoPausedIt() throws {
    var scene = try reporting(3, errors: 0.01)
    for second in stride(from: Int64(0), through: 60, by: 10) {
      try scene.model.fleet.apply("metrics", "agent-2", #"{"error_rate":0.39}"#, at: .at(second))
    }
    pause("agent-2", at: 61, in: &scene)
    try scene.model.fleet.apply("status", "agent-2", #"{"state":"paused"}"#, at: .at(62))
    for second in stride(from: Int64(70), through: 600, by: 10) {
      for number in [1, 3] {
        try scene.model.fleet.apply("metrics", "agent-\(number)", #"{"error_rate":0.02}"#, at: .at(second))
      }
    }
    scene.tick(.at(601))
    #expect(head(&scene).contains("agent-2 paused by ana@ops until 08:16Z, last errors 39%"))
    #expect(scene.order.first == "agent-2")
  }

  @Test func pauseThatIsNotObeyedIsSaidAndNotGreen() throws {
    var scene = try reporting(2)
    try scene.model.fleet.apply("status", "agent-1", #"{"state":"running"}"#, at: .at(60))
    pause("agent-1", at: 61, in: &scene)
    for second in stride(from: Int64(70), through: 105, by: 5) {
      try scene.model.fleet.apply("metrics", "agent-1", #"{"messages_per_minute":43}"#, at: .at(second))
    }
    scene.tick(.at(106))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("pause not confirmed for 45s, still 43/min") })
    let command = try #require(lines.firstIndex { $0.contains("succeeded") })
    let words = Array("succeeded")
    let line = Array(lines[command])
    let column = try #require(line.indices.first { line[$0...].starts(with: words) })
    #expect(Array(scene.draw().roleLines()[command])[column] == role(of: .warning))
    try scene.model.fleet.apply("status", "agent-1", #"{"state":"paused","command_id":"c1"}"#, at: .at(107))
    scene.tick(.at(108))
    #expect(!scene.draw().lines().contains { $0.contains("not confirmed") })
  }

  @Test func automationThatHoldsItselfSaysSoAndWhy() throws {
    var scene = try reporting(2)
    let held = "46% of the fleet is unhealthy"
    _ = scene.model.update(.handler(.alive(id: "h1", isRecording: true, held: held)))
    #expect(scene.statusText().contains("automation HELD: \(held)"))
    #expect(head(&scene).hasPrefix(" automation HELD \(held)"))
    scene.model.fleet.setAutomation(.set(.dry), at: .at(62))
    #expect(!scene.statusText().contains("HELD") && !head(&scene).contains("HELD"))
  }

  @Test func rulesSayNothingWhereNoHandlerRuns() throws {
    var scene = Scene(columns: 200)
    scene.model.fleet.setAutomation(.set(.dry), at: .at(0))
    scene.goLive(at: .at(1))
    #expect(scene.statusText().contains("rules only say what they would do"))
    _ = scene.model.update(.handler(.absent))
    #expect(!scene.statusText().contains("rules only say"))
  }

  @Test func alertThatThisConsoleAloneJudgesIsMarked() throws {
    var scene = Scene()
    scene.model.fleet.watch()
    scene.model.fleet.setHandler(isAlive: true)
    try scene.model.fleet.apply("security_alert", "agent-1", at: .at(0))
    scene.goLive(at: .at(1))
    #expect(scene.statusText().contains("1 alert (1 local)"))
  }
}
