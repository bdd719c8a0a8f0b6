import Automation
import Configuration
import FleetModel
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// A handler with rules, and events for it.
struct RuleScene {
  let scene: HandlerScene

  /// - Parameters:
  ///   - runbook: TOML; nil for the rules inside the program.
  ///   - mode: what the fleet-wide switch says; nil where nobody has set it.
  ///   - clock: the server's, where a test moves it.
  ///   - fleet: agents that have been heard for a minute before the handler begins, and what they say of themselves.
  ///   - rollback: what the settings say of rollbacks. No versions are compared, so only events of the test name any.
  init(
    _ runbook: String? = nil, mode: String? = "on", clock: SteppedClock? = nil,
    fleet: [(agent: AgentID, data: JSONValue)] = [], rollback: Autonomy = .off
  ) throws {
    scene = try HandlerScene(start: false, clock: clock)
    if let mode { _ = try scene.server.call("SET", scene.keys.automation, mode) }
    for span in [TimeSpan.seconds(-130), .seconds(-65)] {
      let past = try scene.now(span).milliseconds
      for (number, (agent, data)) in fleet.enumerated() {
        let event: JSONValue = [
          "entity_id": .string(agent.bytes), "event_type": "agent.created", "data": data,
        ]
        _ = try scene.server.call("XADD", scene.keys.events, "\(past)-\(number)", Keys.dataField, event.encoded)
      }
    }
    let rules = try Self.read(runbook)
    try scene.startHandler("h1") { ($0.runbook, $0.insight.rollback) = (rules, rollback) }
    try scene.waitForRecording()
  }

  init(on scene: HandlerScene) {
    self.scene = scene
  }

  static func read(_ runbook: String?) throws -> Runbook {
    try runbook.map { try RunbookFile.read(Array($0.utf8), file: "test.toml") } ?? RunbookFile.builtIn()
  }

  /// A fleet of one role, `agent-1` and so on.
  static func fleet(_ count: Int) -> [(agent: AgentID, data: JSONValue)] {
    (1...count).map { (AgentID("agent-\($0)"), ["role": "support", "replicas_max": 2]) }
  }

  /// A rule that pauses whoever is degraded.
  static let calm = """
    [[rules]]
    id = "calm"
    on = "agent.performance_degraded"
    do = [{ action = "pause", for = "15m" }]
    """

  /// An event on which that rule acts.
  func degrade(_ agent: AgentID) throws { try event("agent.performance_degraded", agent, ["error_rate": 0.06]) }

  /// Adds an event, and gives its entry.
  @discardableResult
  func event(_ type: String, _ agent: AgentID, _ data: JSONValue) throws -> String {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    return try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded).text ?? ""
  }

  /// Lines of rules, in order.
  func lines() throws -> [AuditLine] { try scene.audit().filter { $0.rule != nil } }

  /// Waits until a rule has said something, and gives all that rules have said.
  @discardableResult
  func lines(until condition: (AuditLine) -> Bool) throws -> [AuditLine] {
    var lines: [AuditLine] = []
    do {
      try scene.server.loop.wait(seconds: 20) {
        lines = (try? self.lines()) ?? []
        return lines.contains(where: condition)
      }
    } catch {
      Issue.record("never said; there is \(lines.map(\.short))")
    }
    return lines
  }

  /// Waits until a rule's actions are done, or proposed: whether they have helped may be looked at only later.
  func actions(of rule: String) throws {
    try scene.server.wait {
      let lines = (try? self.lines().filter { $0.rule == rule }) ?? []
      let jobs = (try? self.scene.schedule().map(\.job)) ?? []
      return lines.contains { $0.phase == .proposed || $0.isEndOfRun }
        || jobs.contains { $0.contains("rule_verify") && $0.contains("rule/\(rule)/") }
    }
  }

  /// Waits for the closing line of a rule's run.
  @discardableResult
  func run(of rule: String) throws -> [AuditLine] {
    try lines { $0.rule == rule && $0.target == .none && $0.action == "rule" && $0.phase != .started }
      .filter { $0.rule == rule }
  }
}
