import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What an agent lets others set, and what vigia sets by itself, as the console says it.
@Suite struct ParameterTests {
  private static let parameters =
    #"{"parameters":{"routing_share":{"min":0.2,"max":2,"step":0.1,"value":1},"timeout_s":{"min":5,"max":60,"step":5,"value":20}}}"#

  private func scene(_ tunings: [AgentTuning] = []) throws -> Scene {
    var scene = try Scene.plain(agents: 1)
    try scene.model.fleet.apply("updated", "a0", Self.parameters, at: .at(2))
    var record = AgentRecord()
    record.version = 1
    for tuning in tunings { record.set(tuning) }
    scene.model.fleet.setRecord(record, of: "a0")
    scene.tick(.at(200))
    scene.press(.home, .enter)
    return scene
  }

  private func lines(_ scene: inout Scene) -> [String] {
    scene.draw().lines().filter { $0.contains("parameter") }.map { line in
      String(line.drop { $0 != "p" }.reversed().drop { !$0.isLetter && !$0.isNumber }.reversed())
    }
  }

  @Test func whatNobodyHasSetIsTheAgentsOwn() throws {
    var scene = try scene()
    #expect(lines(&scene) == ["parameter      routing_share 1", "parameter      timeout_s 20"])
  }

  @Test func whatIsSetSaysWhoDidItAndWhen() throws {
    var scene = try scene([
      AgentTuning(parameter: "routing_share", value: "0.8", by: "load/a0", at: .at(20)),
      AgentTuning(parameter: "temperature", value: "0.2", by: "maria@bastion", at: .at(140)),
      AgentTuning(parameter: "timeout_s", value: nil, by: "maria@bastion", at: .at(140)),
    ])
    #expect(
      lines(&scene) == [
        "parameter      routing_share 0.8 instead of 1, set by vigia (load) 3m ago",
        "parameter      timeout_s 20, taken back by maria 1m ago",
        "parameter      temperature 0.2, set by maria 1m ago",
      ])
  }

  @Test func aValueOfAnOlderHandlerIsShownAsItIs() throws {
    var scene = try scene([AgentTuning(parameter: "mode", value: "\u{1B}[31mred")])
    #expect(lines(&scene).last == "parameter      mode ^[[31mred, set")
  }

  @Test(arguments: [
    ("load/a0", "vigia (load)"), ("rule/handler/load", "vigia (load)"), ("tuning/a0", "vigia (tuning)"),
    ("rule/handler/tuning", "vigia (tuning)"),
    ("rule/slow", "rule/slow"), ("maria@bastion", "maria"), ("load", "load"),
  ])
  func whoHasSetItIsNamedInAWord(name: String, words: String) { #expect(Format.setter(name) == words) }

  private func row(
    by author: String, _ reason: String, _ detail: String, _ end: AuditLine.Phase, isObeyed: Bool = false
  ) throws
    -> CommandsPane.Row
  {
    var scene = try Scene.plain(agents: 1)
    for (phase, target, detail): (AuditLine.Phase, AgentID, String) in [
      (.received, .none, ""), (end, "a0", detail), (end, .none, detail),
    ] {
      scene.model.fleet.apply(
        AuditLine(
          origin: .command(CommandID("c1")), phase: phase, action: "tune", target: target, operator: author,
          reason: reason, detail: detail, handler: "h1", at: .at(2)))
    }
    if isObeyed {
      scene.model.fleet.apply(
        AuditLine(
          origin: .command(CommandID("c1")), phase: .obeyed, action: "tune", target: "a0", operator: author,
          reason: reason, handler: "h1", at: .at(3)))
    }
    scene.tick(.at(3))
    return scene.model.commandRow(try #require(scene.model.fleet.commands[key: "c1"]))
  }

  /// The agent and what it gets are said once.
  @Test func aCommandOfTheHandlersOwnSaysWhyFirst() throws {
    let reason = "share 0.8 instead of 1: 14 of 16 open, its role 41% busy"
    let done = try row(by: "load/a0", "a0 \(reason)", "routing_share unset → 0.8", .succeeded)
    #expect(done.text == "tune a0, vigia (load)" && done.detail == reason)
    let obeyed = try row(by: "load/a0", "a0 \(reason)", "routing_share unset → 0.8", .succeeded, isObeyed: true)
    #expect(obeyed.text == done.text && obeyed.detail == reason)
    let failed = try row(by: "load/a0", "a0 \(reason)", "a0 is retired", .failed)
    #expect(failed.detail == "\(reason): a0 is retired")
    let other = try row(by: "load/a0", "a01 \(reason)", "", .succeeded)
    #expect(other.detail == "a01 \(reason)")
  }

  @Test func aTrialSaysWhatIsSet() throws {
    let row = try row(by: "tuning/a0", "timeout_s is tried", "timeout_s 20 → 25", .succeeded)
    #expect(row.text == "tune a0, vigia (tuning)" && row.detail == "timeout_s is tried: timeout_s 20 → 25")
  }
}
