import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What operators did when alerts like those of an agent opened, under `x`.
@Suite struct SuggestionTests {
  /// Alerts of other agents that were all answered by a restart, as the audit tells of them.
  private func learn(_ scene: inout Scene, _ kind: AlertKind, cases: Int) {
    for number in 0..<cases {
      let agent = AgentID("b\(number)")
      func line(_ phase: AuditLine.Phase, _ detail: String, at seconds: Int64) -> AuditLine {
        AuditLine(
          origin: .run("\(kind.type)/\(agent)/\(seconds)"), phase: phase, action: AuditLine.wholeAlert, target: agent,
          operator: "handler/h1", detail: detail, handler: "h1", at: .at(seconds))
      }
      var began = line(.started, "", at: 10)
      began.alert = AlertRecord(id: AlertID(kind, agent), severity: .high, since: .at(10), last: .at(10))
      scene.model.fleet.apply(began)
      scene.hear("c\(number)", .succeeded, "restart", agent, at: .at(20))
      scene.model.fleet.apply(line(.succeeded, "recovered", at: 56))
    }
  }

  private func why(_ scene: inout Scene) -> [String] {
    scene.type("x")
    return scene.draw().lines()
  }

  @Test func whatMostDidIsShownOfTheAlertsOfTheAgent() throws {
    var scene = try Scene.plain(agents: 2)
    // The first agent's error rate has opened an alert of that kind.
    learn(&scene, .performanceDegraded, cases: 6)
    scene.tick(.at(60))
    let lines = why(&scene)
    #expect(lines.contains { $0.contains("What operators did") })
    #expect(lines.contains { $0.contains("degraded: restarted 6 of 6 times; healthy again after 36s in 6") })
    #expect(lines.contains { $0.contains("vigia runbook suggest makes a rule of it.") })
  }

  @Test func whatWasDoneAboutOtherKindsOrSeldomIsNot() throws {
    var scene = try Scene.plain(agents: 2)
    learn(&scene, .runaway, cases: 6)
    learn(&scene, .performanceDegraded, cases: 4)
    scene.tick(.at(60))
    #expect(!why(&scene).contains { $0.contains("What operators did") })
  }

  @Test func linesAboutAlertsAreNoActions() throws {
    var scene = try Scene.plain(agents: 2)
    learn(&scene, .performanceDegraded, cases: 6)
    #expect(scene.model.fleet.commands.entries.map(\.action) == Array(repeating: "restart", count: 6))
  }

  @Test(arguments: [(1, 1), (40, 10), (80, 24), (200, 60)])
  func everySizeIsDrawn(columns: Int, rows: Int) throws {
    var scene = try Scene.plain(agents: 2, columns: columns, rows: rows)
    learn(&scene, .performanceDegraded, cases: 6)
    scene.tick(.at(60))
    _ = why(&scene)
  }
}
