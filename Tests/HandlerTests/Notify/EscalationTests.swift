import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// An escalation from its call to its end: what stands in Redis, what consoles read of it, and what services heard.
@Suite(.threaded) struct EscalationTests {
  private let clock: SteppedClock

  init() throws { clock = try SteppedClock(folder: BuildFolder.path) }

  private func escalate(_ agents: [AgentID], _ services: ServicesScene, for span: String? = nil) throws {
    try services.scene.send(.escalate, agents, ["to": "on-call", "severity": "critical"])
    for agent in agents { try acknowledge(agent, services, for: span) }
  }

  private func acknowledge(_ agent: AgentID, _ services: ServicesScene, for span: String? = nil) throws {
    var arguments = ["alert": "escalation/\(agent)"]
    arguments["for"] = span
    #expect(try services.scene.send(.acknowledge, [], arguments).last?.phase == .succeeded)
  }

  private func waitForEnd(of agent: AgentID, _ services: ServicesScene) throws {
    try services.scene.server.wait { (try? services.scene.alert(.escalation, agent)) == nil }
  }

  private func stands(_ agent: AgentID, _ services: ServicesScene) throws -> Bool {
    try services.scene.alert(.escalation, agent) != nil
  }

  @Test func acknowledgedEscalationIsOverForAllWhoWereCalled() throws {
    let services = try ServicesScene("", clock: clock)
    try escalate(["agent-1"], services, for: "1h")
    try services.waitUntilAllIsTold()
    clock.set(seconds: 301)
    try waitForEnd(of: "agent-1", services)
    try services.waitUntilAllIsTold()
    let now = try services.scene.now()
    for (kind, phases) in [
      (Channel.Kind.slack, ["trouble", "over"]), (.discord, ["trouble", "acknowledge", "over"]),
      (.pagerduty, ["trigger", "acknowledge", "resolve"]), (.webhook, ["firing", "acknowledged", "resolved"]),
    ] {
      #expect(services.told(kind).map { $0.phase(at: now) } == phases, "\(kind)")
    }
    // What stands for five minutes is posted again.
    let alerts = services.told(.alertmanager)
    #expect(alerts.count >= 2 && alerts.dropLast().allSatisfy { $0.phase(at: now) == "stands" })
    #expect(alerts.last?.phase(at: now) == "over")
    #expect(alerts.allSatisfy { $0.body.list?.first?["labels"] == alerts[0].body.list?.first?["labels"] })
    for told in Channel.Kind.allCases.flatMap({ services.told($0) }) {
      #expect(ServiceLimits.broken(by: told) == [], "\(told.kind)")
      #expect(told.key == nil || told.key == "escalation/agent-1")
    }
    #expect(try services.standing() == 0, "nothing stands")
    #expect(try services.scene.schedule().isEmpty, "nor is there an acknowledgement to end")
  }

  @Test func consolesReadItsEndInTheAuditOnce() throws {
    let services = try ServicesScene("", clock: clock)
    try escalate(["agent-1"], services)
    clock.set(seconds: 301)
    try waitForEnd(of: "agent-1", services)
    // One more of what is over is looked for, and found, after it.
    try escalate(["agent-2"], services)
    clock.set(seconds: 610)
    try waitForEnd(of: "agent-2", services)
    let ends = try services.scene.audit().filter { $0.alert?.isClosed == true }
    #expect(ends.map(\.target) == ["agent-1", "agent-2"])
    #expect(ends[0].detail == "over: acknowledged by alice@bastion, no other alert for 5m")
    var fleet = Fleet()
    for line in try services.scene.audit() { fleet.apply(line) }
    #expect(fleet.alerts.count == 0)
  }

  @Test func oneThatNobodyAcknowledgedStaysAndSoDoesOneWhoseAcknowledgementWasTakenBack() throws {
    let services = try ServicesScene("", clock: clock)
    try services.scene.send(.escalate, ["agent-1"], ["to": "on-call"])
    try escalate(["agent-2", "agent-3"], services)
    try services.scene.send(.unacknowledge, [], ["alert": "escalation/agent-2"])
    clock.set(seconds: 3600)
    try waitForEnd(of: "agent-3", services)
    #expect(try stands("agent-1", services) && stands("agent-2", services))
  }

  @Test func otherTroubleOfTheAgentKeepsItOpen() throws {
    let services = try ServicesScene("", clock: clock)
    try escalate(["agent-1", "agent-2"], services)
    clock.set(seconds: 200)
    try services.rules.event("agent.security_alert", "agent-1", ["risk_level": "low"])
    try services.scene.server.wait { (try? services.scene.alert(.securityAlert, "agent-1")) != nil }
    clock.set(seconds: 310)
    try waitForEnd(of: "agent-2", services)
    #expect(try stands("agent-1", services))
    clock.set(seconds: 900)
    try services.scene.server.wait { (try? services.scene.alert(.securityAlert, "agent-1"))??.quietSince != nil }
    #expect(try stands("agent-1", services))
    try services.scene.send(.close, [], ["alert": "agent.security_alert/agent-1"])
    try waitForEnd(of: "agent-1", services)
  }

  @Test func nextHandlerClosesWhatTheLastOneLeft() throws {
    let services = try ServicesScene("", channels: [.pagerduty], clock: clock)
    try escalate(["agent-1"], services)
    try services.waitUntilAllIsTold()
    services.scene.handlers[0].halt()
    _ = try services.scene.server.call("DEL", services.scene.keys.lease)
    clock.set(seconds: 301)
    try services.startHandler("h2")
    try waitForEnd(of: "agent-1", services)
    try services.waitUntilAllIsTold()
    #expect(
      services.told(.pagerduty).map { $0.body["event_action"]?.text } == ["trigger", "acknowledge", "resolve"])
  }

  @Test func whatBecomesOfItGoesWhereTheRuleCalledAndNowhereElse() throws {
    let services = try ServicesScene(
      """
      [[rules]]
      id = "odd"
      on = "agent.odd"
      limits = { per_agent = { count = 1, within = "1h" }, escalate_to = "pagerduty" }
      do = [{ action = "tune", parameter = "p", value = "1" }]
      """, routed: [.webhook], clock: clock)
    for _ in 0..<2 { try services.rules.event("agent.odd", "agent-1", [:]) }
    try services.scene.server.wait { (try? stands("agent-1", services)) == true }
    try acknowledge("agent-1", services)
    clock.set(seconds: 301)
    try waitForEnd(of: "agent-1", services)
    try services.waitUntilAllIsTold()
    #expect(
      services.told(.pagerduty).map { $0.body["event_action"]?.text } == ["trigger", "acknowledge", "resolve"])
    #expect(services.service.requests.count == 3, "the routes name others, who never heard of it")
  }

  /// One rule calls people because of its limits, the other by an action.
  private static let calling = """
    [guards]
    fleet_from = 1000

    [[rules]]
    id = "odd"
    on = "agent.odd"
    limits = { per_agent = { count = 1, within = "1h" } }
    do = [{ action = "tune", parameter = "p", value = "1" }]

    [[rules]]
    id = "helpless"
    on = "agent.helpless"
    do = [{ action = "escalate", to = "support", severity = "high" }]
    """

  @Test func fiftyCallsOfRulesAreOneMessageForAChatAndAPageEachForAPager() throws {
    let services = try ServicesScene(
      Self.calling, grouping: .init(wait: .minutes(2), interval: .minutes(2)),
      channels: [.slack, .discord, .pagerduty],
      clock: clock)
    for number in 1...25 {
      for _ in 0..<2 { try services.rules.event("agent.odd", AgentID("odd-\(number)"), [:]) }
      try services.rules.event("agent.helpless", AgentID("helpless-\(number)"), [:])
    }
    try services.scene.server.wait { services.told(.pagerduty).count == 50 }
    #expect(services.told(.slack).isEmpty && services.told(.discord).isEmpty)
    clock.set(seconds: 121)
    try services.waitUntilAllIsTold()
    for kind in [Channel.Kind.slack, .discord] {
      #expect(services.told(kind).map(\.title) == ["[high] escalation: 50 agents"], "\(kind)")
      #expect(services.told(kind).allSatisfy { ServiceLimits.broken(by: $0) == [] })
    }
    #expect(Set(services.told(.pagerduty).map(\.key)).count == 50)
    // The end of one of fifty is an update.
    try acknowledge("odd-1", services)
    clock.set(seconds: 430)
    try waitForEnd(of: "odd-1", services)
    try services.scene.server.wait { services.told(.slack).count == 2 && services.told(.discord).count == 3 }
    try services.waitUntilAllIsTold()
    #expect(services.told(.slack).last?.title == "[high, update] escalation: 49 agents")
    #expect(services.told(.pagerduty).suffix(2).map { $0.body["event_action"]?.text } == ["acknowledge", "resolve"])
  }

  @Test func pagesOfAnAgentThatIsDeletedEndOnceSomebodyHasThem() throws {
    let services = try ServicesScene("", clock: clock)
    try services.scene.send(.escalate, ["agent-1"], ["to": "on-call", "severity": "critical"])
    try services.waitUntilAllIsTold()
    try services.rules.event("agent.deleted", "agent-1", [:])
    // Its row stays for a minute, and until somebody comes.
    clock.set(seconds: 61)
    try acknowledge("agent-1", services)
    clock.set(seconds: 62)
    try waitForEnd(of: "agent-1", services)
    try services.waitUntilAllIsTold()
    let now = try services.scene.now()
    #expect(services.told(.pagerduty).map { $0.phase(at: now) } == ["trigger", "acknowledge", "resolve"])
    #expect(services.told(.slack).map { $0.phase(at: now) } == ["trouble", "over"])
    #expect(services.told(.alertmanager).last?.phase(at: now) == "over")
    #expect(try services.standing() == 0, "nothing stands")
  }

  @Test func pagesOfAnAgentThatIsDeletedAfterATakeoverEndOnceSomebodyHasThem() throws {
    let services = try ServicesScene("", channels: [.pagerduty], clock: clock)
    try services.scene.send(.escalate, ["agent-1"], ["to": "on-call"])
    try services.waitUntilAllIsTold()
    services.scene.handlers[0].halt()
    _ = try services.scene.server.call("DEL", services.scene.keys.lease)
    // It is gone while nobody reads.
    try services.rules.event("agent.deleted", "agent-1", [:])
    try services.startHandler("h2")
    clock.set(seconds: 61)
    try acknowledge("agent-1", services)
    // Whoever takes over may not know that it was deleted: then the escalation ends as any other.
    clock.set(seconds: 400)
    try waitForEnd(of: "agent-1", services)
    try services.waitUntilAllIsTold()
    #expect(
      services.told(.pagerduty).map { $0.body["event_action"]?.text } == ["trigger", "acknowledge", "resolve"])
  }

  @Test func callAfterAnAcknowledgementIsToldAnew() throws {
    let services = try ServicesScene(Self.calling, channels: [.slack, .pagerduty], clock: clock)
    try services.rules.event("agent.helpless", "agent-1", [:])
    try services.scene.server.wait { services.told(.slack).count == 1 && services.told(.pagerduty).count == 1 }
    try acknowledge("agent-1", services)
    // The same words again.
    try services.rules.event("agent.helpless", "agent-1", [:])
    try services.scene.server.wait { services.told(.slack).count == 2 && services.told(.pagerduty).count == 4 }
    #expect(
      services.told(.pagerduty).map { $0.body["event_action"]?.text } == [
        "trigger", "acknowledge", "resolve", "trigger",
      ])
    #expect(
      String(decoding: services.told(.slack)[1].request.body, as: UTF8.self).contains("alice@bastion acknowledged it"))
  }
}
