import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import HTTP
@testable import Handler

/// What is done on the phone is an ordinary order here.
@Suite(.threaded) struct PagerDutyBackTests {
  private let account: PagerDutyAccount
  private let clock: SteppedClock
  private let service: MockService
  private let chat: ChatScene
  private var scene: HandlerScene { chat.scene }

  init() throws {
    account = try PagerDutyAccount()
    clock = try SteppedClock(folder: BuildFolder.path)
    let scene = try HandlerScene(start: false, clock: clock)
    service = try account.service(on: scene.server)
    chat = try ChatScene(PagerDutyAccount.channel(service.url("")), scene: scene)
    account.clock = { [unowned scene] in scene.handlers.last?.session?.now ?? .epoch }
  }

  private func escalate() throws {
    try scene.send(.escalate, ["agent-1"], ["to": "on-call", "severity": "critical"])
    try chat.waitUntilAllIsTold()
  }

  private func acknowledgeOnThePhone(_ seconds: Int64, by name: String = "Alice Ng") throws {
    account.acknowledge("escalation/agent-1", by: name, at: try scene.now())
    try chat.pass(seconds, by: clock)
  }

  private func holder() throws -> String? { try scene.alert(.escalation, "agent-1")?.acknowledgedBy }

  private func waitForHolder(_ name: String) throws { try scene.server.wait { (try? holder()) == name } }

  private func acks() throws -> [AuditLine] {
    try scene.audit().filter { $0.action == "ack" && $0.phase == .succeeded }
  }

  private func isOpen() throws -> Bool { try scene.alert(.escalation, "agent-1") != nil }

  private func waitUntilClosed() throws { try scene.server.wait { (try? isOpen()) == false } }

  private func closings() throws -> [AuditLine] {
    try scene.audit().filter { $0.action == "close" && $0.phase == .succeeded && $0.target == .none }
  }

  /// Lets PagerDuty be asked twice more, and what came of the first time be done.
  private func passTwoRounds(from seconds: Int64) throws {
    for later in [seconds, seconds + 31] {
      let count = account.reads.count
      try chat.pass(later, by: clock)
      try scene.server.wait { account.reads.count > count }
    }
    try scene.server.wait { (try? scene.isThrough()) == true }
  }

  @Test func acknowledgementOnThePhoneIsAnAuditedOneAndIsNotEchoed() throws {
    try escalate()
    try acknowledgeOnThePhone(31)
    try waitForHolder("pagerduty:Alice Ng")
    try chat.waitUntilAllIsTold()
    #expect(try acks().map(\.operator).first == "pagerduty:Alice Ng")
    #expect(account.events == ["trigger"])
    let address = try #require(account.reads.last)
    #expect(address.contains("incident_key=escalation%2Fagent-1&statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&"))
    #expect(address.contains("&sort_by=created_at%3Adesc&since=20"))
    #expect(try scene.audit().contains { $0.reason == "done in ops: escalation/agent-1" })
    // It is read again, for somebody may resolve it, and that is all.
    try passTwoRounds(from: 62)
    #expect(try acks().count { $0.target == .none } <= 1 && holder() == "pagerduty:Alice Ng")
    #expect(account.events == ["trigger"])
  }

  /// What vigia's own event did there is nobody's act.
  @Test func acknowledgementFromHereDoesNotComeBackAsOneFromThere() throws {
    try escalate()
    try scene.send(.acknowledge, [], ["alert": "escalation/agent-1"])
    try scene.server.wait { account.events.last == "acknowledge" }
    try scene.send(.unacknowledge, [], ["alert": "escalation/agent-1"])
    try chat.waitUntilAllIsTold()
    try passTwoRounds(from: 31)
    #expect(account.incidents.last?.status == "acknowledged")
    #expect(try holder() == nil && acks().allSatisfy { $0.operator == "alice@bastion" })
  }

  @Test func whoTakesItBackHereIsNotOverruledByTheOldAcknowledgement() throws {
    try escalate()
    try acknowledgeOnThePhone(31)
    try waitForHolder("pagerduty:Alice Ng")
    account.isBehind = true
    try scene.send(.unacknowledge, [], ["alert": "escalation/agent-1"])
    try scene.server.wait { account.events.last == "trigger" && account.events.count > 1 }
    let count = account.reads.count
    try chat.pass(62, by: clock)
    try scene.server.wait { account.reads.count > count }
    // The next handler reads the same, and knows no more of it.
    try chat.start()
    let before = account.reads.count
    try chat.pass(93, by: clock)
    try scene.server.wait { account.reads.count > before && (try? scene.isThrough()) == true }
    #expect(try holder() == nil && acks().count { $0.target == .none } <= 1)
  }

  @Test func nextHandlerReadsWhatTheLastDidNot() throws {
    try escalate()
    scene.handlers.last?.halt()
    account.acknowledge("escalation/agent-1", by: "Bo", at: try scene.now())
    try chat.start()
    try waitForHolder("pagerduty:Bo")
    #expect(account.events == ["trigger"])
  }

  @Test func answersThatAreNoneHoldUpNothing() throws {
    try escalate()
    let endless = MockService.Answer.status(200, #"{"incidents":["# + String(repeating: "[],", count: 500_000))
    account.answers = [
      .status(200, "<html>"), .status(200, #"{"incidents":7}"#), .hangUp, .status(503), endless,
      .status(429, headers: [("ratelimit-reset", "40")], #"{"error":{"code":2020}}"#),
    ]
    account.acknowledge("escalation/agent-1", by: "Alice", at: try scene.now())
    for round in 1...8 {
      let count = account.reads.count
      try chat.pass(Int64(round) * 45, by: clock)
      try scene.server.wait { account.reads.count > count || (try? holder()) != nil }
    }
    try waitForHolder("pagerduty:Alice")
    #expect(account.answers.isEmpty)
    #expect(try scene.send(.notify, [], ["to": "ops", "text": "x"]).last?.phase == .succeeded)
  }

  @Test func tokenThatIsRefusedIsNotTriedAgainSoon() throws {
    account.answers = [.status(401, #"{"error":{"message":"Account Not Found","code":2006}}"#)]
    try escalate()
    try chat.pass(31, by: clock)
    try scene.server.wait { account.answers.isEmpty }
    let count = account.reads.count
    try chat.pass(120, by: clock)
    try scene.send(.notify, [], ["to": "ops", "text": "x"])
    #expect(account.reads.count == count)
    try chat.pass(400, by: clock)
    try scene.server.wait { account.reads.count > count }
  }

  // MARK: Resolving

  @Test func resolvingOnThePhoneClosesTheAlertOnceAndIsNotEchoed() throws {
    try escalate()
    account.resolve("escalation/agent-1", by: .person("Alice Ng"), at: try scene.now())
    try chat.pass(31, by: clock)
    try waitUntilClosed()
    try chat.waitUntilAllIsTold()
    #expect(account.events == ["trigger"])
    try scene.server.wait { (try? closings().map(\.operator)) == ["pagerduty:Alice Ng"] }
    #expect(try scene.audit().contains { $0.action == "close" && $0.reason == "done in ops: escalation/agent-1" })
    // Trouble that goes on calls anew: what was resolved before is not that.
    try escalate()
    #expect(account.events == ["trigger", "trigger"] && account.incidents.count == 2)
    try passTwoRounds(from: 62)
    #expect(try isOpen() && closings().count == 1)
  }

  @Test func whoHasItInHandMayResolveItThereToo() throws {
    try escalate()
    try acknowledgeOnThePhone(31)
    try waitForHolder("pagerduty:Alice Ng")
    account.resolve("escalation/agent-1", by: .person("Alice Ng"), at: try scene.now())
    try chat.pass(62, by: clock)
    try waitUntilClosed()
    try chat.waitUntilAllIsTold()
    #expect(account.events == ["trigger"])
  }

  @Test func nextHandlerClosesWhatTheLastDidNotAndTheOneAfterItNothing() throws {
    try escalate()
    scene.handlers.last?.halt()
    account.resolve("escalation/agent-1", by: .person("Bo"), at: try scene.now())
    try chat.start()
    try waitUntilClosed()
    try chat.start()
    try escalate()
    try passTwoRounds(from: 31)
    #expect(try closings().map(\.operator) == ["pagerduty:Bo"])
    #expect(try isOpen() && account.events == ["trigger", "trigger"])
  }

  @Test(arguments: [PagerDutyAccount.Who.service, .integration])
  func whatNoPersonHasResolvedStaysOpen(_ who: PagerDutyAccount.Who) throws {
    try escalate()
    account.resolve("escalation/agent-1", by: who, at: try scene.now())
    try passTwoRounds(from: 31)
    #expect(try isOpen() && closings().isEmpty)
  }

  /// PagerDuty names the person who merged it, and calls it resolved.
  @Test func incidentThatIsMergedIntoAnotherIsNotOver() throws {
    try escalate()
    account.resolve("escalation/agent-1", by: .person("Alice"), mergingInto: "Q9", at: try scene.now())
    try passTwoRounds(from: 31)
    #expect(try isOpen() && closings().isEmpty)
  }

  @Test func whatVigiaItselfHasResolvedIsNoOrder() throws {
    try escalate()
    try scene.send(.acknowledge, [], ["alert": "escalation/agent-1"])
    try escalate()
    try scene.server.wait { account.events == ["trigger", "acknowledge", "resolve", "trigger"] }
    #expect(account.incidents.map(\.status) == ["resolved", "triggered"])
    try passTwoRounds(from: 31)
    #expect(try isOpen() && closings().isEmpty)
  }

  @Test func whoIsCalledAnewAfterItIsNotPutOff() throws {
    try escalate()
    account.resolve("escalation/agent-1", by: .person("Alice"), at: try scene.now())
    try escalate()
    #expect(account.events == ["trigger", "trigger"])
    try passTwoRounds(from: 31)
    #expect(try isOpen() && closings().isEmpty)
  }

  /// Its members are closed one after the other, and none of these steps calls anybody.
  @Test func groupOfARuleIsClosedWithoutAnotherIncident() throws {
    let (rules, agents) = (RuleScene(on: scene), (1...3).map { "agent-\($0)" })
    for agent in agents {
      try rules.event("agent.security_alert", AgentID(agent), ["risk_level": "high", "alert_type": "injection"])
    }
    try scene.server.wait {
      agents.allSatisfy { (try? scene.alert(.securityAlert, AgentID($0))) != nil }
    }
    let notices = try agents.map { agent in
      var notice = try chat.notice(1)
      (notice.key, notice.agents) = ("agent.security_alert/\(agent)", [AgentID(agent)])
      return notice
    }
    try chat.tell(notices[0], notices[1], notices[2])
    #expect(account.incidents.map(\.key) == ["group/latency/high"])
    account.resolve("group/latency/high", by: .person("Alice"), at: try scene.now())
    try chat.pass(31, by: clock)
    try scene.server.wait {
      agents.allSatisfy { (try? scene.alert(.securityAlert, AgentID($0))) == nil }
    }
    try scene.server.wait { (try? chat.fields().isEmpty) == true }
    #expect(account.events == ["trigger"])
    try scene.server.wait { (try? closings().count) == 3 }
    #expect(try closings().allSatisfy { $0.operator == "pagerduty:Alice" })
  }
}
