import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// `a` and `S`: acknowledging and silencing.
@Suite struct AlertKeyTests {
  private static let errors = AlertID(.performanceDegraded, "a0")
  private static let attack = AlertID(.securityAlert, "a0")

  /// Agents of which `a0` has two alerts and `a1` none.
  private func scene(columns: Int = 130, rows: Int = 40) throws -> Scene {
    var scene = try Scene.plain(agents: 3, columns: columns, rows: rows)
    try scene.model.fleet.apply("security_alert", "a0", #"{"alert_type":"brute_force"}"#, at: .at(1))
    scene.tick(.at(3))
    return scene
  }

  private func set(_ scene: inout Scene, _ id: AlertID, _ change: (inout AlertRecord) -> Void) {
    var record = AlertRecord(id: id, severity: .critical, since: .at(0), last: .at(3))
    change(&record)
    scene.model.fleet.setAlert(record)
  }

  @Test func acknowledgesAllAlertsOfTheAgentUnderTheCursor() throws {
    var scene = try scene()
    scene.type("a")
    #expect(scene.promptText().hasPrefix(" acknowledge 2 alerts of a0? y yes"))
    let draft = try sent(scene.type("y"))
    #expect(draft.action == .acknowledge && draft.alerts == [Self.errors, Self.attack])
    #expect(draft.targets == ["a0"] && draft.arguments == [:] && draft.observed == [:] && draft.reason == "")
  }

  @Test func acknowledgesOnlyWhatNobodyHasAndTakesItBackOnceAllIs() throws {
    var scene = try scene()
    set(&scene, Self.errors) { ($0.acknowledgedBy, $0.acknowledgedAt) = ("bob@ops", .at(2)) }
    scene.type("a")
    #expect(scene.promptText().hasPrefix(#" acknowledge "attack: brute force" of a0? y"#))
    #expect(try sent(scene.type("y")).alerts == [Self.attack])
    set(&scene, Self.attack) { ($0.acknowledgedBy, $0.acknowledgedAt) = ("bob@ops", .at(2)) }
    scene.type("a")
    #expect(scene.promptText().hasPrefix(" take back the acknowledgement of 2 alerts of a0? y"))
    let draft = try sent(scene.type("y"))
    #expect(draft.action == .unacknowledge && draft.alerts.count == 2)
  }

  @Test func silencingAsksHowLong() throws {
    var scene = try scene()
    scene.type("S")
    #expect(scene.promptText().hasPrefix(" silence 2 alerts of a0: for=1h▏"))
    scene.press(.backspace, .backspace)
    scene.type("20m note=\"known, see ticket 7\"")
    scene.press(.enter)
    #expect(scene.promptText().hasPrefix(#" silence 2 alerts of a0 for=20m note="known, see ticket 7"? y"#))
    let draft = try sent(scene.type("y"))
    #expect(draft.action == .silence && draft.arguments == ["for": "20m", "note": "known, see ticket 7"])
    for id in draft.alerts { set(&scene, id) { ($0.silencedUntil, $0.silencedBy) = (.at(1200), "alice@bastion") } }
    scene.type("S")
    #expect(scene.promptText().hasPrefix(" end the silence of 2 alerts of a0? y"))
    #expect(try sent(scene.type("y")).action == .unsilence)
  }

  @Test func closingTakesTheCodeAndCanNote() throws {
    var scene = try scene()
    scene.type("c")
    #expect(scene.promptText().hasPrefix(" close 2 alerts of a0? type "))
    scene.press(.tab)
    scene.type("note=restarted by hand")
    scene.press(.backspace)
    scene.press(.enter)
    #expect(
      scene.promptText().contains("restarted: not an argument") || scene.promptText().contains("write name=value"))
    scene.press(.escape)
    scene.type("c")
    let draft = try sent(scene.type(try #require(scene.code)))
    #expect(draft.action == .close && draft.alerts == [Self.errors, Self.attack] && draft.targets == ["a0"])
    scene.type("G")
    scene.type("c")
    #expect(scene.promptText() == " no open alert is selected to close")
  }

  @Test func silenceThatIsOverIsNone() throws {
    var scene = try scene()
    for id in [Self.errors, Self.attack] { set(&scene, id) { $0.silencedUntil = .at(2) } }
    scene.type("S")
    #expect(scene.promptText().contains("silence 2 alerts"))
  }

  @Test func alertUnderTheCursorIsMeantAlone() throws {
    var scene = try scene()
    scene.type("5a")
    #expect(try sent(scene.type("y")).alerts == [Self.attack])
  }

  @Test func marksDecideAndManyAgentsTakeTheCode() throws {
    var scene = Scene()
    for number in 0..<30 { try scene.model.fleet.apply("metrics", "a\(number)", #"{"error_rate":0.3}"#, at: .at(0)) }
    scene.goLive(at: .at(1))
    scene.type("*a")
    let code = try #require(scene.code)
    #expect(scene.promptText().hasPrefix(" acknowledge 30 alerts of 30 agents (a0, a1, a2…)?"))
    #expect(try sent(scene.type(code)).alerts.count == 30)
  }

  @Test func moreAlertsThanAnOrderHoldsAreRefused() throws {
    var scene = Scene()
    for number in 0..<101 { try scene.model.fleet.apply("metrics", "a\(number)", #"{"error_rate":0.3}"#, at: .at(0)) }
    scene.goLive(at: .at(1))
    #expect(scene.type("*a") == [])
    #expect(scene.promptText().contains("101 alerts are too many at once: 100 are the most"))
  }

  @Test func agentWithoutAlertsIsToldSo() throws {
    var scene = try scene()
    scene.press(.down)
    #expect(scene.type("aS") == [])
    #expect(scene.promptText().contains("no open alert is selected to silence"))
    #expect(scene.model.prompt == nil)
  }

  @Test func listAndDetailShowWhoAndUntilWhen() throws {
    var scene = try scene(columns: 200, rows: 60)
    set(&scene, Self.errors) {
      ($0.acknowledgedBy, $0.acknowledgedAt, $0.acknowledgedUntil) = ("bob@ops", .at(2), .at(1200))
    }
    set(&scene, Self.attack) { ($0.silencedUntil, $0.silencedBy) = (.at(1800), "alice@bastion") }
    scene.tick(.at(8))
    let row = try #require(scene.draw().lines().first { $0.contains(" a0 ") && $0.contains("◆2a") })
    #expect(row.contains("ack bob until 08:20Z"))
    set(&scene, Self.errors) { ($0.silencedUntil, $0.silencedBy) = (.at(1800), "alice@bastion") }
    let both = try #require(scene.draw().lines().first { $0.contains("◆2a") || $0.contains("◆2s") })
    #expect(both.contains("silenced by alice until"))
    let silenced = try #require(scene.draw().lines().first { $0.contains("◆2s") })
    #expect(silenced.contains("silenced by alice until"))
    set(&scene, Self.errors) {
      ($0.acknowledgedBy, $0.acknowledgedAt, $0.acknowledgedUntil) = ("bob@ops", .at(2), .at(1200))
    }
    scene.press(.home, .enter)
    let detail = scene.draw().lines()
    #expect(detail.contains { $0.contains("    acknowledged by bob@ops at 08:00:02Z until 08:20Z") })
    #expect(detail.contains { $0.contains("    silenced by alice@bastion until 08:30Z") })
  }

  @Test func severalAlertsAreOneRow() throws {
    var scene = try scene()
    let order = Command(
      id: CommandID("order"), action: .acknowledge, operator: "alice@bastion", issuedAt: .at(3), expiresAt: .at(63))
    var number = 0
    let parts = try order.parts(about: [Self.errors, Self.attack]) {
      number += 1
      return CommandID("part-\(number)")
    }
    #expect(parts.map { $0.arguments["alert"] } == ["agent.performance_degraded/a0", "agent.security_alert/a0"])
    #expect(parts.map(\.batch?.part) == [1, 2] && parts.allSatisfy { $0.targets == ["a0"] })
    for part in parts { _ = scene.model.update(.sent(part)) }
    for part in parts {
      for target in ["a0", AgentID.none] {
        scene.model.fleet.apply(
          AuditLine(
            origin: .command(part.id), batch: part.batch, phase: .succeeded, action: "ack", target: target,
            operator: "alice@bastion", detail: "acknowledged", handler: "h1", at: .at(3)))
      }
    }
    scene.tick(.at(5))
    let rows = scene.draw().lines().filter { $0.contains("acknowledge an alert") }
    #expect(rows.count == 1 && rows[0].contains("succeeded acknowledge an alert of a0, alice@bastion  2 alerts"))
  }
}
