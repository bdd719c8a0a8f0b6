import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Windows of maintenance, on the screen.
@Suite struct MaintenanceScreenTests {
  private static func window(
    _ agent: AgentID, _ phase: MaintenanceWindow.Phase, at second: Int64,
    _ change: (inout MaintenanceWindow) -> Void = { _ in }
  ) -> MaintenanceWindow {
    var window = MaintenanceWindow(
      id: "w", agent: agent, backup: "agent-9", origin: .person("ana@ops\u{1B}[2J"), at: .at(second), phase: phase,
      since: .at(3500))
    change(&window)
    return window
  }

  private static func forecast(_ window: inout MaintenanceWindow) {
    window.origin = .forecast(.init(metric: "queue_size", crossesAt: .at(7000), earliest: .at(6000)))
  }

  private static let windows = [
    window("agent-1", .proposed, at: 4800, forecast), window("agent-2", .planned, at: 3700),
    window("agent-3", .drain, at: 3500),
    window("agent-4", .planned, at: 3590) { $0.wait = .init(why: "agent-9 is silent", since: .at(3590)) },
    window("agent-5", .resume, at: 3000) {
      ($0.fault, $0.cancelledBy) = ("agent-9 stands in no more\u{202E}", "bo@ops")
    },
  ]

  private static func scene(columns: Int = 130, rows: Int = 40) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    for number in 1...5 {
      try scene.model.fleet.apply("metrics", "agent-\(number)", #"{"error_rate":0.01}"#, at: .at(3598))
    }
    scene.model.fleet.setHandler(isAlive: true)
    scene.model.fleet.setMaintenance(windows)
    scene.goLive(at: .at(3600))
    return scene
  }

  @Test(arguments: [(80, 24), (200, 50)])
  func windowsAreAmongWhatIsComing(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    #expect(scene.draw().lines().contains { $0.contains("5 coming, F") })
    scene.press(.character("F"))
    expectScreen(scene.draw(), "maintenance-\(columns)x\(rows)")
  }

  @Test func eachIsInItsTurnWithWhatCanBeDone() throws {
    var scene = try Self.scene()
    scene.press(.character("F"))
    var texts: [String] = []
    for _ in Self.windows {
      texts.append(scene.draw().lines().joined(separator: "\n"))
      scene.press(.down)
    }
    for (text, words) in zip(
      texts,
      [
        "goes back: agent-5 is told to work again", "agent-9 stands in, agent-3 takes no new conversations",
        "due since 08:59:50Z: agent-9 stands in", "begins in 100s: agent-9 stands in, agent-2 drains up to 15m",
        "It begins only if you approve it: A. D declines it.",
      ])
    {
      #expect(text.contains(words), "\(text)")
      #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }
    #expect(texts[2].contains("waits: agent-9 is silent"))
    #expect(texts[0].contains("cancelled by bo@ops") && texts[4].contains("queue_size is forecast to cross its level"))
  }

  @Test func approvalTakesTheWindowOverAndADeclineCancelsIt() throws {
    var scene = try Self.scene()
    scene.press(.character("F"), .end, .character("A"))
    #expect(scene.draw().lines().contains { $0.contains("plan maintenance of agent-1") })
    let given = try sent(scene.type(try #require(scene.code)))
    #expect(given.action == .planMaintenance && given.targets == ["agent-1"])
    #expect(given.arguments == ["backup": "agent-9", "for": "15m"] && given.window == "w" && given.observed.isEmpty)
    scene.press(.character("D"))
    #expect(try sent(scene.press(.character("y"))).action == .cancelMaintenance)
  }

  /// Approved once it is over, it would begin at once, whatever was forecast.
  @Test func whatIsOverMeanwhileIsNotSent() throws {
    var scene = try Self.scene()
    scene.press(.character("F"), .end, .character("A"))
    var another = Self.windows
    another[0] = MaintenanceWindow(
      id: "other", agent: "agent-1", backup: "agent-8", origin: another[0].origin, at: .at(4800), phase: .proposed,
      since: .at(3600))
    scene.model.fleet.setMaintenance(another)
    #expect(scene.type(try #require(scene.code)).isEmpty)
    #expect(scene.draw().lines().contains { $0.contains("not sent: that maintenance is over") })
    // A row that stands there until the next frame.
    scene.press(.end)
    scene.model.fleet.setMaintenance([])
    scene.press(.character("A"))
    #expect(scene.model.prompt == nil)
    #expect(scene.draw().lines().contains { $0.contains("this maintenance is over") })
  }

  @Test func aWindowHasNoChartToMark() throws {
    var scene = try Self.scene()
    scene.press(.character("F"))
    _ = scene.draw()
    scene.press(.character("v"))
    #expect(scene.model.mark == nil)
  }

  @Test func whatIsUnderWayOrAPersonsIsNotApproved() throws {
    var scene = try Self.scene()
    scene.press(.character("F"))
    _ = scene.draw()
    scene.press(.character("D"))
    #expect(scene.draw().lines().contains { $0.contains("it can be cancelled no more") })
    scene.press(.down, .character("A"))
    #expect(scene.draw().lines().contains { $0.contains("this maintenance is under way") })
    scene.press(.down, .character("A"))
    #expect(scene.draw().lines().contains { $0.contains("ana has planned it already") })
    #expect(scene.model.prompt == nil)
  }

  @Test func openedAgentSaysItAndKeysOfTheRowActOnItsAgent() throws {
    var scene = try Self.scene()
    scene.press(.character("F"), .down)
    #expect(scene.model.selectedAgent == "agent-3")
    scene.press(.enter)
    #expect(scene.draw().lines().contains { $0.contains("Maintenance: under way") })
  }

  @Test func oneShardsWindowsLeaveThoseOfOthersAlone() {
    var fleet = Fleet(division: AgentDivision(2))
    let (here, there) = (Self.windows.filter { Self.shard($0) == 0 }, Self.windows.filter { Self.shard($0) == 1 })
    #expect(!here.isEmpty && !there.isEmpty)
    // What another shard's key says of an agent is not what its handler goes by.
    fleet.setMaintenance(Self.windows, ofShard: 0)
    #expect(fleet.maintenance.count == here.count)
    fleet.setMaintenance(there, ofShard: 1)
    #expect(fleet.maintenance.count == Self.windows.count)
    fleet.setMaintenance([], ofShard: 0)
    #expect(Set(fleet.maintenance.keys) == Set(there.map(\.agent)))
  }

  private static func shard(_ window: MaintenanceWindow) -> Int { AgentDivision(2).shard(of: window.agent) }
}
