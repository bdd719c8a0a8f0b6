import Automation
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Actions that services and programs carry out, and what becomes of them when a handler dies on the way.
@Suite(.threaded) struct ActuatorTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private func service(_ answer: @escaping (MockService.Request) -> MockService.Answer) throws -> MockService {
    try MockService(loop: scene.server.loop, answer: answer)
  }

  private func template(_ text: String) -> Template { (try? Template(text)) ?? Template(text: text) }

  private func http(
    _ service: MockService, attempts: Int = 3, timeout: TimeSpan = .seconds(10), repeat rule: RepeatRule? = nil
  ) -> HTTPActuator {
    HTTPActuator(
      method: "PUT", url: template(service.url("/api/v1/agents/{agent}")),
      headers: [.init(name: "Authorization", value: template("Bearer t"))],
      body: template(#"{{"is_active": false, "why": "{reason}", "for": "{args.for}"}}"#), timeout: timeout,
      attempts: attempts, repeat: rule)
  }

  private func start(_ actions: [Action: Actuator], _ id: String = "h1") throws {
    try scene.startHandler(id) { $0.actuators = ActuatorTable(actions: actions) }
  }

  private func shorts(_ lines: [AuditLine]) -> [String] { lines.map(\.short) }

  // MARK: Services

  @Test func serviceIsToldOnceWithKeyHeadersAndBody() throws {
    let service = try service { _ in .status(200, "ok") }
    try start([.pause: .http(http(service))])
    let lines = try scene.send(.pause, ["agent/ö 1"], ["for": "5m"]) { $0.reason = "say \"hi\"" }
    #expect(
      shorts(lines) == [
        "received", "started agent/ö 1: paused for 5m", "succeeded agent/ö 1: paused for 5m (HTTP 200)",
        "succeeded: paused for 5m (HTTP 200)",
      ])
    let request = try #require(service.requests.first)
    #expect(service.requests.count == 1)
    #expect(request.method == "PUT" && request.path == "/api/v1/agents/agent%2F%C3%B6%201")
    #expect(request.headers["idempotency-key"] == ["c1/agent%2F%C3%B6%201"])
    #expect(request.headers["authorization"] == ["Bearer t"])
    #expect(request.headers["content-type"] == ["application/json"])
    #expect(request.text == #"{"is_active": false, "why": "say \"hi\"", "for": "5m"}"#)
    #expect(try scene.record("agent/ö 1").state == .paused)
    #expect(try scene.control().isEmpty, "its actuator has told whom it concerns")
    #expect(try scene.schedule().count == 1)
  }

  @Test(arguments: [
    (429, "HTTP 429: busy, 3 times", AuditLine.Phase.failed, 3), (404, "HTTP 404: busy", .failed, 1),
    (503, "HTTP 503: busy, 3 times", .unknown, 3), (302, "HTTP 302: busy", .failed, 1),
  ])
  func refusalIsToldWithTheServicesWords(status: Int, detail: String, phase: AuditLine.Phase, count: Int) throws {
    let service = try service { _ in .status(status, headers: [("Retry-After", "0.01")], "busy") }
    try start([.pause: .http(http(service))])
    let lines = try scene.send(.pause, ["agent-1"])
    #expect(lines.last?.phase == phase && lines.last?.detail == detail)
    #expect(service.requests.count == count)
    #expect(Set(service.requests.map { $0.headers["idempotency-key"] }) == [["c1/agent-1"]])
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.schedule().isEmpty)
  }

  @Test func passingFailureIsTriedAgainWithTheSameKey() throws {
    var count = 0
    let service = try service { _ in
      count += 1
      return count == 1 ? .hangUp : count == 2 ? .status(500) : .status(204)
    }
    try start([.pause: .http(http(service))])
    #expect(try scene.send(.pause, ["agent-1"]).last?.short == "succeeded: paused for 15m (HTTP 204)")
    #expect(service.requests.map { $0.headers["idempotency-key"] } == Array(repeating: ["c1/agent-1"], count: 3))
  }

  @Test func whatMayNotBeDoneTwiceIsUnknownAfterOneAttemptAndCallsAPerson() throws {
    let service = try service { _ in .hangUp }
    try start([.restart: .http(http(service))])
    let lines = try scene.send(.restart, ["agent-1"])
    #expect(lines.last?.phase == .unknown)
    #expect(service.requests.count == 1)
    let alert = try #require(try scene.alert(.escalation, "agent-1"))
    #expect(alert.severity == .high && alert.summary.hasPrefix("outcome of restart agent-1 by alice@bastion at "))
    #expect(lines.first { $0.target == "agent-1" && $0.phase == .unknown }?.alert == alert)
    #expect(try scene.record("agent-1") == AgentRecord())
  }

  @Test(arguments: [(200, AuditLine.Phase.succeeded, 1), (404, .succeeded, 2), (500, .unknown, 1)])
  func whatMayNotBeDoneTwiceIsLookedUpWhereThatCanBe(found: Int, phase: AuditLine.Phase, effects: Int) throws {
    var isFirst = true
    let service = try service { request in
      guard request.method == "PUT" else { return .status(found) }
      defer { isFirst = false }
      return isFirst ? .hangUp : .status(200)
    }
    let lookUp = HTTPActuator(
      method: "GET", url: template(service.url("/done/{key}")), timeout: .milliseconds(50), attempts: 2)
    try start([.restart: .http(http(service, repeat: .lookUp(lookUp)))])
    let lines = try scene.send(.restart, ["agent-1"])
    #expect(lines.last?.phase == phase)
    #expect(service.requests.count { $0.method == "PUT" } == effects)
    #expect(service.requests.contains { $0.path == "/done/c1%2Fagent-1" })
    #expect(try scene.record("agent-1").state == (phase == .succeeded ? .restarting : .running))
  }

  @Test func manyAgentsAreActedOnSideBySideAndEachInOrder() throws {
    var asked: [String] = []
    var most = 0
    let service = try service { request in
      asked.append(request.path)
      most = max(most, asked.count)
      return .status(200)
    }
    try start([.pause: .http(http(service)), .resume: .http(http(service))])
    let agents = (1...30).map { AgentID("agent-\($0)") }
    let pause = try scene.command(.pause, agents)
    let resume = try scene.command(.resume, agents)
    try scene.publish(pause)
    try scene.publish(resume)
    #expect(try scene.outcome(of: resume.id).last?.phase == .succeeded)
    #expect(try scene.outcome(of: pause.id).last?.phase == .succeeded)
    for agent in agents {
      let keys = service.requests.filter { $0.path.hasSuffix("/\(agent)") }.map { $0.headers["idempotency-key"] }
      #expect(keys == [["c1/\(agent)"], ["c2/\(agent)"]])
      #expect(try scene.record(agent).state == .running)
    }
  }

  @Test func endOfAPauseIsToldToTheServiceToo() throws {
    let service = try service { _ in .status(200) }
    try start([.resume: .http(http(service))])
    try scene.send(.pause, ["agent-1"], ["for": "1s"])
    try scene.server.wait { (try? scene.record("agent-1").state) == .running }
    let key = try #require(service.requests.first?.headers["idempotency-key"]?.first)
    #expect(service.requests.count == 1 && key.hasPrefix("schedule/resume/agent-1/"))
    #expect(try scene.schedule().isEmpty)
  }

  @Test func endOfAPauseThatTheServiceRefusesIsTriedAgain() throws {
    let service = try service { _ in .status(404) }
    try start([.resume: .http(http(service))])
    try scene.send(.pause, ["agent-1"], ["for": "1s"])
    try scene.server.wait { (try? scene.audit().contains { $0.phase == .failed }) ?? false }
    #expect(try scene.record("agent-1").state == .paused)
    let job = try #require(try scene.schedule().first)
    #expect(job.due > (try scene.now(.seconds(30))))
  }

  // MARK: Programs

  @Test func programGetsItsArgumentsUnsplitAndItsKey() throws {
    let exec = ExecActuator(
      arguments: [
        template("/bin/sh"), template("-c"),
        template(#"printf '%s|' "$1" "$IDEMPOTENCY_KEY" "$NAME" "$HOME" >&2; exit 3"#), template("x"),
        template("{agent}; rm -rf {args.for}"),
      ],
      environment: ["NAME": template("{operator}")])
    try start([.pause: .exec(exec)])
    let lines = try scene.send(.pause, ["a b"])
    #expect(lines.last?.short == "failed: exit 3: a b; rm -rf 15m|c1/a%20b|alice@bastion||")
  }

  @Test func programThatTakesTooLongIsEndedAndUnknown() throws {
    let exec = ExecActuator(arguments: [template("/bin/sleep"), template("60")], timeout: .milliseconds(200))
    try start([.restart: .exec(exec)])
    let lines = try scene.send(.restart, ["agent-1"])
    #expect(lines.last?.short == "unknown: it was ended after 1s")
  }

  @Test func jobOfTheScheduleIsRunByItsProgram() throws {
    let table = ActuatorTable(jobs: [
      "audit": .exec(ExecActuator(arguments: [template("/bin/sh"), template("-c"), template("exit 0")]))
    ])
    try scene.startHandler("h1") { $0.actuators = table }
    try scene.send(.schedule, ["agent-1"], ["job": "audit"])
    try scene.server.wait { ((try? scene.entries(scene.keys.reports).count) ?? 0) == 1 }
    let report = try #require(try scene.entries(scene.keys.reports).first)
    let data = try report.withUnsafeBytes { try JSONValue.parse($0) }["data"]
    #expect(data?["outcome"]?.text == "succeeded" && data?["detail"]?.text == "audit done (exit 0)")
    #expect(try scene.control().isEmpty)
    #expect(try scene.schedule().isEmpty)
  }

  // MARK: Handlers that end

  /// Has a command for `agent-1` come as far as its service.
  private func sendAsFar(_ action: Action, as service: MockService) throws -> Command {
    let command = try scene.command(action, ["agent-1"])
    try scene.publish(command)
    try scene.server.wait { service.requests.count == 1 }
    return command
  }

  /// Ends the first handler as `kill -9` does, and lets the next begin at once.
  private func replace(_ actions: [Action: Actuator]) throws {
    scene.handlers[0].halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try start(actions, "h2")
  }

  @Test func nextHandlerGoesOnFromAnIntentWithTheSameKey() throws {
    var isDead = true
    let service = try service { _ in isDead ? .silence : .status(200) }
    let actions: [Action: Actuator] = [.pause: .http(http(service))]
    try start(actions)
    let command = try sendAsFar(.pause, as: service)
    isDead = false
    try replace(actions)
    let lines = try scene.outcome(of: command.id)
    #expect(
      shorts(lines) == [
        "received", "started agent-1: paused for 15m", "succeeded agent-1: paused for 15m (HTTP 200)",
        "succeeded: paused for 15m (HTTP 200)",
      ])
    #expect(service.requests.map { $0.headers["idempotency-key"] } == [["c1/agent-1"], ["c1/agent-1"]])
    #expect(try scene.record("agent-1").version == 1)
  }

  @Test func confirmationThatWaitedForABusyAgentIsNotLostWithItsHandler() throws {
    var isDead = true
    let service = try service { _ in isDead ? .silence : .status(200) }
    let actions: [Action: Actuator] = [.pause: .http(http(service))]
    try start(actions)
    let scaled = try scene.send(.scale, ["agent-1"], ["by": "+1"])
    let pause = try scene.command(.pause, ["agent-1"])
    try scene.publish(pause)
    try scene.server.wait { service.requests.count == 1 }
    // Its lane is busy; the cursor goes on without it.
    try scene.report("agent-1", "running", command: "c1", replicas: 2)
    try scene.server.wait {
      (try? scene.cursorIsAtEnd()) == true
        && (try? scene.server.call("HEXISTS", scene.keys.cursor, "agentos:events#reports")) == .integer(1)
    }
    isDead = false
    try replace(actions)
    try scene.server.wait { (try? scene.audit().contains { $0.phase == .obeyed && $0.target == .none }) ?? false }
    #expect(scaled.last?.phase == .succeeded)
    #expect(try scene.outcome(of: CommandID("c1")).last?.short == "obeyed: it reports running")
    #expect(try scene.outcome(of: pause.id).last?.phase == .succeeded)
    try scene.server.wait {
      (try? scene.server.call("HEXISTS", scene.keys.cursor, "agentos:events#reports")) == .integer(0)
    }
  }

  @Test func refusalOfWhatMayHaveBeenDoneBeforeIsUnknownAndCallsAPerson() throws {
    var isDead = true
    let service = try service { _ in isDead ? .silence : .status(409, "done already") }
    let actions: [Action: Actuator] = [.pause: .http(http(service))]
    try start(actions)
    let command = try sendAsFar(.pause, as: service)
    isDead = false
    try replace(actions)
    let last = try #require(try scene.outcome(of: command.id).last)
    #expect(last.short == "unknown: done again, HTTP 409: done already")
    #expect(try scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func runtimeIsToldWhereTheActuatorIsNoLongerConfigured() throws {
    let service = try service { _ in .silence }
    try start([.pause: .http(http(service))])
    let command = try sendAsFar(.pause, as: service)
    try replace([:])
    #expect(try scene.outcome(of: command.id).last?.short == "succeeded: paused for 15m")
    #expect(try scene.control().map(\.action) == [.pause])
  }

  @Test func idThatNoServiceCouldBeGivenIsNoTarget() throws {
    let service = try service { _ in .status(200) }
    try start([.pause: .http(http(service))])
    let lines = try scene.send(.pause, [AgentID(bytes: [0x61, 0xFF]), "b"])
    #expect(
      lines.map(\.short) == [
        #"rejected: "targets" holds an id that is longer than 512 bytes or no valid UTF-8"#
      ])
    #expect(service.requests.isEmpty)
  }

  @Test func intentOfWhatMayNotBeDoneTwiceIsUnknown() throws {
    let service = try service { _ in .silence }
    let actions: [Action: Actuator] = [.restart: .http(http(service))]
    try start(actions)
    let command = try sendAsFar(.restart, as: service)
    try replace(actions)
    #expect(
      try scene.outcome(of: command.id).last?.short == "unknown: a handler ended while it was being done")
    #expect(service.requests.count == 1)
    #expect(try scene.alert(.escalation, "agent-1") != nil)
  }

  @Test func handlerToldToStopLeavesWhatTheNextCanGoOnWith() throws {
    var isDead = true
    let service = try service { _ in isDead ? .silence : .status(200) }
    let actions: [Action: Actuator] = [.pause: .http(http(service))]
    try start(actions)
    let command = try sendAsFar(.pause, as: service)
    var isStopped = false
    scene.handlers[0].stop { isStopped = true }
    try scene.server.wait { isStopped }
    #expect(try scene.server.call("EXISTS", scene.keys.lease) == .integer(0))
    isDead = false
    try start(actions, "h2")
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
    #expect(service.requests.count == 2)
  }

  @Test func handlerToldToStopWaitsForWhatNobodyCouldGoOnWith() throws {
    let service = try service { _ in .response(.init(status: 200), .byteByByte) }
    try start([.restart: .http(http(service))])
    let command = try sendAsFar(.restart, as: service)
    var isStopped = false
    scene.handlers[0].stop { isStopped = true }
    try scene.server.wait { isStopped }
    #expect(try scene.outcome(of: command.id).last?.phase == .succeeded)
    #expect(service.requests.count == 1)
  }
}
