import Automation
import Execution
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Ids of which keys and headers cannot be made as they stand, and handlers of two versions that take turns on them.
@Suite(.threaded) struct OddIDTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private static let odd: [AgentID] = [
    "a\nb", "tab\tbell\u{7}", "agent/ö 1", "100%", AgentID(String(repeating: "x", count: 512)),
  ]

  private func http(_ service: MockService) -> HTTPActuator {
    HTTPActuator(method: "POST", url: Template(text: service.url("/do")), timeout: .seconds(10), attempts: 1)
  }

  private func start(_ actions: [Action: Actuator]) throws {
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(actions: actions) }
  }

  /// The key under which the version before kept what it did to a target.
  private func formerKey(_ id: String, _ target: AgentID) -> [UInt8] {
    scene.keys.mark(Array("\(id)/".utf8) + target.bytes)
  }

  @Test(arguments: odd)
  func serviceIsReachedWhateverTheID(id: AgentID) throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200) }
    try start([.pause: .http(http(service))])
    #expect(try scene.send(.pause, [id]).last?.phase == .succeeded)
    let key = try #require(service.requests.first?.headers["idempotency-key"]?.first)
    #expect(key == "c1/\(id.keyPart)" && key.utf8.count <= 255)
  }

  @Test(arguments: odd)
  func ruleActsThroughAServiceWhateverTheIDOfTheEvent(id: AgentID) throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200) }
    let book = try RuleScene.read(
      """
      [[rules]]
      id = "block"
      on = "agent.security_alert"
      when = "data.risk_level == 'high'"
      do = [{ action = "block_ip", ip = "{data.ip}" }]
      """)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.startHandler("h1") {
      ($0.runbook, $0.actuators) = (book, ActuatorTable(actions: [.blockIP: .http(http(service))]))
    }
    try RuleScene(on: scene).event("agent.security_alert", id, ["risk_level": "high", "ip": "192.0.2.7"])
    try scene.server.wait { service.requests.count == 1 }
    let lines = try RuleScene(on: scene).run(of: "block")
    #expect(lines.contains { $0.phase == .succeeded && $0.action == "block_ip" })
  }

  @Test(arguments: odd)
  func whatTheVersionBeforeDidIsNotDoneAgain(id: AgentID) throws {
    let command = try scene.command(.scale, [id], ["by": "+1"])
    let mark = IdempotencyRecord(phase: .succeeded, detail: "replicas 1 → 2")
    _ = try scene.server.call("SET", scene.keys.mark("c1"), CommandRecord(command).encoded)
    _ = try scene.server.call("SET", formerKey("c1", id), mark.encoded)
    try start([:])
    try scene.publish(command)
    #expect(try scene.outcome(of: command.id).last?.short == "succeeded: replicas 1 → 2")
    #expect(try scene.record(id).version == 0)
  }

  @Test(arguments: odd)
  func theVersionBeforeFindsWhatThisOneDid(id: AgentID) throws {
    try start([:])
    try scene.send(.scale, [id], ["by": "+1"])
    let found = try #require(try scene.server.call("GET", formerKey("c1", id)).bytes.flatMap { IdempotencyRecord($0) })
    #expect(found.phase == .succeeded)
    #expect(try scene.server.call("GET", scene.keys.mark(CommandID("c1"), id).key).bytes == found.encoded)
  }

  @Test func intentKeepsTheKeyItWasWrittenWith() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200) }
    let command = try scene.command(.pause, ["ö 1"], ["for": "5m"])
    var mark = IdempotencyRecord(phase: .started, detail: "paused for 5m")
    let call = ActuatorCall(
      name: "pause", target: "ö 1", arguments: ["for": "5m"], key: "c1/ö 1", commandID: command.id,
      operator: "alice@bastion", reason: "")
    mark.intent = IdempotencyRecord.Intent(at: try scene.now(), call: call)
    _ = try scene.server.call("SET", scene.keys.mark("c1"), CommandRecord(command).encoded)
    _ = try scene.server.call("SET", formerKey("c1", "ö 1"), mark.encoded)
    try start([.pause: .http(http(service))])
    try scene.publish(command)
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
    #expect(service.requests.map { $0.headers["idempotency-key"] } == [["c1/ö 1"]])
    #expect(try scene.record("ö 1").version == 1)
  }

  @Test func jobThatTheVersionBeforeBeganIsNotBegunAgain() throws {
    let exec = ExecActuator(arguments: ["/bin/sh", "-c", "exit 0"].map { Template(text: $0) })
    let due = try scene.now()
    let job = Job(.run(.analysis), "a b")
    let name = "schedule/\(job.name)/a b/\(due.milliseconds)"
    var mark = IdempotencyRecord(phase: .started, detail: "analysis done")
    let call = ActuatorCall(
      name: "job", target: "a b", arguments: ["job": "analysis"], key: "\(name)/a b", commandID: CommandID(name),
      operator: "schedule", reason: "")
    mark.intent = IdempotencyRecord.Intent(at: due, call: call)
    _ = try scene.server.call("SET", formerKey(name, "a b"), mark.encoded)
    _ = try scene.server.call("ZADD", scene.keys.schedule, due, job.encoded)
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(jobs: ["analysis": .exec(exec)]) }
    try scene.server.wait { (try? scene.schedule().isEmpty) == true }
    let line = try #require(try scene.audit().first { $0.target == "a b" })
    #expect(line.short == "unknown a b: a handler ended while it was being done")
  }

  @Test func ruleDoesNotDecideAgainWhatTheVersionBeforeHasDecided() throws {
    let rules = RuleScene(on: scene)
    let book = try RuleScene.read(
      """
      [[rules]]
      id = "grow"
      on = "agent.high_traffic"
      when = "data.queue_size > 10"
      do = [{ action = "scale", by = "+1" }]
      """)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let entry = try rules.event("agent.high_traffic", "a b", ["queue_size": 50])
    let run = "rule/grow/\(entry)/a b"
    let record = RunRecord(rule: "grow", agent: "a b", event: entry, reason: "", ruleActions: [])
    _ = try scene.server.call("SET", scene.keys.mark(run), record.encoded)
    try scene.startHandler("h1") { $0.runbook = book }
    try rules.event("agent.high_traffic", "c", ["queue_size": 50])
    try scene.server.wait { (try? scene.record("c").version) == 1 }
    #expect(try scene.record("a b").version == 0)
  }
}
