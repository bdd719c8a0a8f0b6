import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What rows and headline say of what was done: never more than was.
@Suite struct OutcomeTests {
  private func row(_ scene: Scene, _ key: String) throws -> CommandsPane.Row {
    scene.model.commandRow(try #require(scene.model.fleet.commands[key: key]))
  }

  @Test func runOfWhichAPartWasDoneIsAmberAndSaysWhy() throws {
    var scene = try Scene.plain(agents: 2)
    scene.hearRule(.started, "rule", "a0", "activate the backup for a0 and pause a0", at: .at(10))
    scene.hearRule(.skipped, "activate_backup", "a0", "no backup of a0 is known", at: .at(10))
    scene.hearRule(.succeeded, "pause", "a0", "paused for 15m", at: .at(10))
    let words = "1 of 2 done: no backup of a0 is known; done: paused for 15m"
    scene.hearRule(.succeeded, "rule", .none, words, at: .at(11))
    scene.hearRule(.obeyed, "pause", "a0", "it reports paused", at: .at(12))
    scene.hearRule(.obeyed, "pause", .none, "it reports paused", at: .at(12))
    scene.tick(.at(12))
    let row = try row(scene, "run:r1")
    #expect(row.phase == "part done" && row.mark.role == .warning)
    #expect(row.detail == "error_rate is 0.38: \(words)")
  }

  @Test func ruleThatOnlySaysWhatItWouldDoSaysSoInWords() throws {
    var scene = try Scene.plain(agents: 2)
    scene.hearRule(.skipped, "rule", "a0", "dry_run: would pause a0 for 15m", at: .at(10))
    scene.tick(.at(12))
    #expect(try row(scene, "run:r1").detail == "error_rate is 0.38: dry run: would pause a0 for 15m")
  }

  @Test(arguments: [("1 of 2 done: a1: it is gone", "part done"), ("0 of 2 done: not a0, a1", "failed")])
  func commandOfWhichAPartWasDoneIsAmber(detail: String, phase: String) throws {
    var scene = try Scene.plain(agents: 2)
    scene.hear("c1", .received, at: .at(2))
    scene.hear("c1", .failed, "pause", .none, detail, at: .at(3))
    scene.tick(.at(4))
    let row = try row(scene, "c1")
    #expect(row.phase == phase && row.mark.role == (phase == "failed" ? .bad : .warning) && row.detail == detail)
  }

  @Test func callOfARuleSaysHowLongNobodyHasCome() throws {
    var scene = try Scene.plain(agents: 2)
    let reason = "no specialist for refunds"
    var alert = AlertRecord(
      id: AlertID(.escalation, "a0"), severity: .medium, since: .at(10), last: .at(10), summary: "to support: \(reason)"
    )
    scene.hearRule(.started, "rule", "a0", "call support for a0", reason: reason, at: .at(10))
    scene.model.fleet.apply(
      AuditLine(
        origin: .run("r1"), rule: "degraded", phase: .succeeded, action: "escalate", target: "a0", reason: reason,
        detail: "called support", alert: alert, at: .at(10)))
    #expect(try row(scene, "run:r1").text == "rule degraded: a0")
    scene.hearRule(
      .succeeded, "rule", .none, "called support", title: "no specialist\u{1B}", reason: reason, at: .at(10))
    scene.tick(.at(22))
    #expect(try row(scene, "run:r1").text == "no specialist^[: a0")
    #expect(try row(scene, "run:r1").detail == "no specialist for refunds: called support, waiting 12s")
    (alert.acknowledgedBy, alert.acknowledgedAt) = ("alice", .at(23))
    scene.model.fleet.setAlert(alert)
    scene.tick(.at(24))
    #expect(try row(scene, "run:r1").detail == "no specialist for refunds: called support, alice has it")
  }

  @Test func acknowledgedAndSilencedAreCountedApart() throws {
    var scene = Scene(columns: 130, rows: 40)
    for (agent, kind) in [("a", AlertKind.securityAlert), ("b", .highTraffic), ("c", .highTraffic)] {
      try scene.model.fleet.apply("metrics", agent, #"{"error_rate":0.01}"#, at: .at(0))
      var alert = AlertRecord(id: AlertID(kind, AgentID(agent)), severity: .high, since: .at(0), last: .at(0))
      if agent == "a" { alert.acknowledgedBy = "alice" } else { alert.silencedUntil = .at(3600) }
      if agent == "c" { alert.acknowledgedBy = "bob" }
      scene.model.fleet.setAlert(alert)
    }
    scene.goLive(at: .at(1))
    #expect(scene.draw().lines()[0].contains("all in hand 2 acknowledged, 1 silenced"))
  }

  @Test func escalationOfADeletedAgentIsSeen() throws {
    var scene = try Scene.plain(agents: 2)
    try scene.model.fleet.apply("deleted", "a1", "{}", at: .at(10))
    scene.model.fleet.setAlert(
      AlertRecord(
        id: AlertID(.escalation, "a1"), severity: .critical, since: .at(9), last: .at(9), summary: "to on-call"))
    scene.tick(.at(400))
    let fleet = scene.model.fleet
    let position = try #require(fleet.position(of: "a1"))
    #expect(Why.text(ofAgentAt: position, in: fleet) == "agent deleted, escalated to on-call")
    #expect(scene.order.contains("a1"))
  }
}
