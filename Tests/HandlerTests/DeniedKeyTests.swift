import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What Redis denies by a key's name, and nobody allows again.
@Suite(.threaded) struct DeniedKeyTests {
  /// All keys but the records of agents whose names begin with `s`.
  private func deny(_ scene: HandlerScene) throws {
    _ = try scene.server.call(
      "ACL", "SETUSER", "default", "resetkeys", "~agentos:[^a]*", "~agentos:a[^g]*", "~agentos:agent:[^s]*")
  }

  @Test func commandForATargetThatIsDeniedFailsWithTheReasonAndTheOthersAreDone() throws {
    let scene = try HandlerScene(start: false)
    try deny(scene)
    try scene.startHandler("h1") { $0.permissionPatience = .seconds(1) }
    let lines = try scene.send(.pause, ["a", "secret", "b"])
    #expect(lines.last?.short.hasPrefix("failed: 2 of 3 done: secret: Redis refused the step: NOPERM ") == true)
    let detail = lines.first { $0.target == "secret" && $0.phase == .failed }?.detail ?? ""
    #expect(detail.hasPrefix("Redis refused the step: NOPERM "), "\(detail)")
    #expect(try scene.record("a").state == .paused && scene.record("b").state == .paused)
    try scene.server.wait { (try? scene.isThrough()) == true }
    #expect(scene.handlers[0].isActive)
    #expect(try scene.lease()?.fence == 1)
  }

  @Test func whatWasDoneOutsideAndCannotBeRecordedIsSaid() throws {
    let scene = try HandlerScene(start: false)
    let service = try MockService(loop: scene.server.loop) { _ in .status(200) }
    let http = HTTPActuator(
      method: "PUT", url: try Template(service.url("/{agent}")), headers: [], body: nil, timeout: .seconds(60),
      attempts: 1)
    try deny(scene)
    try scene.startHandler("h1") {
      $0.permissionPatience = .seconds(1)
      $0.actuators = ActuatorTable(actions: [.pause: .http(http)])
    }
    let lines = try scene.send(.pause, ["secret"])
    #expect(
      lines.last?.detail.hasPrefix("it was done, but cannot be recorded: Redis refused the step: NOPERM ") == true)
    #expect(service.requests.count == 1)
  }

  /// Otherwise no other event would be judged.
  @Test func rulesGoOnBehindAnEventOfAnAgentThatIsDenied() throws {
    let scene = try HandlerScene(start: false)
    try deny(scene)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let runbook = try RuleScene.read(
      "[[rules]]\nid = 'calm'\non = 'agent.custom'\ndo = [{ action = 'pause', for = '15m' }]\n")
    try scene.startHandler("h1") {
      $0.runbook = runbook
      $0.permissionPatience = .milliseconds(50)
    }
    let rules = RuleScene(on: scene)
    try rules.event("agent.custom", "secret", [:])
    try rules.event("agent.custom", "other", [:])
    try rules.lines { $0.target == "other" && $0.action == "pause" && $0.phase == .succeeded }
    let lines = try rules.lines { $0.target == "secret" && $0.action == "pause" && $0.phase == .failed }
    #expect(lines.contains { $0.target == "secret" && $0.detail.contains("NOPERM") })
  }
}
